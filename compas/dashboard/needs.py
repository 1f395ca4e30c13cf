"""What tabs want read while they are shown, beside what every dashboard knows."""

import msgspec

from compas.api.agents import LIST_AGENTS, ListAgentsRequest
from compas.api.configuration import SETTINGS, SettingsRequest
from compas.api.figures import COSTS, METRICS, CostsRequest, MetricsRequest
from compas.api.operation import Operation
from compas.api.tasks import TASKS, TasksRequest
from compas.api.threads import STATUS, StatusRequest

THREADS = 250
"""Threads that are read at a time: those that are open, then the newest ones."""
PAGE = 100
"""Executions that are read at a time."""


class Need(msgspec.Struct, frozen=True, kw_only=True):
    """A request whose answer is wanted. It is repeated after news, but not within `pace` seconds.

    One that is `lasting` is read once over each connection: its answer does not change.
    """

    operation: Operation[msgspec.Struct, msgspec.Struct]
    request: msgspec.Struct
    pace: float = 1.0
    lasting: bool = False


def _need(operation: object, request: msgspec.Struct, *, pace: float = 1.0, lasting: bool = False) -> Need:
    return Need(operation=operation, request=request, pace=pace, lasting=lasting)  # type: ignore[arg-type]


AGENTS = _need(LIST_AGENTS, ListAgentsRequest())
FIGURES = _need(METRICS, MetricsRequest(), pace=2.0)
SPENDING = _need(COSTS, CostsRequest(), pace=5.0)
CONFIGURATION = _need(SETTINGS, SettingsRequest())


def more_threads(after: str) -> Need:
    """Return the need of the threads that stand behind one."""
    return _need(STATUS, StatusRequest(limit=THREADS, details=True, open_first=True, after=after), lasting=True)


def threads_saying(text: str) -> Need:
    """Return the need of threads of which all these words are said: the open ones, then the newest."""
    return _need(STATUS, StatusRequest(limit=THREADS, details=True, open_first=True, text=text), lasting=True)


def ended(text: str, after: str | None = None) -> Need:
    """Return the need of executions that have ended and say all these words: the newest, or those behind one."""
    request = TasksRequest(filter="ended", every=True, text=text or None, after=after, limit=PAGE)
    return _need(TASKS, request, lasting=after is not None)
