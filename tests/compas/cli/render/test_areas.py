"""What the other commands write."""

from msgspec import structs

from compas.api.agents import AgentListing, ListAgentsResponse
from compas.api.configuration import ReloadResponse
from compas.api.diagnosis import Cause, WhyResponse
from compas.api.dispatch import DispatchResponse
from compas.api.history import DiffFile, DiffResponse, LogEvent
from compas.api.lifecycle import AbandonResponse, CloseResponse
from compas.api.merges import MergeResponse
from compas.api.supervision import AgentHealth, HealthResponse, StopResponse
from compas.api.threads import StatusResponse, StatusRow, TranscriptExecution, TranscriptMessage, TranscriptResponse
from compas.api.worktrees import CommitResponse, WorktreeListing, WorktreeRemoveResponse, WorktreesResponse
from compas.cli.render.agents import list_agents_text
from compas.cli.render.configuration import reload_text
from compas.cli.render.diagnosis import why_text
from compas.cli.render.dispatch import dispatch_text
from compas.cli.render.history import diff_text, events_text
from compas.cli.render.lifecycle import abandon_text, close_text
from compas.cli.render.merges import merge_text
from compas.cli.render.supervision import health_text, stop_text, stopped_text
from compas.cli.render.text import Style, width_of
from compas.cli.render.threads import status_text, thread_text, transcript_text
from compas.cli.render.worktrees import commit_text, size, worktree_remove_text, worktrees_text
from tests.kit.api.filled import filled

PIPE = Style(now=0.0)
SCREEN = Style(now=0.0, is_screen=True, width=72)
COLOUR = Style(now=0.0, is_screen=True, has_colour=True, width=72)
ULID = "01JD0000000000000000000000"

ROW = filled(
    StatusRow,
    thread_id=ULID,
    execution_id="X",
    execution_status="executing",
    attempt=2,
)
DIFF = filled(
    DiffResponse,
    uncommitted=True,
    text="diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-old\n+new\x1b[2J\n",
    files=(DiffFile(path="x", added=1, deleted=1), DiffFile(path="y.png", added=None, deleted=None)),
)


def test_a_dispatch_says_where_the_task_is_and_what_to_do_next() -> None:
    text = dispatch_text(
        filled(
            DispatchResponse,
            thread_id=ULID,
            reference="db:5",
            next_step=f"compas wait --thread-id {ULID}",
            reopened=True,
            previous_status="Completed",
            warning="dev is paused",
        ),
        PIPE,
    )
    assert text.splitlines() == [
        f"thread    {ULID}",
        "message   db:5",
        "reopened  was Completed",
        "warning   dev is paused",
        f"next      compas wait --thread-id {ULID}",
    ]


def test_status_shows_ids_whole_in_a_script_and_how_many_more_there_are() -> None:
    text = status_text(StatusResponse(threads=(ROW,), total=3, next_after=ULID), PIPE)
    assert ULID in text
    assert "executing (attempt 2)" in text
    assert text.endswith(f"3 threads in all; --after {ULID} shows the next ones")


def test_status_without_threads_says_so() -> None:
    assert status_text(StatusResponse(threads=(), total=0), PIPE) == "no threads match"
    behind_the_last = StatusResponse(threads=(), total=2)
    assert status_text(behind_the_last, PIPE) == "there are no more threads"


def test_one_thread_is_shown_in_full() -> None:
    text = thread_text(ROW, PIPE)
    assert f"thread     {ULID}" in text
    assert "took" not in text


def test_a_transcript_keeps_messages_apart_from_what_is_said_about_them() -> None:
    message = filled(
        TranscriptMessage,
        reference="db:5",
        sender="dev\n── db:6",
        to="operator",
        intent="response",
        body="hi\x1b[2J\n",
    )
    execution = filled(
        TranscriptExecution,
        error="boom",
    )
    response = filled(TranscriptResponse, thread_status="Active", messages=(message,), executions=(execution,))
    text = transcript_text(response, SCREEN)
    assert [line for line in text.splitlines() if line.startswith("── ")] == [
        "── db:5  dev ── db:6 → operator  response  " + SCREEN.time(0.0)
    ]
    assert "hi␛[2J" in text
    assert "boom" in text


