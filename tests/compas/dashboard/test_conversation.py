"""A conversation reads in the order in which things happened, each said as what it was."""

from compas.api.threads import TranscriptExecution, TranscriptMessage, TranscriptResponse
from compas.dashboard.conversation import conversation
from compas.dashboard.lines import width_of

NOW = 1_700_000_000.0


def message(number: int, body: str, *, at: float = NOW, execution: str | None = None) -> TranscriptMessage:
    return TranscriptMessage(
        id=number,
        reference=f"db:{number}",
        sender="dev" if execution else "operator",
        to="dev",
        intent="response" if execution else "dispatch",
        body=body,
        created_at=at,
        execution_id=execution,
    )


def run(name: str, status: str = "completed", **fields: float | str | int | None) -> TranscriptExecution:
    known: dict[str, object] = {"started_at": NOW, "finished_at": NOW, "duration_ms": 0, **fields}
    return TranscriptExecution(
        id=name,
        agent="dev",
        backend="b",
        status=status,
        dispatch_message_id=1,
        queued_at=NOW,
        **{"attempt": 0, **known},  # type: ignore[arg-type]
    )


def shown(*entries: TranscriptMessage | TranscriptExecution, width: int = 60, now: float = NOW) -> list[str]:
    transcript = TranscriptResponse(
        thread_id="t",
        thread_status="Active",
        messages=tuple(one for one in entries if isinstance(one, TranscriptMessage)),
        executions=tuple(one for one in entries if isinstance(one, TranscriptExecution)),
    )
    return [line.text.rstrip() for line in conversation(transcript, width, now)]


# proves: c-config-dashboard 118
def test_entries_of_one_second_keep_their_order_and_what_never_started_is_called_so() -> None:
    entries = (
        message(1, "do"),
        message(4, "done", execution="x1"),
        run("x1"),
        run("x2", "cancelled", started_at=None, duration_ms=None, attempt=1),
        run("x3", "cancelled", finished_at=NOW + 1, duration_ms=1000),
        run("x4", "queued", started_at=None, finished_at=None),
    )
    wanted = [
        "operator → dev  dispatch · 22:13 · db:1",
        "│ do",
        "",
        "▸ dev started 22:13:20",
        "◦ dev was queued and never started · attempt 2",
        "▸ dev started 22:13:20",
        "◦ dev is queued",
        "✓ dev completed after 0 ms",
        "– dev was cancelled",
        "",
        "dev → dev  response · 22:13 · db:4",
        "│ done",
        "– dev was cancelled after 1.0 s",
    ]
    assert [line for line in shown(*entries) if line] == [line for line in wanted if line]
    assert shown(*reversed(entries[:2]), *entries[2:]) == shown(*entries)


def test_failures_say_how_and_why() -> None:
    text = "\n".join(
        shown(
            run("x1", "failed", exit_code=3, error="no credit\nleft"),
            run("x2", "crashed", signal=9),
            run("x3", "timed_out", duration_ms=600_000),
        )
    )
    assert "✗ dev failed (exit 3) after 0 ms · no credit left" in text
    assert "✗ dev crashed (signal 9)" in text
    assert "✗ dev timed out after 10 m 0 s" in text


# proves: c-config-dashboard 117
def test_every_line_of_a_message_has_its_mark_whatever_the_message_is() -> None:
    table = "| a | b |\n|---|---|\n| " + "long " * 40 + " | x |"
    nested = "- one\n  - two " + "word " * 40 + "\n    - three\n```\nunclosed " + "code" * 40
    bodies = ("", "   \n ", "x" * 3000, table, nested)
    for body in bodies:
        head, *rest = shown(message(1, body), width=40)
        assert head.startswith("operator → dev")
        assert rest
        assert all(line.startswith("│") for line in rest)
        assert all(width_of(line) <= 40 for line in rest)
        letters = "".join(char for char in body if char.isalnum())
        assert "".join(char for char in "".join(rest) if char.isalnum()) == (letters or "empty")


def test_a_running_execution_says_for_how_long() -> None:
    assert shown(run("x1", "executing", finished_at=None, started_at=NOW - 200)) == [
        "▸ dev started 22:10:00, 3 m 20 s so far"
    ]
