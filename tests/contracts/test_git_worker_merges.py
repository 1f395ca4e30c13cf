"""What the orchestrator relies on in merges, whether the repository is real or in memory."""

from pathlib import Path

import pytest

from compas.git.errors import GitRefused
from compas.git.protocol.merging import (
    ClearMerge,
    Conflict,
    Conflicts,
    FinishMerge,
    Published,
    PublishMerge,
    Refused,
    TargetMoved,
    VerifyMerge,
)
from compas.git.protocol.reading import Contains
from compas.git.protocol.targets import FindMove, Move, ThreadTip
from compas.git.protocol.worktrees import EnsureWorktree, FillPool, Pool
from tests.kit.ceiling import CEILING
from tests.kit.git.git_hands import Hands, prepare, prepared, worktree


async def test_branches_that_parted_are_merged(hands: Hands) -> None:
    await worktree(hands)
    hands.commit("compas/t1", "work", a_txt="a\n")
    hands.commit("main", "meanwhile", b_txt="b\n")
    ready = await prepared(hands)
    assert ready.kind == "merge"
    assert hands.tip("main") == ready.target_old
    assert isinstance(await hands.git.ask(PublishMerge(repo=hands.path, op="op1", prepared=ready)), Published)
    assert hands.tip("main") == ready.new
    assert (hands.read(hands.path, "a.txt"), hands.read(hands.path, "b.txt")) == ("a\n", "b\n")


async def test_a_publication_that_is_repeated_changes_nothing(hands: Hands) -> None:
    await worktree(hands)
    hands.commit("compas/t1", "work", a_txt="a\n")
    ready = await prepared(hands)
    await hands.git.ask(PublishMerge(repo=hands.path, op="op1", prepared=ready))
    later = hands.commit("main", "later", b_txt="b\n")
    again = await hands.git.ask(PublishMerge(repo=hands.path, op="op1", prepared=ready))
    assert isinstance(again, Published)
    assert hands.tip("main") == later


async def test_a_target_that_moved_is_left_alone(hands: Hands) -> None:
    await worktree(hands)
    hands.commit("compas/t1", "work", a_txt="a\n")
    ready = await prepared(hands)
    moved = hands.commit("main", "meanwhile", b_txt="b\n")
    expected = TargetMoved(target="main", expected=ready.target_old, found=moved)
    assert await hands.git.ask(PublishMerge(repo=hands.path, op="op1", prepared=ready)) == expected
    assert hands.tip("main") == moved


async def test_a_conflict_names_the_file_and_both_sides(hands: Hands) -> None:
    await worktree(hands)
    made = hands.commit("compas/t1", "theirs", README="theirs\n")
    moved = hands.commit("main", "ours", README="ours\n")
    found = await prepare(hands)
    assert isinstance(found, Conflicts)
    assert found.files == (Conflict(path="README", kind="contents"),)
    assert [(one.commit, one.subject) for one in found.ours] == [(moved, "ours")]
    assert [(one.commit, one.subject) for one in found.theirs] == [(made, "theirs")]
    assert hands.tip("main") == moved


async def test_a_branch_without_commits_has_nothing_to_merge(hands: Hands) -> None:
    await worktree(hands)
    found = await prepared(hands)
    assert (found.kind, found.new) == ("nothing", hands.tip("main"))


async def test_a_merged_branch_is_merged_already(hands: Hands) -> None:
    await worktree(hands)
    hands.commit("compas/t1", "work", a_txt="a\n")
    await hands.git.ask(PublishMerge(repo=hands.path, op="op1", prepared=await prepared(hands)))
    found = await prepared(hands, "op2")
    assert (found.kind, found.new) == ("already_merged", hands.tip("main"))


async def test_a_rebase_makes_the_sources_commits_again_on_the_target(hands: Hands) -> None:
    await worktree(hands)
    tip = hands.commit("compas/t1", "work", a_txt="a\n")
    old = hands.commit("main", "meanwhile", b_txt="b\n")
    ready = await prepared(hands, strategy="rebase")
    assert (ready.kind, ready.target_old) == ("rebase", old)
    assert isinstance(await hands.git.ask(PublishMerge(repo=hands.path, op="op1", prepared=ready)), Published)
    assert (await hands.git.ask(Contains(repo=hands.path, commit=old, branch="main"))).contained
    assert not (await hands.git.ask(Contains(repo=hands.path, commit=tip, branch="main"))).contained
    assert hands.read(hands.path, "a.txt") == "a\n"