def test_a_page_of_a_transcript_has_its_own_executions_and_says_how_to_see_earlier_messages() -> None:
    message = filled(TranscriptMessage, id=9, reference="db:9", body="later")
    runs = (
        filled(TranscriptExecution, id="X1", dispatch_message_id=1),
        filled(TranscriptExecution, id="X2", dispatch_message_id=9),
    )
    response = filled(
        TranscriptResponse,
        thread_status="Active",
        messages=(message,),
        executions=runs,
        earlier=3,
        earlier_before="db:9",
    )
    text = transcript_text(response, SCREEN)
    assert text.endswith("3 earlier messages; --before db:9 shows the newest of them")
    assert "X2" in text
    assert "X1" not in text


def test_close_and_abandon_tell_what_happened() -> None:
    assert close_text(CloseResponse(thread_id="T", status="Completed", note="nothing to merge"), PIPE) == (
        "thread T is Completed\nnothing to merge"
    )
    text = abandon_text(filled(AbandonResponse, processes_killed=1, worktree_branch="b"), PIPE)
    assert "1 process\n" in text
    assert "b (kept)" in text


def test_a_merge_tells_its_place_in_the_queue() -> None:
    text = merge_text(
        filled(
            MergeResponse,
            source_branch="compas/T",
            target_branch="main",
            strategy="merge",
            queue_depth=2,
            next_step="compas wait-merge --op-id M",
        ),
        PIPE,
    )
    assert "compas/T → main (merge)" in text
    assert "before it  1" in text


def test_an_event_is_one_line_that_fits_a_screen() -> None:
    event = filled(
        LogEvent,
        data={"text": "a\nb" * 99},
    )
    assert width_of(events_text(event, SCREEN)) <= 72
    assert '{"text":"a\\nb' in events_text(event, PIPE)
    assert len(events_text(event, PIPE).splitlines()) == 1


def test_why_puts_each_cause_below_what_caused_it() -> None:
    response = filled(
        WhyResponse,
        next_step="wait",
        causes=(
            filled(Cause, what="asked"),
            filled(Cause, depth=1, what="ran", because="due"),
        ),
    )
    first, second = why_text(response, PIPE).splitlines()[-2:]
    assert second.index("ran: due") - first.index("asked") == 2


def test_a_diff_in_a_file_is_the_patch_with_comments_before_it() -> None:
    lines = diff_text(DIFF, PIPE).splitlines()
    assert [line for line in lines if not line.startswith("#")] == DIFF.text.rstrip("\n").splitlines()
    assert lines[1] == "# with changes that are not committed yet"


def test_a_diff_on_a_screen_is_coloured_by_us_alone() -> None:
    text = diff_text(DIFF, COLOUR)
    assert "\x1b[32m+new␛[2J\x1b[0m" in text
    assert "\x1b[31m-old\x1b[0m" in text


def test_a_stat_counts_lines_and_knows_binaries() -> None:
    text = diff_text(DIFF, PIPE, only_stat=True)
    assert "+1" in text
    assert "binary" in text
    assert "@@" not in text


def test_no_changes_are_said_to_be_none() -> None:
    empty = filled(
        DiffResponse,
        text="",
    )
    assert diff_text(empty, PIPE).splitlines()[-1] == "# no changes"


def test_what_of_the_config_is_not_in_force_stands_above_the_threads() -> None:
    notices = ("changed in the config file, waits for `compas restart`: state_dir",)
    assert status_text(StatusResponse(threads=(), total=0, config_notices=notices), PIPE).splitlines() == [
        "config: changed in the config file, waits for `compas restart`: state_dir",
        "no threads match",
    ]


def test_a_reload_says_what_changed_what_follows_what_waits_and_what_is_wrong() -> None:
    response = filled(
        ReloadResponse,
        config="/c.yaml",
        in_use=True,
        is_new=True,
        changed=("agents.rev added",),
        waiting=("state_dir",),
        notes=("up to 2 executions run at once now, 1 before",),
        warnings=("line 1, column 1: doubtful",),
    )
    assert reload_text(response, PIPE).splitlines() == [
        "/c.yaml is in force",
        "  changed: agents.rev added",
        "  up to 2 executions run at once now, 1 before",
        "  waits for `compas restart`: state_dir",
        "  warning: line 1, column 1: doubtful",
    ]
    known = structs.replace(response, is_new=False, changed=())
    head, said, *_ = reload_text(known, PIPE).splitlines()
    assert head.startswith("/c.yaml is in force, as it has been since ")
    assert said == "  changed: nothing that is in use"
    wrong = structs.replace(response, in_use=False, errors=("line 3, column 1: no", "line 4, column 1: no"))
    head, *rest = reload_text(wrong, PIPE).splitlines()
    assert head.startswith("/c.yaml cannot be used; what was loaded at ")
    assert rest[:3] == ["  line 3, column 1: no", "  line 4, column 1: no", "  waits for `compas restart`: state_dir"]


