"""Actions: what is said before, what is sent, what is said after, and that nothing typed is lost by a refusal."""

import pytest
import trio
import trio.testing

from actors.remote.errors import CallError
from compas.api.configuration import ReloadResponse
from compas.api.dispatch import DispatchResponse
from compas.api.lifecycle import AbandonResponse, CancelResponse, CloseResponse, ReopenResponse
from compas.api.merges import MergeCancelResponse, MergeResponse
from compas.api.reviews import ApproveResponse, RequestChangesResponse
from compas.api.supervision import StopResponse
from compas.api.threads import TranscriptExecution, TranscriptMessage, TranscriptResponse
from compas.api.worktrees import WorktreeListing, WorktreesResponse
from compas.domain import events as e
from tests.kit.dashboard.played_screen import PlayedScreen, open_screen
from tests.kit.dashboard.played_supervisor import NOW, PlayedSupervisor, agent, executing, health, settled

SIZES = [(40, 12), (80, 24), (120, 40)]

TREE = WorktreeListing(
    thread_id="t1",
    thread_status="Active",
    repository="/r",
    path="/r/trees/t1",
    branch="compas/t1",
    base_commit="b" * 40,
    made_at=NOW,
    state="dirty",
    target_branch="main",
    uncommitted=2,
    ahead=3,
)


def one_thread(**fields: object) -> PlayedSupervisor:
    supervisor = PlayedSupervisor()
    supervisor.health = health(agents=(agent("dev"), agent("other")))
    supervisor.threads = [settled("t1", summary="Do it", review="not_reviewed", **fields)]
    supervisor.answers["worktrees"] = WorktreesResponse(worktrees=(TREE,))
    return supervisor


def sent(supervisor: PlayedSupervisor, op: str) -> list[dict[str, object]]:
    return [request for name, request in supervisor.written if name == op]


def dispatched(supervisor: PlayedSupervisor, **fields: object) -> None:
    known = {"thread_id": "t9", "message_id": 5, "reference": "db:5", "next_step": "", **fields}
    supervisor.answers["dispatch"] = DispatchResponse(**known)  # type: ignore[arg-type]


async def words(screen: PlayedScreen) -> str:
    """Read the screen as one line, however it is wrapped."""
    return " ".join(" ".join(await screen.lines()).split())


@pytest.mark.parametrize("size", SIZES)
async def test_a_task_is_dispatched_with_all_that_was_filled_in(size: tuple[int, int]) -> None:
    supervisor = one_thread()
    dispatched(supervisor)
    async with open_screen(supervisor, size) as screen:
        await screen.type("t")
        assert "New task" in await screen.text()
        await screen.type(
            *"Make it", "meta enter", *"twice", "shift tab", "right", "tab", "tab", *"t9", "tab", *"spring"
        )
        assert "spring█" in await screen.text()
        await screen.type("enter")
        assert "t9 was given the task as db:5" in await words(screen)
        (request,) = sent(supervisor, "dispatch")
        assert request["to"] == "other"
        assert request["body"] == "Make it\ntwice"
        assert (request["thread_id"], request["batch"], request["scheduled_for"]) == ("t9", "spring", None)


async def test_a_refused_dispatch_is_told_in_words_and_what_was_typed_stays() -> None:
    supervisor = one_thread()
    supervisor.answers["dispatch"] = CallError("queue_full", "the queue is full: 9 wait already; wait for one to end")
    async with open_screen(supervisor) as screen:
        await screen.type("t", *"Make it so", "enter")
        text = await screen.text()
        assert "the queue is full: 9 wait already; wait for one to end" in text
        assert "Make it so█" in text
        await screen.type("esc")
        assert "Make it so" not in await screen.text()
        await screen.type("t")
        assert "Make it so█" in await screen.text()
        dispatched(supervisor)
        await screen.type("enter")
        assert "was given the task" in await screen.text()
        await screen.type("t")
        assert "Make it so" not in await screen.text()


async def test_without_a_connection_nothing_is_sent_and_what_was_typed_stays() -> None:
    supervisor = one_thread()
    dispatched(supervisor)
    async with open_screen(supervisor) as screen:
        await screen.type("t", *"Later")
        await supervisor.die()
        assert "not connected" in await screen.text()
        await screen.type("enter")
        assert "there is no connection to a supervisor; nothing was sent" in await screen.text()
        assert "Later█" in await screen.text()


