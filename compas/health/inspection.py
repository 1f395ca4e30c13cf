"""Looks at an agent's CLI without a model call: is it there, in which version, and are there credentials."""

from collections.abc import Mapping

import msgspec
import trio

from compas.backends.backend import Availability, Backend
from compas.backends.credentials import NOT_ASKED_FOR, Credentials, find_credentials
from compas.backends.environment import build_environment
from compas.backends.generic import GenericBackend
from compas.backends.logins import how_to_log_in
from compas.backends.profile import BackendProfile
from compas.backends.profiles import BY_NAME
from compas.domain.specs import AgentSpec
from compas.health.command import CannotRunError, run_command

VERSION_SECS = 10.0
_LIMIT = 64 * 1024
_SHOWN = 120
"""Characters that are shown of an answer that holds no version."""


class Inspection(msgspec.Struct, frozen=True, kw_only=True):
    """What a look found. `version` is empty when it could not be told; `notes` say why, and what else is worth knowing.

    `usable` is whether the command can be started, nothing more. `remedy` says what to do when it cannot, or when there
    are no credentials.
    """

    usable: bool
    detail: str
    version: str = ""
    credentials: Credentials = NOT_ASKED_FOR
    notes: tuple[str, ...] = ()
    remedy: str = ""

    @property
    def in_words(self) -> str:
        """Return what was found and what to do."""
        return f"{self.detail}; {self.remedy}" if self.remedy else self.detail


def environment_of(agent: AgentSpec, environ: Mapping[str, str]) -> dict[str, str]:
    """Return what any command of this agent's sees, before an adapter adds its own."""
    return build_environment(agent, environ, extra={})


def search_path_of(agent: AgentSpec, environ: Mapping[str, str]) -> str:
    """Return the PATH on which the agent's command is looked for."""
    return environment_of(agent, environ).get("PATH", "")


def found_so_far(found: Availability) -> Inspection:
    """Return what is known when no more than the command was looked for."""
    return Inspection(usable=found.usable, detail=found.detail, remedy=found.remedy)


async def look(
    backend: Backend,
    agent: AgentSpec,
    environ: Mapping[str, str],
    *,
    seconds: float = VERSION_SECS,
    takes: bool = True,
) -> Inspection:
    """Look at the CLI as this agent would start it; `environ` is what agents inherit from, and `takes` says whether an
    operator's shell may add to it. Bounded, and cancellable."""
    env = environment_of(agent, environ)
    found = backend.availability(env.get("PATH", ""))
    if isinstance(backend, GenericBackend):
        # What a command of somebody else's does with --version nobody knows: only a ping runs it.
        return found_so_far(found)
    profile = BY_NAME.get(backend.name)
    if profile is None:
        none = Credentials(state="present", detail="none are needed")
        return msgspec.structs.replace(found_so_far(found), credentials=none)
    credentials = await trio.to_thread.run_sync(find_credentials, profile.credentials, env)
    looked = msgspec.structs.replace(found_so_far(found), credentials=credentials)
    if not found.usable:
        return looked
    if credentials.state == "absent":
        looked = msgspec.structs.replace(looked, remedy=how_to_log_in(backend.name, agent.env_pass, takes=takes))
    version, notes = await _ask_version(profile, env, seconds)
    return msgspec.structs.replace(looked, version=version, notes=notes)


async def _ask_version(profile: BackendProfile, env: Mapping[str, str], seconds: float) -> tuple[str, tuple[str, ...]]:
    words = f"`{' '.join(profile.version_command)}`"
    try:
        ran = await run_command(profile.version_command, env=env, cwd="/", seconds=seconds, limit=_LIMIT)
    except CannotRunError as err:
        return "", (f"its version cannot be told: {err}",)
    if ran.problem:
        return "", (f"its version cannot be told: {words} {ran.problem}",)
    if ran.status.code != 0:
        said = _first_line(ran.stderr) or _first_line(ran.stdout) or "it printed nothing"
        return "", (f"its version cannot be told: {words} ended with {ran.status.in_words()}: {said}",)
    version = profile.version_in(ran.stdout)
    if not version:
        said = _first_line(ran.stdout) or "nothing"
        return "", (f"its version cannot be told: {words} printed {said!r}",)
    note = profile.note_on(version)
    return version, (note,) if note else ()


def _first_line(text: str) -> str:
    line = text.strip().partition("\n")[0].strip()
    return line if len(line) <= _SHOWN else f"{line[:_SHOWN]}…"
