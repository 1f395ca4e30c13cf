"""The story of a thread in words, and where it stands."""

from compas.api.advice import in_commands
from compas.domain import events as e
from compas.domain.explanation import explain, standing
from tests.kit.domain.thread_dialogue import CRASHED, NOON, Dialogue, agent, failure, rules, success

CHAIN = rules(agent("dev", "reviewer", max_retries=1), agent("reviewer"))


def told(talk: Dialogue) -> list[str]:
    return [one.what for one in explain(tuple(talk.log))]


def where(talk: Dialogue) -> tuple[str, str]:
    stands, following = standing(talk.state, now=talk.now)
    return stands, in_commands(following)


def test_a_chain_is_told_step_by_step_with_numbers_agents_and_hops() -> None:
    talk = Dialogue(CHAIN)
    talk.dispatch()
    talk.run(success())
    talk.run(success(verdict="request_changes"))
    assert told(talk) == [
        "thread t1 was opened",
        "operator wrote db:2 (dispatch) to dev",
        "work for dev was queued (id2)",
        "dev was to be started in /src/app",
        "dev ran (pid 7)",
        "dev ended: completed",
        "dev wrote db:7 (response) to operator",
        "dev wrote db:8 (handoff, handoff 1) to reviewer",
        "work for reviewer was queued (id5)",
        "reviewer was to be started in /src/app",
        "reviewer ran (pid 7)",
        "reviewer ended: completed, verdict: request changes",
        "reviewer wrote db:13 (response) to operator",
    ]
    assert [one.depth for one in explain(tuple(talk.log))] == [0] * 7 + [1] * 6


def test_a_changed_config_is_told_with_what_follows_from_it() -> None:
    loaded = e.ConfigLoaded(digest="d", changed=("agents.dev.model", "agents.rev added"), notes=("2 run at once now",))
    recorded = e.Recorded(position=4, stream=e.SUPERVISOR_STREAM, version=2, event=loaded, at=NOON)
    (said,) = explain((recorded,))
    assert said.what == "the config file was changed: agents.dev.model, agents.rev added; 2 run at once now"
    assert said.because == ""


def test_failures_retries_crashes_and_delays_are_told_with_their_reason() -> None:
    talk = Dialogue(CHAIN)
    talk.dispatch(not_before=NOON + 60)
    assert "work for dev was queued (id2, for a later time)" in told(talk)
    talk.now += 60
    talk.run(failure("transient", error="503\nService Unavailable"))
    assert told(talk)[-2:] == ["dev ended: failed: 503", "work for dev was queued (id3, attempt 2 after a failure)"]
    talk.now += 60
    talk.run(CRASHED)
    assert told(talk)[-1] == "work for dev was queued (id4, attempt 3 after a crash)"
    talk.run(failure())
    assert told(talk)[-1] == "the thread failed with that execution"


def test_what_a_person_did_is_told_with_who_did_it() -> None:
    talk = Dialogue(CHAIN)
    talk.dispatch()
    execution = talk.start()
    talk.abandon()
    talk.stopped(execution)
    talk.dispatch(summary="health")
    talk.close("failed")
    story = told(talk)
    for sentence in (
        "operator abandoned the thread",
        "dev's execution was cancelled: the thread was abandoned",
        "dev's processes were gone",
        "operator reopened the thread, which had been Abandoned",
        "its summary or its batch was set",
        "operator closed the thread as Failed",
    ):
        assert sentence in story