async def test_a_request_whose_answer_was_lost_is_put_again_under_its_name_and_done_once(
    autojump_clock: trio.testing.MockClock,
) -> None:
    supervisor = one_thread()
    dispatched(supervisor)
    supervisor.is_slow = trio.Event()
    async with open_screen(supervisor) as screen:
        await screen.type("t", *"Once", "enter")
        assert "working …" in await screen.text()
        await screen.type("enter")
        await supervisor.die()
        supervisor.is_slow.set()
        supervisor.is_there = True
        await trio.sleep(5)
        assert "was given the task" in await screen.text()
        assert len({name for op, name in supervisor.names if op == "dispatch"}) == 1


async def test_an_empty_task_or_a_time_that_is_none_is_told_before_anything_is_sent() -> None:
    supervisor = one_thread()
    async with open_screen(supervisor) as screen:
        await screen.type("t", "enter")
        assert "write what is to be done" in await screen.text()
        await screen.type(*"x", "shift tab", "shift tab", *"tea time", "enter")
        assert "'tea time' is no time to start at" in await screen.text()
        assert sent(supervisor, "dispatch") == []


async def test_a_later_start_is_sent_with_its_offset() -> None:
    supervisor = one_thread()
    dispatched(supervisor, scheduled_for="2023-11-15T00:13:20+00:00")
    async with open_screen(supervisor) as screen:
        await screen.type("t", *"x", "shift tab", "shift tab", *"+2h", "enter")
        assert "not before 2023-11-15T00:13:20+00:00" in await screen.text()
        assert sent(supervisor, "dispatch")[0]["scheduled_for"] == "2023-11-15T00:13:20+00:00"


async def test_a_pasted_text_comes_in_whole_and_is_obeyed_nowhere() -> None:
    supervisor = one_thread()
    dispatched(supervisor)
    async with open_screen(supervisor) as screen:
        await screen.paste("A\nq")
        assert "Do it" in await screen.text()
        await screen.type("t")
        await screen.paste("first\nsecond\n")
        assert sent(supervisor, "dispatch") == []
        await screen.type("enter")
        assert sent(supervisor, "dispatch")[0]["body"] == "first\nsecond\n"


async def test_the_text_can_be_written_in_an_editor() -> None:
    supervisor = one_thread()
    dispatched(supervisor)
    async with open_screen(supervisor) as screen:
        screen.hands.written = " and that"
        await screen.type("t", *"This", "ctrl x")
        assert "This and that█" in await screen.text()
        await screen.type("enter")
        assert sent(supervisor, "dispatch")[0]["body"] == "This and that"


async def test_a_reply_goes_to_the_agent_of_the_thread_and_a_page_keeps_its_thread_in_mind() -> None:
    supervisor = one_thread()
    supervisor.threads.append(settled("t2", summary="Other", agent="other"))
    dispatched(supervisor, thread_id="t2", reopened=True)
    async with open_screen(supervisor) as screen:
        await screen.type("j", "enter", "r", *"go on", "enter")
        assert "t2 was given the task as db:5; the thread was reopened" in await screen.text()
        (request,) = sent(supervisor, "dispatch")
        assert (request["to"], request["thread_id"], request["body"]) == ("other", "t2", "go on")


async def test_work_is_approved_with_a_note_after_its_standing_was_shown() -> None:
    supervisor = one_thread()
    supervisor.answers["approve"] = ApproveResponse(
        thread_id="t1", repository="/r", branch="compas/t1", commit="c" * 40, next_step=""
    )
    async with open_screen(supervisor) as screen:
        await screen.type("a")
        text = await screen.text()
        assert "Approve t1?" in text
        assert "compas/t1 is 3 commits ahead of main; 2 files not committed" in text
        await screen.type(*"nice", "enter")
        assert "t1 is approved at cccccccccccc" in await screen.text()
        assert sent(supervisor, "approve")[0]["note"] == "nice"


async def test_changes_are_requested_with_a_text() -> None:
    supervisor = one_thread()
    supervisor.answers["request_changes"] = RequestChangesResponse(
        thread_id="t1",
        repository="/r",
        branch="compas/t1",
        commit="c",
        agent="dev",
        execution_id="x",
        reference="db:8",
        next_step="",
    )
    async with open_screen(supervisor) as screen:
        await screen.type("x", "enter")
        assert "write what is to be changed" in await screen.text()
        await screen.type(*"Rename it", "enter")
        assert "dev was told what to change in t1 (db:8)" in await screen.text()


