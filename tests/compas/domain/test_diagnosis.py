"""What is in a thread's way, and what is advised: by what it waits for, and by how it failed."""

import msgspec
import pytest

from compas.api.advice import all_in_words, as_command
from compas.domain import events as e
from compas.domain.approval.judgement import Review
from compas.domain.breaker import Breaker
from compas.domain.diagnosis import AgentState, Diagnosis, LastMerge, Surroundings, diagnose
from compas.domain.facts.running import SnapshotTaken
from tests.kit.domain.thread_dialogue import CRASHED, NOON, TIMED_OUT, Dialogue, agent, failure, rules, success

FREE = Surroundings(now=NOON, agents={"dev": AgentState(limit=2), "other": AgentState(limit=2)}, running=0, limit=4)
OPEN = Breaker(backend="cli", opened=e.BreakerOpened(backend="cli", failures=3, category="transient", until=NOON + 60))
FAILED_MERGE = LastMerge(op="M", status="failed", target="main", error="\nconflict in a\nand b")


TREE = e.WorktreeReady(repository="/r", path="/src/app", branch="compas/t1", base="main", base_commit="c")
OBJECTED = Review(standing="changes_requested", sentence="rev asked for changes.")
OUTDATED = Review(standing="changed_since_the_approval", sentence="It has been changed since.")
UNRECORDED = Review(standing="no_snapshot", sentence="It could not be recorded.")
UNREVIEWED = Review(standing="not_reviewed", sentence="Nobody has given a verdict.")


def talk() -> Dialogue:
    return Dialogue(rules(agent("dev"), agent("other"), agent("human", role="operator")))


def look(thread: Dialogue, **changes: object) -> Diagnosis:
    around = {"now": thread.now, **changes}
    found = diagnose(thread.state, msgspec.structs.replace(FREE, **around))
    return all_in_words(found, as_command)


def test_who_is_at_work_is_in_nobodys_way() -> None:
    thread = talk()
    thread.dispatch()
    execution = thread.start()
    found = look(thread)
    assert (found.standing, found.blockers) == (f"dev is at work (executing): {execution}", ())
    assert found.suggestions == (
        "compas wait --thread-id t1 --await-chain waits for the answer",
        f"compas log -f {execution} shows what it prints",
    )


def test_what_is_being_ended_is_in_the_way_of_what_waits_behind_it() -> None:
    thread = talk()
    thread.dispatch()
    execution = thread.start()
    thread.abandon()
    assert look(thread).blockers == ()
    thread.dispatch()
    assert look(thread).blockers == (
        f"the processes of dev ({execution}) are still being ended; what waits starts then",
    )


@pytest.mark.parametrize(
    ("changes", "says", "advises"),
    [
        ({"agents": {}}, "the config has no agent 'dev' any more", "put the agent back"),
        ({"agents": {"dev": AgentState(unusable="no cli found")}}, "cannot be started: no cli found", "mend that"),
        ({"is_ending": True}, "the supervisor is ending", "the next supervisor"),
        (
            {"agents": {"dev": AgentState(running=2, limit=2)}, "running": 4},
            "dev runs 2 of at most 2 executions",
            "compas tasks --filter running --agent dev",
        ),
        (
            {"breakers": {"cli": OPEN}},
            "the circuit breaker of cli is open, since 3 executions failed in a row (transient); it is tried again in",
            "compas health dev --ping",
        ),
        ({"running": 4}, "4 of at most 4 executions run", "compas tasks --filter running shows"),
    ],
    ids=["gone", "unusable", "ending", "agent full", "breaker open", "all full"],
)
def test_what_keeps_the_next_in_line_is_named_with_what_helps(
    changes: dict[str, object], says: str, advises: str
) -> None:
    thread = talk()
    thread.dispatch()
    found = look(thread, **changes)
    (blocker,) = found.blockers
    assert says in blocker
    assert advises in found.suggestions[0]


def test_the_next_in_line_with_a_free_place_has_nothing_in_its_way() -> None:
    thread = talk()
    thread.dispatch()
    found = look(thread)
    assert (found.blockers, found.suggestions) == (
        (),
        ("nothing has to be done: dev is being prepared or is next in line",),
    )


def test_what_starts_later_says_when_and_why_and_gives_way_to_what_may_start_now() -> None:
    thread = talk()
    thread.dispatch(not_before=NOON + 60)
    found = look(thread)
    assert found.blockers == ()
    assert "dev starts by itself at 2023-11-14T22:14:20Z, since it was scheduled for then" in found.suggestions[0]
    thread.dispatch("other")
    full = {"other": AgentState(running=1, limit=1)}
    assert look(thread, agents=full).blockers == ("other runs 1 of at most 1 executions (max_concurrent)",)


def test_a_retry_says_that_an_attempt_failed() -> None:
    thread = Dialogue(rules(agent("dev", max_retries=1)))
    thread.dispatch()
    thread.run(failure("transient"))
    assert "since the attempt before it failed" in look(thread).suggestions[0]


