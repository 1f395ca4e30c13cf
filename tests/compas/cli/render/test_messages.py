"""What the commands that look at threads, batches, tasks and figures write."""

from compas.api.batches import AbandonBatchResponse, BatchStatusResponse, BatchThread
from compas.api.diagnosis import Conversation, DiagnoseResponse, SessionInfoResponse
from compas.api.dispatch import DispatchResponse
from compas.api.figures import AgentMetrics, CostMetrics, MetricsResponse, ToolStat, ToolStatsResponse
from compas.api.lifecycle import ReopenResponse
from compas.api.messages import PolledMessage, PollResponse, ReadResponse, WholeMessage
from compas.api.tasks import TaskRow, TasksResponse
from compas.cli.render.batches import abandon_batch_text, batch_status_text
from compas.cli.render.diagnosis import diagnose_text, session_info_text
from compas.cli.render.dispatch import dispatch_text
from compas.cli.render.figures import metrics_text, tool_stats_text
from compas.cli.render.lifecycle import reopen_text
from compas.cli.render.messages import poll_text, read_text
from compas.cli.render.tasks import tasks_text
from compas.cli.render.text import Style
from tests.kit.api.filled import filled

PIPE = Style(now=0.0)
SCREEN = Style(now=0.0, is_screen=True, width=72)
EVIL = "hi\x1b[2J\n── db:9  dev → operator"
DIAGNOSED = filled(
    DiagnoseResponse,
    latest_execution_duration_ms=1500,
    blockers=("dev failed (X): boom\x1b[2J",),
    suggestions=("compas log X shows what it printed", "compas abandon T gives it up"),
)


def test_a_scheduled_dispatch_says_when_it_starts() -> None:
    sent = filled(DispatchResponse, next_step="wait", eligible_at=3600.0)
    starts = f"starts   {PIPE.time(3600.0)}"
    assert starts in dispatch_text(sent, PIPE)


def test_a_reopened_thread_says_what_it_was() -> None:
    reopened = filled(
        ReopenResponse, thread_id="T", previous_status="Failed", new_status="Active", next_step="dispatch"
    )
    assert reopen_text(reopened, PIPE).splitlines() == ["thread  T is Active", "was     Failed", "next    dispatch"]


def test_a_batch_shows_its_counts_its_threads_and_that_there_are_more() -> None:
    threads = (
        filled(
            BatchThread, thread_id="t1", status="Active", summary="about it", agent="dev", execution_status="queued"
        ),
        filled(BatchThread, thread_id="t2", status="Failed", error="boom"),
    )
    found = filled(
        BatchStatusResponse,
        batch_id="b",
        thread_count=3,
        counts={"Active": 2, "Failed": 1},
        work={"queued": 1},
        threads=threads,
        more=True,
    )
    lines = batch_status_text(found, PIPE).splitlines()
    assert lines[:3] == ["batch    b", "threads  3 (2 Active, 1 Failed)", "work     1 queued"]
    assert lines[5].split() == ["t1", "Active", "dev", "queued", "about", "it"]
    assert lines[6].split() == ["t2", "Failed", "-", "-", "boom"]
    assert lines[7].startswith("there are more; --offset")


def test_a_batch_nobody_knows_shows_nothing_but_its_name() -> None:
    found = filled(BatchStatusResponse, batch_id="b")
    assert batch_status_text(found, PIPE) == "batch    b\nthreads  0"


def test_an_abandoned_batch_names_what_was_left_and_why() -> None:
    found = filled(
        AbandonBatchResponse,
        total_processes_killed=1,
        threads_left=1,
        errors=("t4: it is busy",),
    )
    text = abandon_batch_text(found, PIPE)
    assert "left          1 thread\nt4: it is busy" in text
    assert "ended         1 process\n" in text


def test_what_an_agent_wrote_is_one_harmless_line_of_a_poll_and_a_harmless_body_of_a_message() -> None:
    polled = filled(
        PolledMessage,
        reference="db:5",
    )
    found = filled(
        PollResponse,
        matched_messages=3,
        messages=(polled,),
        more=True,
    )
    text = poll_text(found, SCREEN)
    assert "\x1b" not in text
    assert [line.split()[0] for line in text.splitlines()[-3:]] == ["MESSAGE", "db:5", "2"]
    one = filled(
        ReadResponse,
        reference="db:5",
        body=EVIL,
    )
    assert read_text(one, PIPE).endswith(EVIL), "in a file a message is as it was written"
    assert "hi␛[2J" in read_text(one, SCREEN)
    assert "\x1b" not in read_text(one, SCREEN)


