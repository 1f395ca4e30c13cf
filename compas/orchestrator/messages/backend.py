"""What the actor of a backend is asked and told."""

from dataclasses import dataclass

from actors.ask import Ask
from compas.domain.breaker import Breaker
from compas.domain.decision import Refusal
from compas.domain.specs import AgentSpec
from compas.health.inspection import Inspection
from compas.health.ping import PingResult
from compas.orchestrator.backends.answer_cache import CachedAnswer


@dataclass(frozen=True, slots=True)
class MayStart(Ask[Refusal | None]):
    """From an execution: ask whether its backend takes work now; `path` is where its agent looks for commands."""

    execution: str
    path: str


@dataclass(frozen=True, slots=True)
class ExecutionOver:
    """From a thread: an execution on this backend has ended, and the log has it."""


@dataclass(frozen=True, slots=True)
class CredentialsMayDiffer:
    """From the gate: somebody asks for work or for a look, and may have logged in or brought a key before."""


@dataclass(frozen=True, slots=True)
class DescribeBreaker(Ask[Breaker]):
    """Answered with where the backend's circuit breaker stands."""


@dataclass(frozen=True, slots=True)
class InspectAgent(Ask[CachedAnswer[Inspection]]):
    """Answered with what a look at the agent's CLI finds, or has found lately. Without `is_thorough` nothing is run.

    A look that is asked for while one is under way is that one.
    """

    agent: AgentSpec
    is_thorough: bool = True


@dataclass(frozen=True, slots=True)
class PingAgent(Ask[CachedAnswer[PingResult]]):
    """Answered with how the agent's model answers, or has lately. This costs what a call costs."""

    agent: AgentSpec
