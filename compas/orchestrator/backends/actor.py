"""A backend's actor: it says whether work may be started on it now, and how its CLI is."""

from functools import partial

import trio

from actors.actor import Actor
from compas.backends.backend import Backend
from compas.backends.credentials import traces
from compas.backends.profiles import BY_NAME
from compas.domain.decision import Refusal
from compas.domain.specs import AgentSpec
from compas.health.inspection import Inspection, environment_of, found_so_far, look
from compas.health.ping import PingResult, ping
from compas.orchestrator.backends.answer_cache import AnswerCache, CachedAnswer
from compas.orchestrator.backends.breaker import BreakerKeeper
from compas.orchestrator.messages.backend import (
    CredentialsMayDiffer,
    DescribeBreaker,
    ExecutionOver,
    InspectAgent,
    MayStart,
    PingAgent,
)
from compas.orchestrator.services import Services, backend_name

PINGS_AT_ONCE = 4
"""Per backend. Each is a whole agent CLI."""


class BackendActor(Actor):
    """Lets work start while the backend's command can be found, and keeps its circuit breaker.

    It looks and pings beside its mailbox, so that no execution ever waits for a CLI that is slow to say its version.
    """

    def __init__(self, backend: Backend, services: Services) -> None:
        self._backend = backend
        self._services = services
        self._looks: AnswerCache[Inspection] = AnswerCache(self._lasting)
        self._pings: AnswerCache[PingResult] = AnswerCache(self._lasting)
        self._places = trio.CapacityLimiter(PINGS_AT_ONCE)
        self._breaker = BreakerKeeper(backend.name, services)
        self._login: object = None

    async def on_start(self) -> None:
        """Read where the breaker stands, then be found by the executions."""
        await self._breaker.read()
        self.context.registry.register(backend_name(self._backend.name), self.context.ref)
        self.context.start_soon(self._breaker.keep, self.context)

    async def receive(self, message: object) -> object:
        """Answer whether an execution may start, what a look finds, and how a model answers."""
        match message:
            case MayStart(path=path):
                self._login = self._login_now()
                found = self._backend.availability(path)
                return None if found.usable else Refusal(code="backend_unusable", message=found.in_words)
            case ExecutionOver():
                self._breaker.look()
                return None
            case CredentialsMayDiffer():
                if self._breaker.lacks_login and self._login_now() != self._login:
                    self._breaker.take_new_login()
                return None
            case DescribeBreaker():
                return self._breaker.state
            case InspectAgent(agent=agent, is_thorough=is_thorough):
                return self._look(agent) if is_thorough else self._glance(agent)
            case PingAgent(agent=agent):
                return self._pings.answer(self.context, (agent.alias, self._key(agent)), partial(self._ping, agent))
            case _:
                raise self.unexpected(message)

    def _look(self, agent: AgentSpec) -> CachedAnswer[Inspection] | None:
        # Agents that see the same environment have the same CLI and the same credentials.
        environ = self._services.environ
        find = partial(look, self._backend, agent, environ, takes=environ.takes)
        return self._looks.answer(self.context, self._key(agent), find)

    def _glance(self, agent: AgentSpec) -> CachedAnswer[Inspection]:
        if (known := self._looks.cached(self._key(agent))) is not None:
            return known
        env = environment_of(agent, self._services.environ)
        found = self._backend.availability(env.get("PATH", ""))
        return CachedAnswer(found_so_far(found), is_cached=False)

    def _lasting(self) -> float:
        return self._services.config.ping_cache_ttl_secs

    def _key(self, agent: AgentSpec) -> object:
        """Return what an answer about an agent holds good for: its environment, and the login that its CLI keeps."""
        env = environment_of(agent, self._services.environ)
        profile = BY_NAME.get(self._backend.name)
        return frozenset(env.items()), () if profile is None else traces(profile.credentials, env)

    def _login_now(self) -> object:
        """Return what the agents of this backend would be let in by now."""
        agents = self._services.config.agents.values()
        return [self._key(agent) for agent in agents if agent.backend == self._backend.name]

    async def _ping(self, agent: AgentSpec) -> PingResult:
        config = self._services.config
        async with self._places:
            return await ping(
                self._backend,
                agent,
                self._services.environ,
                seconds=config.ping_timeout_secs,
                redacted=config.redaction_patterns if config.redact_secrets else None,
            )