async def test_a_pool_is_filled_handed_out_of_refilled_and_emptied(hands: Hands) -> None:
    assert await hands.git.ask(FillPool(repo=hands.path, base="main", size=2)) == Pool(ready=2)
    tree = await hands.git.ask(EnsureWorktree(repo=hands.path, thread="t1", base="main", pool=True))
    assert (tree.created, tree.head, hands.read(tree.path, "README")) == (True, hands.tip("main"), "begin\n")
    assert await hands.git.ask(FillPool(repo=hands.path, base="main", size=2)) == Pool(ready=2)
    assert await hands.git.ask(FillPool(repo=hands.path, base="main", size=0)) == Pool(ready=0)
    assert (await worktree(hands, "t2")).created


async def test_a_pool_of_a_branch_that_does_not_exist_is_refused(hands: Hands) -> None:
    with pytest.raises(GitRefused, match="'nowhere'"):
        await hands.git.ask(FillPool(repo=hands.path, base="nowhere", size=1))
    assert await hands.git.ask(FillPool(repo=hands.path, base="nowhere", size=0)) == Pool(ready=0)


async def test_a_squash_is_one_commit_and_a_second_one_nothing_to_do(hands: Hands) -> None:
    await worktree(hands)
    hands.commit("compas/t1", "one", a_txt="a\n")
    tip = hands.commit("compas/t1", "two", a_txt="aa\n")
    ready = await prepared(hands, strategy="squash")
    assert ready.kind == "squash"
    assert isinstance(await hands.git.ask(PublishMerge(repo=hands.path, op="op1", prepared=ready)), Published)
    assert not (await hands.git.ask(Contains(repo=hands.path, commit=tip, branch="main"))).contained
    assert hands.read(hands.path, "a.txt") == "aa\n"
    again = await prepared(hands, "op2", strategy="squash")
    assert (again.kind, again.new) == ("already_merged", ready.new)


async def test_a_rebase_that_conflicts_names_the_commit(hands: Hands) -> None:
    await worktree(hands)
    hands.commit("compas/t1", "fine", a_txt="a\n")
    made = hands.commit("compas/t1", "theirs", README="theirs\n")
    hands.commit("main", "ours", README="ours\n")
    found = await prepare(hands, strategy="rebase")
    assert isinstance(found, Conflicts)
    assert found.picked is not None
    assert (found.picked.commit, found.picked.subject) == (made, "theirs")
    assert found.theirs == (found.picked,)


@pytest.mark.parametrize(("command", "outcome", "code"), [("true", "passed", 0), ("false", "failed", 1)])
async def test_a_check_of_a_merge_says_how_it_ended(
    hands: Hands, tmp_path: Path, command: str, outcome: str, code: int
) -> None:
    await worktree(hands)
    hands.commit("compas/t1", "work", a_txt="a\n")
    ready, log = await prepared(hands), str(tmp_path / "check.log")
    found = await hands.git.ask(
        VerifyMerge(repo=hands.path, op="op1", commit=ready.new, command=command, timeout_secs=CEILING, log=log)
    )
    assert (found.outcome, found.code, found.log) == (outcome, code, log)
    assert (await hands.git.ask(ClearMerge(repo=hands.path, op="op1"))).cleaned == ()


@pytest.mark.parametrize("side", ["source", "target"])
async def test_a_side_that_does_not_exist_refuses_the_merge(hands: Hands, side: str) -> None:
    await worktree(hands)
    found = await prepare(hands, **{side: "nowhere"})
    assert isinstance(found, Refused)
    assert found.code == "no_such_branch"


@pytest.mark.parametrize("target", ["compas/t1", "COMPAS/t1", "refs/heads/compas/t1"])
async def test_a_threads_branch_is_no_target_and_holds_no_work(hands: Hands, target: str) -> None:
    tip = (await worktree(hands)).head
    found = await prepare(hands, target=target)
    assert isinstance(found, Refused)
    assert found.code == "thread_branch"
    with pytest.raises(GitRefused, match=target) as refused:
        await hands.git.ask(Contains(repo=hands.path, commit=tip, branch=target))
    assert refused.value.code == "thread_branch"


async def test_another_name_of_a_threads_branch_is_no_target_either(hands: Hands) -> None:
    tip = (await worktree(hands)).head
    hands.point("other", "main2")
    hands.point("main2", "compas/t1")
    found = await prepare(hands, target="other")
    assert isinstance(found, Refused)
    assert found.code == "thread_branch"
    with pytest.raises(GitRefused, match="compas/t1"):
        await hands.git.ask(Contains(repo=hands.path, commit=tip, branch="other"))


async def test_a_source_that_moved_since_it_was_approved_refuses_the_merge(hands: Hands) -> None:
    approved = (await worktree(hands)).head
    hands.commit("compas/t1", "more", a_txt="a\n")
    found = await prepare(hands, expected_source=approved)
    assert isinstance(found, Refused)
    assert found.code == "source_moved"


