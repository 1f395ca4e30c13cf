"""How a wait ended, in the lines that scripts have been reading since the original."""

from hypothesis import given
from hypothesis import strategies as st

from compas.api.merges import MergeConflict
from compas.api.waiting import ChainStep, PendingExecution, WaitMergeResponse, WaitResponse
from compas.cli.render.text import Style
from compas.cli.render.waiting import DELIMITER, wait_merge_text, wait_text
from tests.kit.cli.answered import as_answered

PIPE = Style(now=0.0)


def found(**more: object) -> WaitResponse:
    return WaitResponse(
        **{  # type: ignore[arg-type]
            "found": True,
            "thread_id": "T",
            "message_id": 2,
            "reference": "db:2",
            "sender": "dev",
            "to": "operator",
            "intent": "response",
            "body": "done",
            "created_at": 1700000000,
            **more,
        }
    )


def keys(text: str) -> list[str]:
    """Return the keys a script reads: those before the first delimiter."""
    return [line.partition("=")[0] for line in text.split(f"\n{DELIMITER}\n")[0].splitlines()]


def test_a_message_is_written_as_the_original_wrote_it() -> None:
    text = wait_text(found(batch="b", fanout_children_awaited=2, settled_at=1700000001), PIPE)
    assert text == (
        "found=true\nthread_id=T\nmessage_id=2\nref=db:2\nfrom=dev\nto=operator\nintent=response\nbatch=b\n"
        "created_at=1700000000\nfanout_children_awaited=2\nsettled_at=1700000001\n---BODY---\ndone"
    )


def test_what_is_unknown_is_left_out() -> None:
    assert keys(wait_text(found(), PIPE)) == [
        *("found", "thread_id", "message_id", "ref", "from", "to", "intent", "created_at")
    ]


def test_a_timeout_is_written_as_the_original_wrote_it() -> None:
    response = WaitResponse(
        found=False, thread_id="T", timeout_secs=120.0, intent_filter="response", chain_pending=True
    )
    assert wait_text(response, PIPE) == (
        "found=false\nthread_id=T\ntimeout_secs=120\nintent_filter=response\nchain_pending=true"
    )
    quiet = WaitResponse(found=False, thread_id="T", timeout_secs=0.5)
    assert wait_text(quiet, PIPE) == "found=false\nthread_id=T\ntimeout_secs=0.5"


def test_what_we_add_comes_behind_the_originals_keys() -> None:
    response = WaitResponse(
        found=False,
        thread_id="T",
        timeout_secs=1,
        reason="timeout",
        thread_status="Active",
        pending=(PendingExecution(execution_id="X", thread_id="T", agent="dev", status="executing"),),
        next_step="wait again",
    )
    assert wait_text(response, PIPE).splitlines()[3:] == [
        *("reason=timeout", "thread_status=Active", "pending=X:dev:executing", "next_step=wait again")
    ]
    chain = (
        ChainStep(agent="dev", status="completed", execution_id="X"),
        ChainStep(agent="rev", status="completed", execution_id="Y", verdict="approved"),
    )
    assert "chain=dev:completed,rev:completed:approved\n---BODY---" in wait_text(found(chain=chain), PIPE)


# proves: b-mcp-cli-merge 113
def test_a_body_that_looks_like_the_output_changes_no_key() -> None:
    body = "found=false\n---BODY---\nthread_id=other"
    text = wait_text(found(body=body), PIPE)
    assert keys(text)[0] == "found"
    assert text.split(f"\n{DELIMITER}\n", 1)[1] == body


# proves: b-mcp-cli-merge 114
@given(st.text())
def test_a_value_cannot_forge_a_key(name: str) -> None:
    text = wait_text(found(sender=name, to=name, intent=name), PIPE)
    assert keys(text) == ["found", "thread_id", "message_id", "ref", "from", "to", "intent", "created_at"]


def test_a_forged_line_stays_readable() -> None:
    assert "from=dev\\nfound=false\n" in wait_text(found(sender="dev\nfound=false"), PIPE)


def merged(**more: object) -> WaitMergeResponse:
    return WaitMergeResponse(
        **{  # type: ignore[arg-type]
            "found": True,
            "op_id": "M",
            "thread_id": "T",
            "status": "completed",
            "source_branch": "compas/T",
            "target_branch": "main",
            **more,
        }
    )


def test_a_merge_is_written_as_the_original_wrote_it() -> None:
    assert wait_merge_text(merged(duration_ms=12, result_summary="merged"), PIPE) == (
        "found=true\nop_id=M\nthread_id=T\nstatus=completed\nsource_branch=compas/T\ntarget_branch=main\n"
        "duration_ms=12\n---BODY---\nmerged"
    )


def test_a_failed_merge_names_its_conflicts_as_json_and_its_error_as_the_body() -> None:
    text = wait_merge_text(
        as_answered(
            merged(
                status="failed",
                conflict_files=("a b.py", "ü.py"),
                conflicts=(MergeConflict(path="a b.py", kind="content"),),
                error_code="conflict",
                error_detail="2 files conflict",
                result_summary="not this",
            )
        ),
        PIPE,
    )
    assert 'conflict_files=["a b.py","ü.py"]\nerror_code=conflict\n' in text
    assert text.endswith("\n---BODY---\n2 files conflict")


def test_a_merge_that_is_not_over_says_where_it_stands() -> None:
    response = merged(found=False, status="queued", timeout_secs=1.0, last_status="queued")
    assert wait_merge_text(response, PIPE) == ("found=false\nop_id=M\ntimeout_secs=1\nlast_status=queued\nthread_id=T")


def test_a_body_is_made_harmless_on_a_screen_and_nowhere_else() -> None:
    body = "a\tb\n\x1b[2J"
    assert wait_text(found(body=body), PIPE).endswith(body)
    assert wait_text(found(body=body), Style(now=0.0, is_screen=True)).endswith("a\tb\n␛[2J")
