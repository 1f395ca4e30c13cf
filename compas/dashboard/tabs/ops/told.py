"""Puts into words what is known of a thread beside how it stands: who, how much, and what it waits for. Pure."""

from collections.abc import Mapping

from compas.api.supervision import AgentHealth
from compas.api.threads import StatusRow
from compas.dashboard.amounts import change, money, tokens
from compas.dashboard.board import Board
from compas.dashboard.lines import one_line
from compas.dashboard.times import hour

_SIGNS = {"approve": "✓", "request_changes": "✗"}
YOU = "you"


def who(row: StatusRow) -> str:
    """Return who worked, who judged with their verdict before them, and who has it now: `dev ✓rev`, `dev → rev`."""
    details = row.details
    worker = (details.worker if details is not None else None) or row.agent or ""
    judged = {one.by: _SIGNS.get(one.verdict, "") for one in (details.verdicts if details is not None else ())}
    text = " ".join([one_line(worker), *(f"{sign}{_name(by)}" for by, sign in judged.items())]).strip()
    if row.agent is None or row.agent == worker or row.agent in judged:
        return text
    return f"{text} → {one_line(row.agent)}"


def _name(by: str) -> str:
    return YOU if by == "operator" else one_line(by)


def cost_of(row: StatusRow) -> str:
    """Return what a thread has cost; nothing before an execution has ended."""
    details = row.details
    if details is None or not details.executions:
        return ""
    return money(details.cost_usd, is_all=details.priced == details.executions)


def tokens_of(row: StatusRow) -> str:
    """Return how many tokens a thread has used, in and out; nothing while nobody has told."""
    details = row.details
    if details is None or (details.tokens_in is None and details.tokens_out is None):
        return ""
    return tokens((details.tokens_in or 0) + (details.tokens_out or 0))


def change_of(board: Board, row: StatusRow) -> str:
    """Return how much a thread's work changes, once that was measured; while it is at work, it is about to change."""
    size = board.sizes.get(row.thread_id)
    return change(size) if size is not None and size.of == row.execution_id else ""


def branch_of(row: StatusRow) -> str:
    """Return the branch of a thread's work."""
    return one_line((row.details.branch if row.details is not None else None) or "")


def repository_of(row: StatusRow) -> str:
    """Return what the repository of a thread is called, where there is more than one."""
    return one_line((row.repository or "").rstrip("/").rpartition("/")[2])


def facts_of(board: Board, row: StatusRow) -> str:
    """Return what is known of a thread in one line: repository, branch, size, cost, tokens, batch."""
    size = board.sizes.get(row.thread_id)
    files = f" in {size.files} file{'' if size.files == 1 else 's'}" if size is not None and size.files else ""
    changed, used, cost = change_of(board, row), tokens_of(row), cost_of(row)
    parts = [
        repository_of(row),
        branch_of(row),
        f"{changed}{files}" if changed else "",
        f"cost {cost}" if cost else "",
        f"{used} tokens" if used else "",
        f"batch {one_line(row.batch_id)}" if row.batch_id else "",
    ]
    return " · ".join(part for part in parts if part)


def waits_for(board: Board, row: StatusRow, running: int, now: float) -> str:
    """Say what keeps a queued execution from starting while so many are running; nothing when it is about to."""
    agents = board.health.agents if board.health is not None else ()
    agent = next((one for one in agents if one.alias == row.agent), None)
    if agent is not None and (held := _held(agent, now)):
        return held
    if board.places and running >= board.places:
        return f"all {board.places} places are taken" if board.places > 1 else "the only place is taken"
    return ""


def _held(agent: AgentHealth, now: float) -> str:
    backend = one_line(agent.backend)
    if agent.circuit_state == "open":
        until = f" until {hour(agent.circuit_until, now)}" if agent.circuit_until is not None else ""
        return f"{backend} is left alone{until}"
    if agent.circuit_state == "half_open":
        return f"{backend} is being tried"
    return f"{one_line(agent.alias)} is busy" if agent.available == 0 else ""


def reviewers_at_work(board: Board) -> Mapping[str, tuple[str, ...]]:
    """Return, by thread, the agents that its fan-out has at work or in line, each once."""
    found: dict[str, dict[str, None]] = {}
    for row in board.threads.values():
        if row.source_thread is None or row.thread_status != "Active":
            continue
        if board.is_running(row) or row.execution_status == "queued":
            found.setdefault(row.source_thread, {})[one_line(row.agent or "")] = None
    return {thread: tuple(agents) for thread, agents in found.items()}
