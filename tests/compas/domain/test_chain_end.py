"""A chain ends well when its last execution completed and no reviewer's newest verdict asks for changes."""

import pytest

from compas.domain.chain_end import Step, why_not_good

DEV = Step("dev", "completed", "")
GOOD, BAD = Step("rev", "completed", "approve"), Step("rev", "completed", "request_changes")


@pytest.mark.parametrize(
    ("steps", "reason"),
    [
        ([], None),
        ([DEV], None),
        ([DEV, GOOD], None),
        ([DEV, BAD, DEV, GOOD], None),
        ([DEV, BAD], "changes were requested by rev"),
        ([DEV, BAD, DEV], "changes were requested by rev"),
        ([DEV, GOOD, Step("sec", "completed", "request_changes")], "changes were requested by sec"),
        ([DEV, BAD, Step("sec", "completed", "request_changes")], "changes were requested by rev, sec"),
        ([DEV, Step("rev", "failed", "")], "the last execution, of rev, is failed"),
        ([Step("dev", "timed_out", ""), DEV, GOOD], None),
    ],
)
def test_why_a_chain_did_not_end_well(steps: list[Step], reason: str | None) -> None:
    assert why_not_good(steps) == reason
