"""What the janitor and the ports are asked."""

from dataclasses import dataclass

from actors.ask import Ask
from compas.domain import events as e
from compas.domain.cleanup import Kept
from compas.domain.decision import Refusal
from compas.domain.requests import RequestId


@dataclass(frozen=True, slots=True)
class RemoveTree(Ask[e.WorktreeRemoved | e.WorktreeKept | Refusal]):
    """Answered once a worktree of a thread is gone, or it is known why it stays; None means its only repository."""

    thread: str
    repository: str | None
    by: str
    force: bool
    request_id: RequestId


@dataclass(frozen=True, slots=True)
class DescribeKept(Ask[dict[tuple[str, str], Kept]]):
    """Answered with the worktrees that cleanup has left in place, by thread and repository."""


@dataclass(frozen=True, slots=True)
class LeasePorts(Ask[tuple[int, ...] | Refusal]):
    """Answered with the ports of a worktree, the same ones as before and more if it has fewer than `count`."""

    thread: str
    repository: str
    count: int


@dataclass(frozen=True, slots=True)
class ReleasePorts(Ask[None]):
    """The worktree is gone."""

    thread: str
    repository: str
