"""Checks each agent's backend: can it be started, in which version, with which credentials, does a model answer."""

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from functools import partial

import trio

from compas.api.supervision import AgentHealth, HealthResponse, Ping
from compas.backends.backend import Backend
from compas.backends.catalogue import build_backends
from compas.backends.logins import how_to_log_in
from compas.config.config import Config
from compas.domain.specs import AgentSpec
from compas.health.inspection import look
from compas.health.ping import PingResult, ping
from compas.setup.check import Check, failed, passed, warned

AT_ONCE = 4
"""Agents that are pinged at the same time."""

RunAsync = Callable[[Callable[[], Awaitable[dict[str, AgentHealth]]]], dict[str, AgentHealth]]
"""Runs an asynchronous function to its end: trio.run, which only a command may call."""


def check_backends(
    config: Config, health: HealthResponse | None, environ: Mapping[str, str], run: RunAsync, *, is_pinging: bool
) -> Iterator[Check]:
    """Check for each backend of an agent that it could be started: by the supervisor's word, else as seen from here.

    Only with `is_pinging` is a model asked anything.
    """
    workers = [agent for agent in config.agents.values() if agent.role == "worker"]
    told = {} if health is None else {agent.alias: agent for agent in health.agents}
    known = build_backends(config.backends.values())
    # What the supervisor knows nothing of has come into the config since it started.
    missing = [agent for agent in workers if agent.alias not in told or told[agent.alias].backend != agent.backend]
    missing_names = {agent.alias for agent in missing}
    if missing:
        told = told | run(partial(_examine, missing, known, config, environ, is_pinging))
    for backend in dict.fromkeys(agent.backend for agent in workers):
        found = [told[agent.alias] for agent in workers if agent.backend == backend]
        is_told = all(agent.alias not in missing_names for agent in found)
        yield from _judged(backend, found, config, _place(health if is_told else None))
    for agent in workers:
        if (answer := told[agent.alias].ping) is not None:
            yield _answered(agent, answer, takes=health is None or health.takes_variables)


async def _examine(
    agents: Sequence[AgentSpec],
    backends: Mapping[str, Backend],
    config: Config,
    environ: Mapping[str, str],
    is_pinging: bool,
) -> dict[str, AgentHealth]:
    found: dict[str, AgentHealth] = {}
    places = trio.CapacityLimiter(AT_ONCE)

    async def one(agent: AgentSpec) -> None:
        async with places:
            found[agent.alias] = await _look(agent, backends.get(agent.backend), config, environ, is_pinging)

    async with trio.open_nursery() as nursery:
        for agent in agents:
            nursery.start_soon(one, agent)
    return found


async def _look(
    agent: AgentSpec, backend: Backend | None, config: Config, environ: Mapping[str, str], is_pinging: bool
) -> AgentHealth:
    if backend is None:
        return _health(agent, usable=False, detail=f"this version of compas cannot run {agent.backend} yet")
    looked = await look(backend, agent, environ)
    pinged = None
    if is_pinging:
        redacted = config.redaction_patterns if config.redact_secrets else None
        pinged = await ping(backend, agent, environ, seconds=config.ping_timeout_secs, redacted=redacted)
    return _health(
        agent,
        usable=looked.usable,
        detail=looked.detail,
        version=looked.version,
        credentials=looked.credentials.state,
        credentials_detail=looked.credentials.detail,
        remedy=looked.remedy,
        notes=looked.notes,
        ping=None if pinged is None else _told(pinged),
    )


def _health(agent: AgentSpec, **fields: object) -> AgentHealth:
    loads = {"circuit_state": "closed", "active": 0, "queued": 0, "available": 0}
    return AgentHealth(alias=agent.alias, backend=agent.backend, role=agent.role, **loads, **fields)  # type: ignore[arg-type]


def _told(pinged: PingResult) -> Ping:
    return Ping(
        alive=pinged.alive,
        latency_ms=round(pinged.seconds * 1000),
        detail=pinged.detail,
        category=pinged.category,
    )


def _judged(backend: str, agents: Sequence[AgentHealth], config: Config, place: str) -> Iterator[Check]:
    """Say what is wrong with each agent, and once what is right with all; `place` is where was looked."""
    name = f"backend {backend}"
    usable = [agent for agent in agents if agent.usable]
    dead = [agent for agent in agents if not agent.usable]
    for detail in dict.fromkeys(agent.detail for agent in dead):
        who = ", ".join(agent.alias for agent in dead if agent.detail == detail)
        remedies = dict.fromkeys(agent.remedy for agent in dead if agent.detail == detail and agent.remedy)
        yield failed(name, f"{detail}, so {who} cannot work", *(remedies or [_another_backend(who, config)]))
    for note in dict.fromkeys(note for agent in usable for note in agent.notes):
        yield warned(name, note)
    lacking = [agent for agent in usable if agent.credentials == "absent"]
    for detail in dict.fromkeys(agent.credentials_detail for agent in lacking):
        who = ", ".join(agent.alias for agent in lacking if agent.credentials_detail == detail)
        remedies = dict.fromkeys(agent.remedy for agent in lacking if agent.credentials_detail == detail)
        yield warned(name, f"there are no credentials for {who}: {detail} ({place})", *remedies)
    fine = [agent for agent in usable if not agent.notes and agent.credentials != "absent"]
    for detail in dict.fromkeys(_in_words(agent) for agent in fine):
        yield passed(name, f"{detail} (for {', '.join(agent.alias for agent in fine if _in_words(agent) == detail)})")


def _place(health: HealthResponse | None) -> str:
    """Say whose environment was looked at."""
    if health is None:
        return "looked for in the environment of this command"
    whose = "which takes keys from your shells" if health.takes_variables else "which keeps those it was started with"
    return f"looked for in the environment of the supervisor, process {health.pid}, {whose}"


def _another_backend(who: str, config: Config) -> str:
    return f"give {who} another backend in {config.config_path}"


def _in_words(agent: AgentHealth) -> str:
    version = f", version {agent.version}" if agent.version else ""
    credentials = f", credentials: {agent.credentials_detail}" if agent.credentials == "present" else ""
    return f"{agent.detail}{version}{credentials}"


def _answered(agent: AgentSpec, answer: Ping, *, takes: bool) -> Check:
    name = f"ping {agent.alias}"
    if answer.alive:
        lately = ", remembered" if answer.cached else ""
        return passed(name, f"{answer.detail} ({answer.latency_ms} ms{lately})")
    hint = how_to_log_in(agent.backend, agent.env_pass, takes=takes) if answer.category == "auth_failure" else ""
    return failed(name, f"{answer.category}: {answer.detail}", *([hint] if hint else []))
