"""The tab with the merges: a line for each target, and what became of the last ones."""

import msgspec
import pytest

from compas.api.merges import MergeState
from compas.domain import events as e
from tests.kit.dashboard.played_screen import open_screen
from tests.kit.dashboard.played_supervisor import NOW, PlayedSupervisor, settled


def merge(op: str, status: str, **fields: object) -> MergeState:
    known: dict[str, object] = {"thread_id": f"t-{op}", "repository": "/r", "source_branch": f"compas/t-{op}"}
    known |= {"target_branch": "main", "strategy": "merge", "requested_by": "operator", "queued_at": NOW - 60}
    known |= {"source_commit": "c" * 40, "commit_message": "m"}
    return msgspec.convert({**known, "op_id": op, "status": status, **fields}, MergeState)


def busy() -> PlayedSupervisor:
    supervisor = PlayedSupervisor()
    supervisor.threads = [settled(f"t-o{number}", summary=f"Task {number}") for number in range(1, 6)]
    supervisor.merges = [  # the newest first, as the supervisor lists them
        merge("o5", "queued", queued_at=NOW - 5),
        merge("o4", "queued", queued_at=NOW - 9),
        merge("o3", "publishing", started_at=NOW - 8),
        merge("o2", "failed", finished_at=NOW - 100, error_detail="README is changed\non both sides"),
        merge("o1", "completed", finished_at=NOW - 86_400 * 3, commit="abcdef0123456", target_branch="next"),
    ]
    return supervisor


async def test_each_target_shows_what_is_merged_who_waits_in_which_place_and_what_came_before() -> None:
    async with open_screen(busy(), (130, 24)) as screen:
        await screen.type("5")
        lines = [line.rstrip() for line in await screen.lines()]
        assert lines[2] == "  main  /r  2 in line"
        assert [line[2:16].strip() for line in lines[3:7]] == [
            "▸ merging",
            "◦ queued 1.",
            "◦ queued 2.",
            "✗ merge failed",
        ]
        assert ["Task 3" in lines[3], "Task 4" in lines[4], "Task 5" in lines[5]] == [True] * 3
        assert "Task 2 · README is changed on both sides" in lines[6]
        assert lines[8] == "  next  /r"
        assert "abcdef01" in lines[9]
        assert "3 d ago" in lines[9]
        assert "8 s" in lines[3]


@pytest.mark.parametrize("size", [(40, 12), (80, 24)])
async def test_a_small_screen_shows_what_is_merged_and_what_it_is_about(size: tuple[int, int]) -> None:
    async with open_screen(busy(), size) as screen:
        await screen.type("5")
        text = await screen.text()
        assert "▸ merging" in text
        assert "Task 3" in text


async def test_a_merge_moves_on_as_it_happens_and_is_known_however_long_ago_it_began() -> None:
    supervisor = busy()
    async with open_screen(supervisor, (120, 24)) as screen:
        await screen.type("5")
        supervisor.record(e.merge_stream("/r", "main"), e.MergeCompleted(op="o3", new_commit="c0ffee00", summary="s"))
        assert "✓ merged" in await screen.line("Task 3")
        supervisor.record(e.merge_stream("/r", "main"), e.MergeStarted(op="o4"))
        assert "▸ merging" in await screen.line("Task 4")
        assert "◦ queued 1." in await screen.line("Task 5")
        supervisor.record(e.merge_stream("/r", "main"), e.MergeCancelled(op="o5", reason="withdrawn"))
        assert "– cancelled" in await screen.line("Task 5 · withdrawn")


async def test_a_target_that_is_held_says_why_above_everything() -> None:
    supervisor = busy()
    supervisor.held = ("main of /r was rewound to 1234567; nothing is merged into it " * 3,)
    async with open_screen(supervisor, (80, 24)) as screen:
        await screen.type("5")
        assert "  ! main of /r was rewound" in await screen.text()
        assert (await screen.text()).count("1234567") == 3, "nothing of it is cut away"


async def test_what_is_typed_narrows_the_merges() -> None:
    async with open_screen(busy(), (80, 24)) as screen:
        await screen.type("5", "/", *"next", "enter")
        assert "Task 1" in await screen.selected()
        assert "Task 3" not in await screen.text()
        await screen.type("/", *"zz", "enter")
        assert "no merge matches nextzz" in await screen.text()
