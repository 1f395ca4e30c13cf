"""Every tab, page, form and list of commands on small, ordinary and large screens: what matters is there, whole."""

import pytest

from compas.api.configuration import SettingRow, SettingsResponse
from compas.api.figures import CostsResponse
from compas.api.history import DiffFile, DiffResponse
from compas.api.merges import MergeState
from compas.api.schedules import SchedulesResponse
from compas.api.threads import BatchTotal, TranscriptExecution, TranscriptMessage, TranscriptResponse
from compas.dashboard.lines import width_of
from tests.kit.dashboard.played_screen import PlayedScreen, open_screen
from tests.kit.dashboard.played_supervisor import (
    NOW,
    PlayedSupervisor,
    agent,
    ended,
    executing,
    health,
    row,
    settled,
    spent,
)

LONG = "Rework how connections are handed out, so that whoever gives up does not keep a place: 日本語のテキスト"
ERROR = "the style guide it was to follow is not in the repository, and neither is the one before that"
SIZES = [(40, 10), (40, 12), (80, 24), (120, 40), (200, 60)]

LISTS: dict[str, tuple[str, ...]] = {
    # keys: what has to be there on every screen
    "": ("failed", "Needs you"),
    "2": ("dev", "ready", "busy"),
    "3": ("completed", "Ended"),
    "4": ("Supervisor", "state", "ready since"),
    "5": ("main", "merge failed"),
    "6": ("dev", "$3.50", "cost"),
}
PAGES: dict[str, tuple[str, ...]] = {
    "enter": ("t0", "dev failed"),
    "i": ("1 Input", "4 Timeline", "✗ failed"),
    "l": ("✗ failed", "the style guide"),
    "d": ("src/pool.py",),
    "w": ("why",),
    "D": ("diagnosis",),
    "v": ("events",),
    "?": ("help",),
}
FORMS: dict[str, tuple[str, ...]] = {
    "t": ("New task", "▌ task", "Enter send"),
    "r": ("Reply in t0", "▌ text", "Enter send"),
    "a": ("Approve t0?", "▌ note", "Enter send"),
    "x": ("Request changes in t0", "▌ changes", "Enter send"),
    "m": ("Merge t0?", "▌ into", "Enter send"),
    "C": ("Close t0?", "▌ as", "Enter send"),
    "T": ("Run a schedule now", "▌ schedule", "Enter send"),
    "K": ("Stop the supervisor?", "▌ how", "drain", "Enter send"),
    "A": ("Abandon t0?", "y yes", "n no"),
    "R": ("Run again: t0?", "y yes", "n no"),
    ":": ("▌ open", "Enter run"),
    "/": ("/█", "Enter keep"),
}