@pytest.mark.parametrize("size", SIZES)
async def test_a_merge_says_what_will_happen_and_what_is_not_approved_and_a_refusal_keeps_the_form(
    size: tuple[int, int],
) -> None:
    supervisor = one_thread()
    refusal = "r2 asked for changes to compas/t1, and that is what it holds"
    supervisor.answers["merge"] = CallError("changes_requested", refusal)
    async with open_screen(supervisor, size) as screen:
        await screen.type("m")
        assert "Merge t1?" in await words(screen)
        if size[1] > 12:
            assert "compas/t1 is 3 commits ahead of main" in await words(screen)
            assert "your own commits and edits are never overwritten" in await words(screen)
        await screen.type(*"release", "tab", "right", "right", "enter")
        assert refusal.split(",")[0] in await words(screen)
        supervisor.answers["merge"] = MergeResponse(
            op_id="o",
            thread_id="t1",
            source_branch="compas/t1",
            target_branch="release",
            strategy="rebase",
            status="queued",
            queue_depth=2,
            next_step="",
        )
        await screen.type("tab", " ", "enter")
        assert "compas/t1 waits to be merged into release, 2 in line" in await words(screen)
        first, second = sent(supervisor, "merge")
        assert (first["target_branch"], first["strategy"], first["force"]) == ("release", "rebase", False)
        assert second == {**first, "force": True}


async def test_a_thread_is_closed_with_its_merge_or_without_and_the_way_back_is_told() -> None:
    supervisor = one_thread()
    supervisor.answers["close"] = CloseResponse(thread_id="t1", status="Completed")
    async with open_screen(supervisor) as screen:
        await screen.type("C", "right", "tab", "tab", *"main", "enter")
        assert "`merge` is off" in await screen.text()
        await screen.type("shift tab", " ", "enter")
        assert "t1 is closed as completed; `reopen` (O) takes it back" in await screen.text()
        (request,) = sent(supervisor, "close")
        assert request["status"] == "failed"
        assert request["merge"] == {"target_branch": "main", "strategy": None, "force": False, "accept_target": None}


async def test_abandoning_asks_and_only_yes_does_it() -> None:
    supervisor = one_thread()
    supervisor.answers["abandon"] = AbandonResponse(thread_id="t1", status="Abandoned", executions_cancelled=1)
    async with open_screen(supervisor) as screen:
        for no in ("n", "esc", "q", "enter"):
            await screen.type("A")
            assert "Ends what runs there at once" in await screen.text()
            await screen.type(no)
            if no == "enter":
                assert "Abandon t1?" in await screen.text()
        assert sent(supervisor, "abandon") == []
        await screen.type("y")
        assert "t1 is abandoned, 1 execution ended; `reopen` (O) takes it back" in await screen.text()


async def test_a_thread_that_has_ended_is_reopened_at_once_and_one_that_has_not_is_not() -> None:
    supervisor = one_thread()
    supervisor.answers["reopen"] = ReopenResponse(
        thread_id="t1", previous_status="Abandoned", new_status="Active", next_step=""
    )
    async with open_screen(supervisor) as screen:
        await screen.type("O")
        assert "only a thread that has ended can be reopened" in await screen.text()
        supervisor.happen("t1", e.ThreadAbandoned(by="operator"))
        assert "abandoned" in await screen.selected()
        await screen.type("O")
        assert "t1 is active again (it was abandoned)" in await screen.text()
        supervisor.answers["reopen"] = CallError("publishing", "its work is being published")
        await screen.type("O")
        assert "its work is being published" in await screen.text()
        await screen.type("enter")
        assert "its work is being published" not in await screen.text()


async def test_what_runs_is_cancelled_and_a_selected_merge_is_withdrawn() -> None:
    supervisor = one_thread()
    supervisor.answers["cancel"] = CancelResponse(thread_id="t1", status="Active", cancelled=("x",), next_step="")
    supervisor.answers["merge_cancel"] = MergeCancelResponse(
        op_id="o1", thread_id="t1", cancelled=True, status="cancelled"
    )
    async with open_screen(supervisor) as screen:
        await screen.type("X")
        assert "t1: nothing is queued or running there" in await screen.text()
        supervisor.happen("t1", e.ExecutionQueued(execution="x2", message="m", agent="dev", backend="claude"))
        assert "queued" in await screen.selected()
        await screen.type("X", "y")
        assert "1 execution of t1 cancelled; the thread is active" in await screen.text()
        queued = e.MergeQueued(
            op="o1",
            thread="t1",
            repository="/r",
            source="compas/t1",
            target="main",
            strategy="merge",
            requested_by="operator",
            source_tip="c" * 40,
            message="m",
        )
        supervisor.record("merge:main", queued)
        assert "Merges" in await screen.text()
        await screen.type("G")
        assert "merge" in await screen.selected()
        await screen.type("X", "y")
        assert "the merge of t1 is withdrawn" in await screen.text()
        assert sent(supervisor, "merge_cancel")[0]["op_id"] == "o1"


