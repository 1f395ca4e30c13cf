"""Why, diagnosis, events, the chain as a tree, and the diff by file: what each shows, live, and its own keys."""

import msgspec
import pytest
import trio
import trio.testing

from compas.api.diagnosis import Cause, DiagnoseResponse, WhyResponse
from compas.api.history import DiffFile, DiffResponse
from compas.api.threads import TranscriptExecution, TranscriptMessage, TranscriptResponse
from compas.domain import events as e
from compas.domain.advice import advise, say
from tests.kit.dashboard.played_screen import open_screen
from tests.kit.dashboard.played_supervisor import NOW, PlayedSupervisor, settled

SIZES = [(40, 12), (80, 24), (120, 40)]
ROOT, CHILD = "t1", "t1-r1"


def one_thread() -> PlayedSupervisor:
    supervisor = PlayedSupervisor()
    supervisor.threads = [settled(ROOT, summary="Do it")]
    return supervisor


@pytest.mark.parametrize("size", SIZES)
async def test_why_shows_where_it_stands_and_each_cause_below_its_cause_and_goes_on(size: tuple[int, int]) -> None:
    supervisor = one_thread()
    causes = (
        Cause(position=1, at=NOW, depth=0, what="the thread was opened", because="asked for by a client"),
        Cause(position=2, at=NOW, depth=1, what="dev ended: completed"),
    )
    supervisor.answers["why"] = WhyResponse(
        thread_id=ROOT,
        thread_status="Active",
        standing="dev has answered",
        next_step=say("now ", advise("merge", thread_id=ROOT)),
        causes=causes,
        review_note="Nobody has given a verdict.",
    )
    async with open_screen(supervisor, size) as screen:
        await screen.type("w")
        lines = await screen.lines()
        assert lines[0].startswith(" t1  why  active")
        text = " ".join(" ".join(lines).split())
        assert "dev has answered" in text
        assert "next now compas merge t1 [m]" in text
        assert "22:13:20 the thread was opened: asked for by" in text
        supervisor.answers["why"] = msgspec.structs.replace(supervisor.answers["why"], standing="dev works again")
        supervisor.happen(ROOT, e.ThreadDescribed(summary="x"))
        assert "dev works again" in await screen.text()
        await screen.type("end")
        assert "\n 22:13:20    dev ended: completed" in await screen.text()


async def test_the_diagnosis_says_what_is_in_the_way_and_what_to_do() -> None:
    supervisor = one_thread()
    supervisor.answers["diagnose"] = DiagnoseResponse(
        thread_id=ROOT,
        thread_status="Failed",
        summary=None,
        message_count=2,
        execution_count=1,
        latest_execution_id="x",
        latest_execution_status="failed",
        latest_execution_agent="dev",
        latest_execution_error="no credit",
        latest_execution_duration_ms=1500,
        standing="dev has failed",
        blockers=("the breaker is open",),
        suggestions=(say(advise("status")),),
    )
    async with open_screen(supervisor) as screen:
        await screen.type("D")
        text = await screen.text()
        for wanted in ("dev has failed", "2 messages, 1 execution", "dev failed after 1.5 s", "no credit"):
            assert wanted in text
        assert "· the breaker is open" in text
        assert "· compas status" in text


async def test_events_follow_the_log_of_the_thread_or_of_all_where_no_row_is_selected(
    autojump_clock: trio.testing.MockClock,
) -> None:
    supervisor = one_thread()
    supervisor.happen(ROOT, e.ThreadOpened(thread=ROOT, batch="spring"))
    supervisor.happen("t2", e.ThreadOpened(thread="t2"))
    async with open_screen(supervisor) as screen:
        await screen.type("v")
        assert 'thread.opened          {"thread":"t1","batch":"spring"' in await screen.text()
        assert "t2" not in await screen.text()
        supervisor.happen(ROOT, e.ThreadDescribed(summary="two\nlines \x1b[2J"))
        assert "◉ follow" in (await screen.lines())[-1]
        assert "thread.described" in await screen.text()
        await screen.type("z")
        assert '"batch": "spring"' in await screen.text()
        await supervisor.die()
        supervisor.happen(ROOT, e.ThreadAbandoned(by="operator"))
        supervisor.is_there = True
        await trio.sleep(5)
        text = await screen.text()
        assert text.count("thread.abandoned") == 1
        assert text.count("thread.opened") == 1
    nothing = PlayedSupervisor()
    nothing.threads = []
    nothing.record("supervisor", e.ConfigLoaded(digest="d"))
    async with open_screen(nothing) as screen:
        await screen.type("v")
        assert "all  events" in await screen.text()
        assert "supervisor" in await screen.line("config.loaded")


def message(number: int, sender: str, to: str, body: str, **fields: object) -> TranscriptMessage:
    known = {"id": number, "reference": f"db:{number}", "from": sender, "to": to, "intent": "dispatch", "body": body}
    return msgspec.convert({**known, "created_at": NOW + number, **fields}, TranscriptMessage)