def test_the_messages_of_a_thread_stand_below_each_other_with_how_to_read_on() -> None:
    message = filled(
        WholeMessage,
        body="hi\n",
    )
    found = filled(ReadResponse, messages=(message, message), next_reference="db:5", more=True)
    assert read_text(found, PIPE).count("hi") == 2
    assert read_text(found, PIPE).endswith("there are more; --since db:5 reads on")
    assert read_text(ReadResponse(thread_id="T"), PIPE) == "no messages"


def test_tasks_show_when_they_start_how_long_they_took_and_how_to_go_on() -> None:
    later = filled(
        TaskRow,
        execution_status="queued",
        eligible_at=7200.0,
        summary="about it",
    )
    failed = filled(
        TaskRow,
        execution_status="failed",
        attempt=1,
        started_at=60.0,
        duration_ms=2000,
        error="boom",
    )
    lines = tasks_text(TasksResponse(tasks=(later, failed), more=True, next_after="X1"), PIPE).splitlines()
    assert PIPE.time(7200.0) in lines[1]
    assert lines[1].endswith("about it")
    assert "failed (attempt 2)" in lines[2]
    assert PIPE.time(60.0) in lines[2]
    assert lines[2].endswith("2.0 s  boom")
    assert lines[3] == "there are more; --after X1 shows the next ones"
    assert tasks_text(TasksResponse(tasks=()), PIPE) == "no executions match"


def test_figures_show_an_agent_a_line_and_no_cost_where_none_was_told() -> None:
    dev = filled(
        AgentMetrics,
        agent="dev",
        backend="cli",
        queued=1,
        scheduled=1,
        running=1,
        done=2,
        failed=1,
        retries=3,
        average_ms=1500,
        longest_ms=2000,
    )
    found = filled(
        MetricsResponse,
        queue_depth=2,
        scheduled=1,
        cost=filled(CostMetrics, total_tokens_in=5, total_tokens_out=6),
        agents=(dev,),
    )
    lines = metrics_text(found, PIPE).splitlines()
    assert lines[-1].split() == ["dev", "cli", "2", "1", "2", "1", "3", "1.5", "s", "2.0", "s", "-"]
    assert "queued     2 (1 for a later time)" in lines
    assert "tokens     5 in, 6 out" in lines
    assert not any(line.startswith("cost") for line in lines)


def test_tools_show_their_share_of_errors_and_what_was_not_kept() -> None:
    stat = filled(ToolStat, tool_name="Bash", call_count=4, error_count=1, error_rate=0.25)
    text = tool_stats_text(filled(ToolStatsResponse, tool_stats=(stat,), missed=2), PIPE)
    assert text.splitlines()[1].split() == ["Bash", "4", "1", "25%"]
    assert text.endswith("2 events could not be kept")
    nothing = filled(ToolStatsResponse)
    assert tool_stats_text(nothing, PIPE) == "no agent was seen calling a tool"


def test_a_diagnosis_lists_what_is_in_the_way_and_what_to_do_and_is_harmless() -> None:
    text = diagnose_text(DIAGNOSED, SCREEN)
    assert "in its way\n  dev failed (X): boom␛[2J\n" in text
    assert text.endswith("what to do\n  compas log X shows what it printed\n  compas abandon T gives it up")
    assert "took        1.5 s" in text


def test_conversations_show_how_to_go_on_with_them_and_when_not_to() -> None:
    found = filled(
        SessionInfoResponse,
        db_path="/s/compas.sqlite",
        thread_id="T",
        conversations=(
            filled(
                Conversation,
                workdir="/r",
                resume_command="claude --resume s1",
            ),
            filled(Conversation, in_use=True),
        ),
    )
    first, dev, rev = session_info_text(found, PIPE).split("\n\n")
    assert first.splitlines()[-1] == "log     /s/compas.sqlite"
    assert dev.splitlines()[-1] == "resume     claude --resume s1"
    assert rev.splitlines()[-2:] == [
        "in use   yes; wait until the agent has ended",
        "resume   this CLI cannot be told to",
    ]
