"""A list of threads has a column for their repositories only where there are several."""

from compas.api.dispatch import DispatchResponse
from compas.api.threads import StatusResponse, StatusRow
from compas.cli.render.dispatch import dispatch_text
from compas.cli.render.text import Style
from compas.cli.render.threads import status_text, thread_text

PLAIN = Style(now=1_700_000_000.0)


def row(thread: str, repository: str | None) -> StatusRow:
    return StatusRow(thread_id=thread, thread_status="Active", updated_at=1_700_000_000.0, repository=repository)


def test_a_list_names_repositories_by_their_directories() -> None:
    rows = (row("a", "/src/app"), row("b", None))
    head, *lines = status_text(StatusResponse(threads=rows, total=2), PLAIN).splitlines()
    assert head.split()[:3] == ["THREAD", "REPOSITORY", "STATUS"]
    assert [line.split()[:3] for line in lines] == [["a", "app", "Active"], ["b", "-", "Active"]]


def test_without_any_there_is_no_column() -> None:
    assert "REPOSITORY" not in status_text(StatusResponse(threads=(row("a", None),), total=1), PLAIN)


def test_one_thread_and_a_dispatch_have_the_whole_path() -> None:
    assert "/src/app" in thread_text(row("a", "/src/app"), PLAIN)
    posted = DispatchResponse(thread_id="a", message_id=1, reference="db:1", next_step="wait", repository="/src/app")
    assert "/src/app" in dispatch_text(posted, PLAIN)