def varied() -> PlayedSupervisor:
    """Return a supervisor with something of everything, and long words for all of it."""
    supervisor = PlayedSupervisor()
    supervisor.health = health(agents=(agent("dev"), agent("migrator-of-databases", usable=False, detail="not found")))
    supervisor.threads = [
        settled("t0", summary=LONG, execution_status="failed", error=ERROR, updated_at=NOW - 200),
        *(settled(f"b{number}", summary=LONG, batch_id="release-2026-spring") for number in range(3)),
        executing("run", summary=LONG, agent="migrator-of-databases"),
        row("wait", summary=LONG, execution_id="x2", execution_status="queued"),
        row("late", execution_id="x3", execution_status="queued", eligible_at=NOW + 86_400 * 99, summary="Nightly"),
        *(settled(f"done{number}", summary=LONG, thread_status="Completed") for number in range(20)),
    ]
    supervisor.batches = [BatchTotal(batch_id="release-2026-spring", threads=3, working=0, done=1, failed=1)]
    supervisor.merges = [
        MergeState(
            op_id="o1",
            thread_id="b0",
            source_branch="compas/b0",
            target_branch="main",
            repository="/src/app",
            strategy="squash",
            status="failed",
            queued_at=NOW - 60,
            finished_at=NOW - 50,
            error_detail=ERROR,
            requested_by="operator",
            source_commit="c" * 40,
            commit_message="m",
        )
    ]
    supervisor.tasks = [ended(number, title=LONG) for number in range(30)]
    supervisor.costs = CostsResponse(
        since=NOW - 86_400,
        total=spent("", executions=4, priced=3, cost_usd=3.5, tokens_in=10_000, tokens_out=500),
        by_day=(),
        by_hour=(),
        by_agent=(spent("dev", executions=4, priced=4, cost_usd=3.5),),
        by_batch=(),
        by_thread=(spent("t0", executions=1, priced=1, cost_usd=1.25),),
    )
    supervisor.settings = SettingsResponse(
        config="/c.yaml",
        state_dir="/s",
        since=NOW,
        settings=(setting("default_workdir", "/src/a/rather/long/path"), setting("worktree_dir", "word " * 30)),
    )
    message = TranscriptMessage(id=1, reference="db:1", sender="o", to="dev", intent="i", body=LONG, created_at=NOW)
    run = TranscriptExecution(
        id="x-t0",
        agent="dev",
        backend="claude",
        status="failed",
        attempt=0,
        dispatch_message_id=1,
        queued_at=NOW,
        finished_at=NOW,
        error=ERROR,
    )
    supervisor.transcripts["t0"] = TranscriptResponse(
        thread_id="t0", thread_status="Active", messages=(message,), executions=(run,)
    )
    supervisor.print("x-t0", f"{ERROR}\n" * 3)
    supervisor.diffs["t0"] = DiffResponse(
        thread_id="t0",
        branch="compas/t0",
        base="b",
        tip="t",
        uncommitted=False,
        text=f"diff --git a/src/pool.py b/src/pool.py\n--- a/src/pool.py\n+++ b/src/pool.py\n@@ -1 +1 @@\n+{LONG}\n",
        truncated=False,
        files=(DiffFile(path="src/pool.py", added=1, deleted=0),),
    )
    supervisor.answers["schedules"] = SchedulesResponse(schedules=())
    return supervisor


def setting(key: str, value: str) -> SettingRow:
    return SettingRow(key=key, value=value, source="file", line=1, doc="What it means.", effect="at its next use")


async def is_whole(screen: PlayedScreen, words: tuple[str, ...]) -> list[str]:
    """Check that the words are there and no line is wider than the screen; return the lines."""
    painted = screen.controller.frame(*screen.size)
    assert len(painted) == screen.size[1]
    assert all(width_of(line.text) <= screen.size[0] for line in painted)
    lines = await screen.lines()
    text = "\n".join(lines)
    for word in words:
        assert word in text, f"{word!r} at {screen.size}:\n{text}"
    # The last line names keys, as many as there is room for, and none by half.
    assert "…" not in lines[-1]
    return lines


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("key", LISTS)
async def test_every_tab_shows_its_rows_and_the_selected_one(key: str, size: tuple[int, int]) -> None:
    async with open_screen(varied(), size) as screen:
        await screen.type(*([key] if key else []))
        await is_whole(screen, LISTS[key])
        for move in ("j", "j", "G", "k", "page up", "g"):
            await screen.type(move)
            lines = await is_whole(screen, ())
            assert sum(line.startswith("▌") for line in lines) == 1, "\n".join(lines)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("key", PAGES)
async def test_every_page_says_what_it_is_about(key: str, size: tuple[int, int]) -> None:
    async with open_screen(varied(), size) as screen:
        await screen.type("g", key)
        await is_whole(screen, PAGES[key])
        for move in ("G", "g", "J", "z"):
            await screen.type(move)
            await is_whole(screen, ())


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("key", FORMS)
async def test_every_form_shows_what_is_asked_and_the_field_that_is_filled_in(key: str, size: tuple[int, int]) -> None:
    async with open_screen(varied(), size) as screen:
        await screen.type("g", key)
        await is_whole(screen, FORMS[key])
        if key not in ("A", "R", "/", ":"):
            for _ in range(8):
                await screen.type("tab")
                lines = await is_whole(screen, FORMS[key][:1])
                assert any(line.lstrip().startswith("▌") for line in lines[4:]), "\n".join(lines)


@pytest.mark.parametrize("size", [(39, 9), (39, 24), (80, 9)])
async def test_a_screen_that_is_too_small_says_so_and_how_large_it_has_to_be(size: tuple[int, int]) -> None:
    async with open_screen(varied(), size) as screen:
        said = " ".join((await screen.text()).split())
        assert said == f"too small: {size[0]}x{size[1]}, and compas needs 40x10"