def test_every_event_of_a_thread_and_of_its_merges_has_words_of_its_own() -> None:
    merges: list[e.Event] = [
        e.MergeQueued(
            op="op1",
            thread="t1",
            repository="/r",
            source="compas/t1",
            target="main",
            strategy="merge",
            requested_by="operator",
            message="",
            source_tip="c",
        ),
        e.MergeStarted(op="op1"),
        e.MergePrepared(op="op1", kind="merge", target_old="a" * 40, new_commit="b" * 40),
        e.MergeCompleted(op="op1", new_commit="b" * 40, summary="Merged"),
        e.MergeFailed(op="op1", code="conflict", reason="both changed a.txt\nmore"),
        e.MergeFailed(op="op1", code="conflict", reason=""),
        e.MergeHandedBack(op="op1", summary="handed back to dev"),
        e.MergeCancelled(op="op1", reason="abandoned"),
        e.WorktreePlanned(execution="x", repository="/r", branch="compas/t1", base="main"),
        e.WorktreeReady(repository="/r", path="/trees/t1", branch="compas/t1", base="main", base_commit="c"),
        e.WorktreeFurnished(execution="x", repository="/r", instance="i", copied=2, linked=1, notes=("no .env",)),
        e.SetupStarted(execution="x", repository="/r", instance="i", command="npm ci\nnpm test"),
        e.CommitBegun(execution="x", repository="/r", instance="i", limit_secs=300),
        e.SetupEnded(execution="x", repository="/r", instance="i"),
        e.SetupEnded(execution="x", repository="/r", instance="i", problem="it ended with 1\nmore"),
        e.WorktreeRemovalPlanned(repository="/r", path="/trees/t1", by="cleanup"),
        e.WorktreeRemovalPlanned(repository="/r", path="/trees/t1", by="operator", force=True),
        e.WorktreeRemoved(repository="/r", path="/trees/t1", branch="compas/t1", fate="deleted"),
        e.WorktreeRemoved(
            repository="/r",
            path="/trees/t1",
            branch="compas/t1",
            fate="archived",
            archive="refs/compas/archive/x",
            ignored=(".env", "made"),
            notes=("the teardown failed",),
        ),
        e.FannedOut(execution="x", threads=("t2", "t3"), agents=("r1", "r2"), depth=1),
        e.WorktreePlanned(execution="x", repository="/r", branch="", base="c" * 40),
        e.WorkCommitted(repository="/r", commit="c" * 40, files=3),
        e.WorktreeKept(repository="/r", path="/trees/t1", reason="it has changes"),
        e.WorktreeFurnished(execution="x", repository="/r", instance="i"),
        e.Joined(execution="x"),
        e.VerdictGiven(execution="x", verdict="request_changes"),
        e.BreakerOpened(backend="claude", failures=3, category="transient", until=0.0),
        e.BreakerClosed(backend="claude", why="an execution succeeded"),
    ]
    recorded = tuple(
        e.Recorded(position=n, stream="s", version=n, event=one, at=0.0) for n, one in enumerate(merges, 1)
    )
    assert [one.what for one in explain(recorded)] == [
        "operator asked to merge compas/t1 into main (op1)",
        "the merge began",
        "the merge was computed: the target was to move from aaaaaaaaaaaa to bbbbbbbbbbbb",
        "the merge was completed: Merged",
        "the merge failed: both changed a.txt",
        "the merge failed: no reason was given",
        "the conflict was handed back to dev",
        "the merge was cancelled: abandoned",
        "a worktree on compas/t1 was to be made from main",
        "the worktree /trees/t1 was ready",
        "2 files were copied into the worktree, and 1 linked; no .env",
        "the setup command was to run in the worktree: npm ci",
        "the agent had ended, and git was to commit what it left, with hooks and signing, within "
        "300 s (git_timeout_secs)",
        "the setup command succeeded",
        "the setup command failed: it ended with 1",
        "cleanup wanted the worktree /trees/t1 removed",
        "operator wanted the worktree /trees/t1 removed, whatever is in it",
        "the worktree /trees/t1 was removed, its branch compas/t1 deleted",
        "the worktree /trees/t1 was removed, its branch compas/t1 archived as refs/compas/archive/x; "
        "ignored files went with it: .env, made; the teardown failed",
        "the reply went to r1 (t2), r2 (t3)",
        "a worktree was to be made to read cccccccccccc in",
        "3 files were committed as cccccccccccc",
        "the worktree /trees/t1 was kept: it has changes",
        "the worktree needed no other files",
        "all answers to that reply were there",
        "an agent gave its verdict: request changes",
        "the circuit breaker of claude opened after 3 failures",
        "the circuit breaker of claude closed: an execution succeeded",
    ]


def test_each_step_names_what_led_to_it() -> None:
    queued = e.ExecutionQueued(execution="x1", message="m", agent="dev", backend="cli")
    causes = {"": "", "request:r1": "asked for by a client", "execution:x1": "dev's execution x1"}
    causes |= {
        "execution:x9": "an agent's execution x9",
        "merge:op1": "merge operation op1",
        "schedule:nightly": "schedule nightly",
    }
    following = e.ExecutionQueued(execution="x2", message="m", agent="reviewer", backend="cli")
    recorded = tuple(
        e.Recorded(position=n, stream="s", version=n, event=following if n > 1 else queued, at=0.0, causation=cause)
        for n, cause in enumerate(causes, 1)
    )
    assert [one.because for one in explain(recorded)] == list(causes.values())


def test_a_step_of_an_execution_is_not_explained_by_that_execution() -> None:
    started = e.ExecutionStarted(execution="x1", pid=7, started_at=0.0)
    recorded = e.Recorded(position=1, stream="s", version=1, event=started, at=0.0, causation="execution:x1")
    assert [one.because for one in explain((recorded,))] == [""]


def test_a_thread_says_who_is_at_work_and_how_to_watch() -> None:
    talk = Dialogue(CHAIN)
    talk.dispatch()
    execution = talk.start()
    assert where(talk) == (f"dev is at work (executing): {execution}", f"compas log -f {execution}")
    talk.abandon()
    assert where(talk)[0] == f"dev is being ended: {execution}"


def test_a_thread_says_what_it_waits_for() -> None:
    talk = Dialogue(CHAIN)
    assert where(talk)[0] == "nothing has been started in it"
    talk.dispatch()
    assert "waits for a free place" in where(talk)[0]
    talk.run(failure("transient"))
    assert where(talk)[0] == "dev will be started in 30 s (retry, attempt 2)"
    talk.dispatch("reviewer")
    assert "reviewer waits for a free place" in where(talk)[0], "what may start now comes before what may start later"


def test_a_thread_says_whose_turn_it_is_when_all_is_over() -> None:
    talk = Dialogue(rules(agent("dev")))
    talk.dispatch()
    talk.run(success(verdict="approve"))
    assert where(talk)[0] == "dev has answered and approved; nothing is running, so it is the operator's turn"
    talk.dispatch()
    talk.run(failure(error="\n no licence\nmore"))
    assert where(talk)[0] == "it failed: no licence"
    talk.abandon()
    assert where(talk) == ("it has ended (Abandoned)", "compas dispatch AGENT TEXT --thread t1 takes it up again")