def test_health_shows_agents_that_cannot_be_used_and_why() -> None:
    agent = filled(
        AgentHealth,
        detail="claude is not on PATH",
    )
    response = filled(
        HealthResponse,
        queued=1,
        places=4,
        config_notices=("the config file cannot be used",),
        warnings=("safety_mode is missing",),
        agents=(agent,),
    )
    text = health_text(response, PIPE)
    assert text.startswith("config: the config file cannot be used\n")
    assert "0 running of at most 4, 1 queued" in text
    assert "claude is not on PATH" in text
    assert text.endswith("warning: safety_mode is missing")


def test_a_stop_tells_what_becomes_of_agents() -> None:
    told = {mode: stopped_text(StopResponse(pid=1, mode=mode, running=1)) for mode in ("drain", "now", "detach")}
    assert told["drain"].endswith("1 execution finished before")
    assert told["now"].endswith("1 execution ended by it")
    assert "left running" in told["detach"]
    assert stop_text(StopResponse(pid=9, mode="drain", running=0)).endswith("(process 9) is stopping; nothing runs")


def test_agents_are_listed_with_their_load_and_who_gets_their_replies() -> None:
    busy = filled(
        AgentListing,
        alias="dev",
        backend="claude",
        role="worker",
        timeout_secs=600,
        active=1,
        queued=3,
        available=1,
        handoff_to=("reviewer", "tester"),
    )
    listed = filled(
        ListAgentsResponse,
        agents=(busy,),
        global_max_concurrent=4,
        global_active=1,
    )
    head, row, _, places = list_agents_text(listed, PIPE).splitlines()
    assert head.split() == [
        "AGENT",
        "BACKEND",
        "ROLE",
        "RUNNING",
        "QUEUED",
        "FREE",
        "TIMEOUT",
        *["REPLY", "GOES", "TO"],
        "MODEL",
    ]
    assert row.split() == ["dev", "claude", "worker", "1", "3", "1", "600", "s", "reviewer,", "tester", "-"]
    assert places == "1 of 4 places taken"


def test_worktrees_are_a_table_and_what_is_wrong_stands_below_it() -> None:
    plain = filled(
        WorktreeListing,
        thread_id="t1",
        thread_status="Active",
        state="clean",
        ahead=2,
        behind=1,
        size_bytes=1536,
    )
    lost = filled(
        WorktreeListing,
        thread_id="t2",
        state="dirty",
        uncommitted=3,
        in_progress="rebase",
        trouble="it stands on\nelsewhere",
        kept_because="it has changes",
    )
    lines = worktrees_text(WorktreesResponse(worktrees=(plain, lost)), Style(now=60.0)).split("\n")
    assert lines[0].split() == ["THREAD", "STATUS", "STATE", "AHEAD", "BEHIND", "AGE", "SIZE", "PATH"]
    assert lines[1].split() == ["t1", "Active", "clean", "2", "1", "1", "m", "0", "s", "1.5", "KiB", plain.path]
    assert "dirty (3 files)" in lines[2]
    assert lines[4:] == [
        "t2: a rebase is under way in it",
        "t2: it stands on elsewhere",
        "t2: kept by cleanup: it has changes",
        "where the size is unknown it takes long to count: `compas worktrees --sizes` does that",
    ]
    assert "unknown" in lines[2]
    assert worktrees_text(WorktreesResponse(worktrees=()), PIPE) == "there are no worktrees"


def test_sizes_are_written_short() -> None:
    assert [size(n) for n in (None, 0, 1023, 1024, 5 << 20, 3 << 40)] == [
        "-",
        "0 B",
        "1023 B",
        "1.0 KiB",
        "5.0 MiB",
        "3.0 TiB",
    ]


def test_what_became_of_a_worktree_and_of_a_commit_is_said() -> None:
    gone = filled(
        WorktreeRemoveResponse,
        path="/w",
        branch="compas/t1",
        branch_fate="archived",
        archive="refs/compas/archive/x",
        ignored=(".env", "build/"),
        notes=("the teardown failed",),
    )
    text = worktree_remove_text(gone, PIPE)
    for part in ("/w", "compas/t1 (archived)", "refs/compas/archive/x", ".env, build/", "the teardown failed"):
        assert part in text
    made = filled(CommitResponse, files=2)
    assert "2 files" in commit_text(made, PIPE)