@pytest.mark.parametrize(
    ("outcome", "says", "advises"),
    [
        (failure(error="\n  no licence\nmore"), "dev failed (id2): no licence", "compas log id2"),
        (failure("auth_failure"), "dev failed (id2): it broke", "log in with the CLI of dev"),
        (failure("quota_exhausted", resets_at=NOON + 60), "dev failed", "again, at 2023-11-14T22:14:20Z"),
        (failure("quota_exhausted"), "dev failed", "an agent of another backend"),
        (failure(error=""), "it said nothing of why", "compas log id2"),
        (TIMED_OUT, "dev ran out of time (id2): timed out after 600 s", "a larger timeout_secs"),
        (CRASHED, "dev crashed (id2): the execution was lost", "compas log id2"),
    ],
    ids=["broke", "login", "quota until", "quota", "silent", "time", "crash"],
)
def test_a_failure_is_named_and_what_helps_against_its_kind_comes_first(
    outcome: object, says: str, advises: str
) -> None:
    thread = Dialogue(rules(agent("dev", on_crash="fail")))
    thread.dispatch()
    thread.run(outcome)  # type: ignore[arg-type]
    found = look(thread)
    (blocker,) = found.blockers
    assert says in blocker
    assert advises in found.suggestions[0]
    assert any("compas dispatch AGENT TEXT --thread t1" in one for one in found.suggestions)


def test_the_newer_of_two_executions_queued_in_one_second_is_the_one_that_counts() -> None:
    thread = talk()
    thread.dispatch()
    thread.dispatch("other")
    thread.run(success())
    thread.run(failure(error="the newer one broke"))
    assert look(thread).blockers[0].startswith("other failed (id4): the newer one broke")


def test_a_thread_that_a_person_ended_says_so_and_how_to_take_it_up_again() -> None:
    thread = talk()
    thread.dispatch()
    thread.run(success())
    thread.close("failed")
    assert look(thread).blockers == ("it was closed as failed",)
    thread.reopen()
    thread.abandon()
    assert (look(thread).blockers, look(thread).suggestions) == (
        (),
        ("nothing is left to do; compas reopen t1 takes it up again",),
    )


def test_a_thread_in_which_nothing_was_started_says_why() -> None:
    assert look(talk()).blockers == ("nothing has been said in it",)
    thread = talk()
    thread.dispatch("human", intent="note")
    assert look(thread).blockers == (
        "nothing has been started in it: its last message, db:2 (note) to human, starts no work",
    )


def test_a_failed_merge_is_in_the_way_until_the_thread_ends_or_another_completes() -> None:
    thread = talk()
    thread.dispatch()
    thread.append(TREE)
    thread.run(success())
    found = look(thread, merge=FAILED_MERGE)
    assert found.blockers == ("its last merge into main failed (M): conflict in a",)
    assert found.suggestions == ("mend what the merge says, then compas merge t1",)
    done = msgspec.structs.replace(FAILED_MERGE, status="completed")
    assert look(thread, merge=done).blockers == ()
    queued = msgspec.structs.replace(FAILED_MERGE, status="queued")
    assert look(thread, merge=queued).suggestions == ("compas wait-merge --op-id M waits for the merge into main",)
    thread.close("completed")
    assert look(thread, merge=FAILED_MERGE).blockers == ()


def test_a_thread_whose_answer_is_there_is_the_operators_turn() -> None:
    thread = talk()
    thread.dispatch()
    thread.append(TREE)
    thread.run(success(verdict="approve"))
    found = look(thread)
    assert (found.blockers, found.suggestions) == ((), ("compas diff t1, then compas merge t1, or dispatch again",))


def test_a_cancelled_execution_is_not_waited_for() -> None:
    thread = talk()
    thread.dispatch()
    thread.append(e.ExecutionCancelled(execution="id2", reason="gone"))
    assert look(thread).blockers == ()


@pytest.mark.parametrize(
    ("tree", "snapshot", "changes", "advises"),
    [
        (None, None, {}, "compas close t1, or dispatch again"),
        (TREE, SnapshotTaken(commit="s", head="h"), {}, "compas diff t1, then compas merge t1, or dispatch again"),
        (
            TREE,
            SnapshotTaken(commit="s", head="h", dirty=True),
            {},
            "compas diff t1, then compas commit t1, or dispatch again",
        ),
        (TREE, None, {"review": OBJECTED}, "compas dispatch AGENT TEXT --thread t1 with what is to be changed"),
        (TREE, None, {"review": OUTDATED}, "compas diff t1, then have it reviewed, or dispatch again"),
        (TREE, None, {"review": UNRECORDED}, "mend what git names, then compas dispatch AGENT TEXT --thread t1"),
        (
            TREE,
            None,
            {"review": UNREVIEWED, "requires": "approval"},
            "compas diff t1, then have it reviewed, or dispatch again",
        ),
        (TREE, None, {"held": ("main was moved",)}, "the operator decides about that: compas merge t1 says how"),
    ],
    ids=["no branch", "clean", "uncommitted", "objected", "outdated", "unrecorded", "unreviewed", "held"],
)
def test_what_is_advised_at_the_end_is_what_the_work_and_its_review_allow(
    tree: e.WorktreeReady | None, snapshot: SnapshotTaken | None, changes: dict[str, object], advises: str
) -> None:
    thread = talk()
    thread.dispatch()
    if tree is not None:
        thread.append(tree)
    execution = thread.start()
    thread.end(success(snapshot=snapshot), execution)
    assert look(thread, **changes).suggestions == (advises,)


def test_what_was_committed_by_word_of_a_client_can_be_merged() -> None:
    thread = talk()
    thread.dispatch()
    thread.append(TREE)
    thread.end(success(snapshot=SnapshotTaken(commit="s", head="h", dirty=True)), thread.start())
    thread.append(e.WorkCommitted(repository="/r", commit="c", files=1))
    assert look(thread).suggestions == ("compas diff t1, then compas merge t1, or dispatch again",)