def run(name: str, agent: str, of: int, at: float) -> TranscriptExecution:
    return TranscriptExecution(
        id=name,
        agent=agent,
        backend="b",
        status="completed",
        attempt=0,
        dispatch_message_id=of,
        queued_at=NOW + at,
        started_at=NOW + at,
        finished_at=NOW + at + 1,
        duration_ms=1000,
    )


def chain() -> PlayedSupervisor:
    supervisor = one_thread()
    supervisor.transcripts[ROOT] = TranscriptResponse(
        thread_id=ROOT,
        thread_status="Active",
        children=(CHILD,),
        messages=(
            message(1, "operator", "dev", "Build it."),
            message(3, "dev", "operator", "Built.", intent="response", execution_id="x1"),
            message(9, "dev", "dev", "Put it right.", intent="handoff", depth=1, execution_id="x1"),
        ),
        executions=(run("x1", "dev", 1, 1), run("x9", "dev", 9, 10)),
    )
    supervisor.transcripts[CHILD] = TranscriptResponse(
        thread_id=CHILD,
        thread_status="Active",
        messages=(
            message(4, "dev", "r1", "The whole\nreply\nagain.", intent="handoff", depth=1, execution_id="x1"),
            message(
                7, "r1", "operator", "Wrong.\n\nVerdict: request changes", intent="response", depth=1, execution_id="y1"
            ),
        ),
        executions=(run("y1", "r1", 4, 5),),
    )
    return supervisor


async def test_a_chain_is_a_tree_with_what_the_agents_of_a_fan_out_said_below_what_they_were_given() -> None:
    async with open_screen(chain(), (80, 40)) as screen:
        await screen.type("enter")
        shown = [line[1:].rstrip() for line in await screen.lines()]
        begin = shown.index("▸ dev started 22:13:21")
        assert shown[begin + 1 : begin + 18] == [
            "✓ dev completed after 1.0 s",
            "",
            "dev → operator  response · 22:13 · db:3",
            "│ Built.",
            "",
            "↳ r1  in t1-r1  active",
            "  dev → r1  handoff · 22:13 · db:4",
            "  │ 3 lines: what was answered above, to be looked at",
            "",
            "  ▸ r1 started 22:13:25",
            "  ✓ r1 completed after 1.0 s · verdict: request changes",
            "",
            "  r1 → operator  response · 22:13 · db:7",
            "  │ Wrong.",
            "  │",
            "  │ Verdict: request changes",
            "",
        ]
        text = "\n".join(shown)
        assert "\n  dev → dev  handoff" in text
        assert "\n  │ Put it right." in text
        assert "The whole" not in text
        await screen.type("z")
        assert "│ The whole" in await screen.text()


async def test_a_thread_of_the_fan_out_goes_on_in_the_open_conversation() -> None:
    supervisor = chain()
    child = supervisor.transcripts[CHILD]
    async with open_screen(supervisor, (80, 40)) as screen:
        await screen.type("enter")
        more = message(8, "operator", "r1", "Look again, please.")
        supervisor.transcripts[CHILD] = msgspec.structs.replace(child, messages=(*child.messages, more))
        supervisor.happen(CHILD, e.ThreadDescribed(summary="x"))
        assert "Look again, please." in await screen.text()


def changed(*paths: str) -> DiffResponse:
    part = "diff --git a/{0} b/{0}\n--- a/{0}\n+++ b/{0}\n@@ -1 +1 @@\n-def old_name():\n+def new_name():\n"
    return DiffResponse(
        thread_id=ROOT,
        branch="compas/t1",
        base="b",
        tip="t",
        uncommitted=False,
        text="".join(part.format(path) for path in paths),
        truncated=False,
        files=tuple(DiffFile(path=path, added=1, deleted=1) for path in paths),
        review_note="Nobody has given a verdict on compas/t1.",
    )


@pytest.mark.parametrize("size", SIZES)
async def test_files_of_a_diff_are_gone_to_and_folded_and_stay_so_when_it_is_read_again(size: tuple[int, int]) -> None:
    supervisor = one_thread()
    supervisor.diffs[ROOT] = changed(*(f"file{number}.py" for number in range(20)))
    async with open_screen(supervisor, size) as screen:
        await screen.type("d")
        assert "Nobody has given a verdict" in await screen.text()
        await screen.type("]", "]")
        assert "▌▾ file2.py" in (await screen.lines())[1]
        await screen.type("z")
        assert "▌▸ file2.py" in await screen.text()
        supervisor.diffs[ROOT] = changed(*(f"file{number}.py" for number in range(5)))
        supervisor.happen(ROOT, e.ExecutionEnded(execution="x", status="completed"))
        assert "▌▸ file2.py" in await screen.text()
        await screen.type("Z")
        text = await screen.text()
        assert text.count("▸") == 5
        assert "new_name" not in text
        await screen.type("Z", "[", "[", "[")
        assert "▌▾ file0.py" in await screen.text()
        segments = [segment for line in screen.controller.frame(*size) for segment in line.segments]
        assert ("word gone", "old_name") in segments
        assert ("word added", "new_name") in segments


async def test_a_page_without_an_answer_says_why() -> None:
    async with open_screen(one_thread()) as screen:
        for key in ("w", "D"):
            await screen.type(key)
            assert "nobody has set what" in await screen.text()
