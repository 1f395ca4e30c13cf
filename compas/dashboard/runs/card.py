"""The head of an execution: who, how it stands, what it took, and what went wrong. Pure."""

from compas.api.threads import TranscriptExecution
from compas.dashboard.breaks import lines_of
from compas.dashboard.lines import Line, cut_words, one_line, plain, wrap
from compas.dashboard.theme import sign_of
from compas.dashboard.times import elapsed
from compas.text import duration

_WORDS = {"picked_up": "starting", "executing": "running", "timed_out": "timed out"}
FAILED = ("failed", "crashed", "timed_out")
AT_WORK = ("picked_up", "executing")
OVER = (*FAILED, "completed", "cancelled")
_ERROR_ROWS = 3


def word_of(run: TranscriptExecution) -> str:
    """Return its status in a word of the theme."""
    return _WORDS.get(run.status, run.status)


def took(run: TranscriptExecution, now: float) -> str:
    """Return how long it took, or takes so far; empty while it waits."""
    if run.duration_ms is not None:
        return duration(run.duration_ms)
    if run.started_at is None:
        return ""
    return elapsed((run.finished_at or now) - run.started_at)


def card(run: TranscriptExecution, place: tuple[int, int], width: int, now: float) -> list[Line]:
    """Return one line on how it stands, and below it the error if it has one. `place` is which of how many it is."""
    word = word_of(run)
    sign, style = sign_of(word)
    parts = [took(run, now), f"attempt {run.attempt + 1}" if run.attempt else ""]
    number, count = place
    parts += [f"execution {number} of {count}" if count > 1 else "", f"on {one_line(run.backend)}"]
    said = "".join(f"  {part}" for part in parts if part)
    found = [Line((("bold", one_line(run.agent)), (style, f"  {sign} {word}"), ("dim", said)))]
    if run.status in FAILED:
        found += _error(run, width)
    return found


def _error(run: TranscriptExecution, width: int) -> list[Line]:
    code = f"exit {run.exit_code}" if run.exit_code is not None else f"signal {run.signal}" if run.signal else ""
    head = ", ".join(part for part in (run.category or "unknown", code) if part)
    said = f"{head}: {one_line(run.error or 'nothing was said about it')}"
    rows = lines_of(said, wrap(said, max(1, width - 2)), "bad")
    if len(rows) > _ERROR_ROWS:
        # The rest of it fills the last row, cut between words.
        rest = " ".join(row.text for row in rows[_ERROR_ROWS - 1 : _ERROR_ROWS + 1])
        rows = [*rows[: _ERROR_ROWS - 1], plain(cut_words(rest, max(1, width - 2)), "bad")]
    return [Line((("bad", "│ "), *row.segments)) for row in rows]