async def test_a_task_is_given_again_to_the_agent_that_had_it() -> None:
    supervisor = one_thread()
    message = TranscriptMessage(
        id=3, reference="db:3", sender="operator", to="other", intent="dispatch", body="The task.", created_at=NOW
    )
    ended = TranscriptExecution(
        id="x-t1", agent="other", backend="b", status="failed", attempt=0, dispatch_message_id=3, queued_at=NOW
    )
    supervisor.transcripts["t1"] = TranscriptResponse(thread_id="t1", messages=(message,), executions=(ended,))
    dispatched(supervisor, thread_id="t1")
    async with open_screen(supervisor) as screen:
        await screen.type("R")
        assert "other: The task." in await screen.text()
        await screen.type("y")
        assert "t1 was given the task" in await screen.text()
        (request,) = sent(supervisor, "dispatch")
        assert (request["to"], request["body"], request["thread_id"]) == ("other", "The task.", "t1")
        supervisor.transcripts["t1"] = TranscriptResponse(thread_id="t1", executions=(ended,))
        await screen.type("R", "y")
        assert "is not in t1" in await screen.text()


async def test_a_worktree_is_opened_in_a_shell_and_in_the_editor_with_the_thread_in_the_environment() -> None:
    supervisor = one_thread(batch_id="spring")
    async with open_screen(supervisor) as screen:
        await screen.type("s")
        await screen.type("e")
        (shell, cwd, environ), (editor, _, _) = screen.hands.lent
        assert (shell, cwd, editor) == (["/bin/sh"], "/r/trees/t1", ["ed", "/r/trees/t1"])
        assert (environ["COMPAS_THREAD"], environ["COMPAS_BRANCH"], environ["COMPAS_BATCH"]) == (
            "t1",
            "compas/t1",
            "spring",
        )
        assert "COMPAS_EXECUTION" not in environ
        supervisor.answers["worktrees"] = WorktreesResponse(worktrees=())
        await screen.type("s")
        assert "t1 has no worktree on this machine now" in await screen.text()
        assert len(screen.hands.lent) == 2


async def test_name_command_and_path_are_copied() -> None:
    async with open_screen(one_thread()) as screen:
        await screen.type("y")
        assert "copied: t1" in await screen.text()
        await screen.type("Y")
        await screen.type("P")
        assert screen.hands.copied == ["t1", "compas merge t1", "/r/trees/t1"]


async def test_the_config_is_reloaded_and_its_errors_are_shown_in_full() -> None:
    supervisor = one_thread()
    known = {"config": "c", "in_use": True, "is_new": True, "digest": "d", "since": NOW}
    supervisor.answers["reload"] = ReloadResponse(**known, changed=("agents.dev.model",))  # type: ignore[arg-type]
    async with open_screen(supervisor) as screen:
        await screen.type("L")
        assert "the config file is in force; changed: agents.dev.model" in await screen.text()
        errors = tuple(f"line {number} is wrong" for number in range(30))
        supervisor.answers["reload"] = ReloadResponse(**{**known, "in_use": False}, errors=errors)  # type: ignore[arg-type]
        await screen.type("L")
        assert "line 0 is wrong" in await screen.text()
        assert "line 29 is wrong" not in await screen.text()
        await screen.type(*["j"] * 30)
        assert "line 29 is wrong" in await screen.text()
        await screen.type("esc")
        assert "is wrong" not in await screen.text()


async def test_the_supervisor_is_stopped_as_chosen() -> None:
    supervisor = one_thread()
    supervisor.answers["stop"] = StopResponse(pid=1, mode="now", running=1)
    async with open_screen(supervisor) as screen:
        await screen.type("K")
        assert "agents at work finish first" in await words(screen)
        await screen.type("right", "enter")
        assert "the supervisor is stopping (now), 1 execution at work" in await screen.text()
        assert sent(supervisor, "stop") == [{"mode": "now"}]


async def test_actions_without_a_row_say_so_and_open_nothing() -> None:
    async with open_screen(PlayedSupervisor()) as screen:
        for key in "raxmCAOXRseyYP":
            await screen.type(key)
            assert "no thread is selected" in await screen.text()


async def test_an_action_on_work_that_runs_shows_the_page_below_live() -> None:
    supervisor = PlayedSupervisor()
    supervisor.threads = [executing("t1", summary="Do it")]
    async with open_screen(supervisor) as screen:
        await screen.type("l", "J", "A")
        supervisor.print("x-t1", "still printing\n")
        text = await screen.text()
        assert "still printing" in text
        assert "Abandon t1?" in text