async def test_uncommitted_work_refuses_the_merge(hands: Hands) -> None:
    tree = await worktree(hands)
    hands.commit("compas/t1", "work", a_txt="a\n")
    hands.write(tree.path, b_txt="b\n")
    found = await prepare(hands)
    assert isinstance(found, Refused)
    assert found.code == "source_dirty"


@pytest.mark.parametrize("is_published", [True, False])
async def test_the_repository_tells_whether_a_merge_was_published(hands: Hands, is_published: bool) -> None:
    await worktree(hands)
    hands.commit("compas/t1", "work", a_txt="a\n")
    ready = await prepared(hands)
    if is_published:
        await hands.git.ask(PublishMerge(repo=hands.path, op="op1", prepared=ready))
        hands.commit("main", "later", b_txt="b\n")
    found = await hands.git.ask(
        FinishMerge(repo=hands.path, op="op1", target="main", target_old=ready.target_old, new=ready.new)
    )
    assert (found.published, found.tip) == (is_published, hands.tip("main"))


# --- how a target has moved ------------------------------------------------------------------------------------------


async def test_commits_and_hand_merges_of_people_are_forward_and_nobodys(hands: Hands) -> None:
    known = (await worktree(hands)).base
    hands.commit("main", "one", a_txt="a\n")
    hands.commit("compas/t1", "work", b_txt="b\n")
    hands.merge_by_hand("compas/t1")
    now = hands.commit("main", "two", a_txt="aa\n")
    assert await hands.git.ask(FindMove(repo=hands.path, known=known, now=now)) == Move(is_forward=True, commits=())


async def test_commits_of_a_thread_that_its_target_was_put_on_are_named_the_newest_first(hands: Hands) -> None:
    known = (await worktree(hands)).base
    one = hands.commit("compas/t1", "one", b_txt="b\n")
    two = hands.commit("compas/t1", "two", b_txt="bb\n")
    hands.move("main", two)
    found = await hands.git.ask(FindMove(repo=hands.path, known=known, now=two))
    assert found.is_forward
    assert [(line.commit, line.thread, line.subject) for line in found.commits] == [
        (two, "t1", "two"),
        (one, "t1", "one"),
    ]


async def test_commits_are_a_threads_also_where_only_the_log_still_knows(hands: Hands) -> None:
    known = (await worktree(hands)).base
    made = hands.commit("compas/t1", "work", b_txt="b\n")
    hands.move("main", made)
    hands.move("compas/t1", known)
    tips = (ThreadTip(thread="t1", commit=made), ThreadTip(thread="t2", commit="e" * 40))
    assert (await hands.git.ask(FindMove(repo=hands.path, known=known, now=made))).commits == ()
    (found,) = (await hands.git.ask(FindMove(repo=hands.path, known=known, now=made, threads=tips))).commits
    assert (found.commit, found.thread) == (made, "t1")


async def test_what_a_thread_began_with_is_not_its_own(hands: Hands) -> None:
    known = (await worktree(hands, "t0")).base
    moved = hands.commit("compas/t0", "brought in by other means", a_txt="a\n")
    hands.move("main", moved)
    hands.move("compas/t0", known)
    assert (await worktree(hands)).base == moved
    found = await hands.git.ask(FindMove(repo=hands.path, known=known, now=moved))
    assert [one.thread for one in found.commits] == ["t1"]
    tips = (ThreadTip(thread="t1", commit=moved, base=moved),)
    assert (await hands.git.ask(FindMove(repo=hands.path, known=known, now=moved, threads=tips))).commits == ()


async def test_what_was_published_elsewhere_is_no_threads_any_longer(hands: Hands) -> None:
    known = (await worktree(hands)).base
    made = hands.commit("compas/t1", "work", b_txt="b\n")
    hands.move("main", made)
    found = await hands.git.ask(FindMove(repo=hands.path, known=known, now=made, published=(made, "e" * 40)))
    assert found == Move(is_forward=True, commits=())


async def test_a_persons_commit_stays_theirs_where_a_thread_has_taken_it_over(hands: Hands) -> None:
    tree = await worktree(hands)
    theirs = hands.commit("main", "theirs", a_txt="a\n")
    hands.move("compas/t1", theirs)
    assert (await hands.git.ask(FindMove(repo=hands.path, known=tree.base, now=theirs))).commits == ()


@pytest.mark.parametrize("is_gone", [True, False])
async def test_a_target_without_the_commit_it_was_known_at_was_rewound(hands: Hands, is_gone: bool) -> None:
    old = (await worktree(hands)).base
    newer = hands.commit("main", "newer", a_txt="a\n")
    hands.move("main", old)
    known = "e" * 40 if is_gone else newer
    assert await hands.git.ask(FindMove(repo=hands.path, known=known, now=old)) == Move(is_forward=False, commits=())
