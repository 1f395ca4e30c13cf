"""Asks an agent's model for one word, the way the agent itself is run. This costs what a call costs."""

import os
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import trio

from compas.backends.backend import Answer, Backend, Task
from compas.backends.environment import build_environment
from compas.backends.failures import classify
from compas.backends.generic import GenericBackend, TaskRefusedError
from compas.backends.profiles import BY_NAME
from compas.domain.events import Category
from compas.domain.specs import AgentSpec
from compas.health.command import CannotRunError, Ran, run_command
from compas.health.inspection import search_path_of
from compas.output.redact import Redactor

REQUEST = "Reply with: ok"
_LIMIT = 4 * 1024 * 1024
_SHOWN = 300


class PingResult(msgspec.Struct, frozen=True, kw_only=True):
    """How a ping ended: the class of the failure, empty for an answer, and a sentence."""

    alive: bool
    seconds: float
    category: Category = ""
    detail: str


async def ping(
    backend: Backend, agent: AgentSpec, environ: Mapping[str, str], *, seconds: float, redacted: Sequence[str] | None
) -> PingResult:
    """Run the agent once, in an empty directory that goes with it. Nothing of it outlives this, nor is recorded.

    A backend of the config's is asked by its `ping` command instead, in the agent's own directory. `redacted` are the
    operator's own patterns of what is not to be shown, None when nothing is taken out.
    """
    found = backend.availability(search_path_of(agent, environ))
    if not found.usable:
        return PingResult(alive=False, seconds=0.0, category="unknown", detail=found.in_words)
    try:
        if isinstance(backend, GenericBackend):
            pinged = await _check(backend, agent, environ, seconds)
        else:
            pinged = await _call(backend, agent, environ, seconds)
    except (CannotRunError, TaskRefusedError, OSError) as err:
        pinged = PingResult(alive=False, seconds=0.0, category="unknown", detail=str(err))
    return msgspec.structs.replace(pinged, detail=_cut(_without_secrets(pinged.detail, redacted)))


async def _check(backend: GenericBackend, agent: AgentSpec, environ: Mapping[str, str], seconds: float) -> PingResult:
    env = build_environment(agent, environ, remove=backend.env_remove, extra={})
    cwd = agent.workdir if await trio.Path(agent.workdir).is_dir() else "/"
    ran = await run_command(backend.ping, env=env, cwd=cwd, seconds=seconds, limit=_LIMIT)
    words = f"`{' '.join(backend.ping)}`"
    if ran.problem:
        return _failed(ran, f"{words} {ran.problem}")
    if ran.status.code == 0:
        return PingResult(alive=True, seconds=ran.seconds, detail=f"{words} succeeded")
    said = ran.stderr.strip() or ran.stdout.strip() or "it printed nothing"
    return _failed(ran, f"{words} ended with {ran.status.in_words()}: {said}", classify(ran.stderr, has_result=False))


async def _call(backend: Backend, agent: AgentSpec, environ: Mapping[str, str], seconds: float) -> PingResult:
    profile = BY_NAME.get(backend.name)
    async with _empty_directory(with_repository=profile is not None and profile.needs_repository) as (place, files):
        command = backend.command_line(agent, Task(instruction=REQUEST, workdir=str(place), files=str(files)))
        await trio.to_thread.run_sync(_write, files, command.files)
        env = build_environment(
            agent, environ, remove=command.env_remove, defaults=command.env_defaults, extra={"PWD": str(place)}
        )
        ran = await run_command(
            command.argv,
            env=env,
            cwd=str(place),
            stdin=command.stdin or "",
            seconds=seconds,
            limit=_LIMIT,
        )
    if ran.problem:
        return _failed(ran, f"the CLI {ran.problem}")
    answer = _read(backend, ran)
    if answer.success:
        return PingResult(alive=True, seconds=ran.seconds, detail=f"it answered: {(answer.reply or '').strip()}")
    return _failed(ran, answer.error or "it failed without a word", answer.category)


def _read(backend: Backend, ran: Ran) -> Answer:
    reader = backend.open_reader(None)
    for line in ran.stdout.removesuffix("\n").split("\n"):
        reader.feed("stdout", line)
    for line in ran.stderr.removesuffix("\n").split("\n"):
        reader.feed("stderr", line)
    return reader.finish(ran.status)


def _failed(ran: Ran, detail: str, category: Category = "") -> PingResult:
    judged: Category = "timeout" if ran.is_late else category or "unknown"
    return PingResult(alive=False, seconds=ran.seconds, category=judged, detail=detail)


def _without_secrets(text: str, patterns: Sequence[str] | None) -> str:
    return text if patterns is None else "\n".join(Redactor(patterns).lines(text.split("\n")))


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN else f"{line[:_SHOWN]}…"


@asynccontextmanager
async def _empty_directory(*, with_repository: bool) -> AsyncIterator[tuple[Path, Path]]:
    """Make a directory to work in, and one beside it for what a command line brings along."""
    made = tempfile.TemporaryDirectory(prefix="compas-ping-", ignore_cleanup_errors=True)
    try:
        place, files = Path(made.name, "work"), Path(made.name, "files")
        for directory in (place, files):
            directory.mkdir(mode=0o700)
        if with_repository:
            _make_repository(place)
        yield place, files
    finally:
        with trio.CancelScope(shield=True):
            await trio.to_thread.run_sync(made.cleanup)


def _make_repository(place: Path) -> None:
    """Lay out the least that git takes for a repository."""
    git = place / ".git"
    for name in ("objects", "refs"):
        (git / name).mkdir(parents=True)
    (git / "HEAD").write_text("ref: refs/heads/main\n")


def _write(directory: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        descriptor = os.open(directory / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(descriptor, "w", encoding="utf-8", errors="surrogateescape") as file:
            file.write(text)
