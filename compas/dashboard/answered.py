"""Folds answers that tabs have had read into what is known. Pure."""

import msgspec

from compas.api.agents import ListAgentsResponse
from compas.api.configuration import SettingsResponse
from compas.api.figures import CostsResponse, MetricsResponse
from compas.api.tasks import TaskRow, TasksRequest, TasksResponse
from compas.dashboard.board import Answers, History
from compas.dashboard.needs import Need

MOST_HISTORY = 5000
"""Rows of the history that are kept; whoever looks for older ones gives words to look for."""


class Answered(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a need: the answer, or why there is none."""

    need: Need
    answer: msgspec.Struct | None = None
    trouble: str = ""


def take_answer(answers: Answers, answered: Answered) -> Answers:
    """Return the answers with this one; a refused one keeps what was known."""
    replace = msgspec.structs.replace
    troubles = {name: said for name, said in answers.troubles.items() if name != answered.need.operation.name}
    if answered.trouble:
        return replace(answers, troubles={**troubles, answered.need.operation.name: answered.trouble})
    answers = replace(answers, troubles=troubles)
    match answered.answer:
        case ListAgentsResponse() as found:
            return replace(answers, agents=found)
        case MetricsResponse() as found:
            return replace(answers, metrics=found)
        case CostsResponse() as found:
            return replace(answers, costs=found)
        case SettingsResponse() as found:
            return replace(answers, settings=found)
        case TasksResponse() as found if isinstance(answered.need.request, TasksRequest):
            return replace(answers, history=_history(answers.history, answered.need.request, found))
        case _:
            return answers


def _history(known: History | None, request: TasksRequest, found: TasksResponse) -> History | None:
    text = request.text or ""
    if known is None or known.text != text:
        # A later page of something that nobody looks for any more is of no use.
        return _page(text, found) if request.after is None else known
    if request.after is None:
        return _begun_again(known, found)
    if request.after != known.next_after:
        return known
    rows = _once((*known.rows, *found.tasks))[:MOST_HISTORY]
    more = found.more and len(rows) < MOST_HISTORY
    return History(text=text, rows=rows, more=more, next_after=found.next_after if more else None)


def _begun_again(known: History, found: TasksResponse) -> History:
    """Put newer rows before those that are known. What has ended does not change, so that older pages still hold."""
    ids = {row.execution_id for row in known.rows}
    if found.more and not any(row.execution_id in ids for row in found.tasks):
        return _page(known.text, found)  # so much has ended that there is a gap
    rows = _once((*found.tasks, *known.rows))[:MOST_HISTORY]
    return msgspec.structs.replace(known, rows=rows)


def _page(text: str, found: TasksResponse) -> History:
    return History(text=text, rows=found.tasks, more=found.more, next_after=found.next_after)


def _once(rows: tuple[TaskRow, ...]) -> tuple[TaskRow, ...]:
    return tuple({row.execution_id: row for row in rows}.values())
