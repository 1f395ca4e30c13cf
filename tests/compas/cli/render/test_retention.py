"""What `prune` writes."""

from msgspec.structs import replace

from compas.api.retention import PruneResponse
from compas.cli.render.retention import prune_text
from compas.cli.render.text import Style
from compas.domain.retention import Gathered

PIPE = Style(now=0.0)
FILES = Gathered(kind="execution files", there=12, due=3, due_bytes=2048, keep_secs=86_400.0)
SHOWN = PruneResponse(has_removed=False, gathered=(FILES,), log_bytes=36_864, events=40, executions=2)


def test_a_look_shows_what_is_due_and_how_to_remove_it() -> None:
    text = prune_text(SHOWN, PIPE)
    assert "DUE" in text
    assert "execution files" in text
    assert "2.0 KiB" in text
    assert "the log is never cut: 40 events, 36.0 KiB, 18.0 KiB for each execution" in text
    assert text.endswith("nothing was removed; --yes does it")


def test_nothing_due_is_said() -> None:
    empty = replace(SHOWN, gathered=(replace(FILES, due=0, due_bytes=0),), executions=0)
    assert prune_text(empty, PIPE).endswith("nothing is due")


def test_what_went_and_what_stays_is_told_with_the_reason() -> None:
    done = replace(SHOWN, has_removed=True, gathered=(replace(FILES, removed=2, trouble="1 are held\x1b[31m"),))
    text = prune_text(done, PIPE)
    assert "REMOVED" in text
    assert "some execution files stay: 1 are held␛[31m" in text
    assert "--yes" not in text
