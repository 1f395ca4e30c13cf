"""What the actor of a backend is asked and told."""

from dataclasses import dataclass

from actors.ask import Ask
from compas.domain.breaker import Breaker
from compas.domain.decision import Refusal
from compas.domain.specs import AgentSpec
from compas.health.looking import Looked
from compas.health.pinging import Pinged
from compas.orchestrator.backends.remembering import Remembered


@dataclass(frozen=True, slots=True)
class MayStart(Ask[Refusal | None]):
    """From an execution: ask whether its backend takes work now; `path` is where its agent looks for commands."""

    execution: str
    path: str


@dataclass(frozen=True, slots=True)
class ExecutionOver:
    """From a thread: an execution on this backend has ended, and the log has it."""


@dataclass(frozen=True, slots=True)
class DescribeBreaker(Ask[Breaker]):
    """Answered with where the backend's circuit breaker stands."""


@dataclass(frozen=True, slots=True)
class LookAt(Ask[Remembered[Looked]]):
    """Answered with what a look at the agent's CLI finds, or has found lately. Without `is_thorough` nothing is run.

    A look that is asked for while one is under way is that one.
    """

    agent: AgentSpec
    is_thorough: bool = True


@dataclass(frozen=True, slots=True)
class PingAgent(Ask[Remembered[Pinged]]):
    """Answered with how the agent's model answers, or has lately. This costs what a call costs."""

    agent: AgentSpec
