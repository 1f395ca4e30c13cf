"""Judges how a chain of work ended, for scripts that only see an exit status."""

from collections.abc import Iterable
from typing import NamedTuple

COMPLETED = "completed"
REQUEST_CHANGES = "request_changes"


class Step(NamedTuple):
    """One execution of a chain, as a wait tells of it: `verdict` is empty, `approve` or `request_changes`."""

    agent: str
    status: str
    verdict: str


def why_not_good(steps: Iterable[Step]) -> str | None:
    """Say why a chain that has settled did not end well; None when it did.

    It did not when the last execution failed, or when the newest verdict of a reviewer asks for changes, even where the
    worker has answered since: nobody has judged that.
    """
    newest: dict[str, str] = {}
    last: Step | None = None
    for step in steps:
        last = step
        if step.verdict:
            newest[step.agent] = step.verdict
    if last is not None and last.status != COMPLETED:
        return f"the last execution, of {last.agent}, is {last.status}"
    asking = [agent for agent, verdict in newest.items() if verdict == REQUEST_CHANGES]
    return f"changes were requested by {', '.join(asking)}" if asking else None
