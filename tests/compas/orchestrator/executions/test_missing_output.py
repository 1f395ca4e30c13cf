"""Which gaps in an agent's output leave its answer in doubt."""

import pytest

from compas.backends.backend import Answer
from compas.orchestrator.executions.missing_output import MissingOutput
from compas.orchestrator.executions.outcome import conclude
from compas.runner.logformat import cut_notice, lost_notice
from compas.runner.messages import Exit, ExitKind, LogChunk

FULL = "output.log could not be written: No space left on device"


def seen(*pieces: str | int) -> MissingOutput:
    """Give pieces in order: a text stands for itself, a number for so many bytes that are missing."""
    missing, at = MissingOutput(), 0
    for piece in pieces:
        size = piece if isinstance(piece, int) else len(piece)
        text = cut_notice(piece) if isinstance(piece, int) else piece
        assert missing.see(LogChunk(offset=at, next_offset=at + size, text=text)) == isinstance(piece, int)
        at += size
    return missing


def exit_at(log_bytes: int, *, cut_bytes: int = 0, log_error: str | None = None) -> Exit:
    return Exit(
        kind="exited",
        exit_code=0,
        ended_at=1.0,
        log_bytes=log_bytes,
        cut_at=log_bytes,
        cut_bytes=cut_bytes,
        log_error=log_error,
    )


@pytest.mark.parametrize("is_told", [True, False])
def test_an_end_that_was_not_seen_leaves_the_answer_in_doubt(is_told: bool) -> None:
    why = seen("a\n", 13).why_incomplete(exit_at(2, cut_bytes=13, log_error=FULL), is_told=is_told)
    assert why == f"its output lacks 13 bytes at the end: {FULL}"
    why = seen("a\n").why_incomplete(exit_at(9), is_told=is_told)
    assert why == "its output lacks 7 bytes at the end: output.log is shorter than it was"


def test_whoever_has_seen_all_of_it_has_the_whole_answer_also_when_the_file_lacks_some() -> None:
    whole = seen("a\n", "0123456789\n", "[compas] a word\n")
    assert whole.why_incomplete(exit_at(2, cut_bytes=27, log_error=FULL), is_told=False) == ""


def test_a_gap_in_the_middle_leaves_only_an_answer_in_doubt_that_nothing_told_after_it() -> None:
    pieces = seen("a\n", 13, "b\n")
    lost = exit_at(2, cut_bytes=15, log_error=FULL)
    assert pieces.why_incomplete(lost, is_told=True) == ""
    assert pieces.why_incomplete(lost, is_told=False) == f"its output lacks 13 bytes in the middle: {FULL}"
    assert pieces.why_incomplete(exit_at(2, cut_bytes=15), is_told=False) == "", "what its limit cuts is marked"


def test_an_incomplete_answer_is_a_failure_that_gives_no_verdict_and_shows_what_there_is() -> None:
    answer = Answer(success=True, reply="Half of it\nVERDICT: APPROVE", session="s1")
    outcome = conclude(exit_at(2), answer, missing="its output lacks 7 bytes")
    assert (outcome.status, outcome.category, outcome.verdict, outcome.reply) == ("failed", "unknown", "", None)
    assert outcome.session == "s1"
    assert outcome.error == (
        "the reply is incomplete: its output lacks 7 bytes; when that is put right, ask the agent to say again what it "
        "found\n\nWhat there is of the reply:\n\nHalf of it\nVERDICT: APPROVE"
    )


def test_a_failure_that_was_read_from_half_of_the_output_says_so() -> None:
    answer = Answer(success=False, error="it ended without a result", category="unknown")
    outcome = conclude(exit_at(2), answer, missing="its output lacks 7 bytes")
    assert outcome.error == (
        "the reply is incomplete: its output lacks 7 bytes; when that is put right, give the task again\n\n"
        "Read from what there is: it ended without a result"
    )


@pytest.mark.parametrize("kind", ["timeout", "stopped", "lost"])
def test_what_ended_for_another_reason_says_that_reason(kind: ExitKind) -> None:
    ended = Exit(kind=kind, reason="so it was", ended_at=1.0)
    assert conclude(ended, Answer(success=False), missing="its output lacks 7 bytes").error.endswith("so it was")


def test_the_word_on_what_is_missing_stays_one_line() -> None:
    assert lost_notice(7, "two\nlines") == "[compas] 7 bytes are missing here: two lines\n"
