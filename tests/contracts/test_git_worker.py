"""What the orchestrator relies on in git, whether the repository is real or in memory."""

import pytest

from compas.git.errors import GitRefused
from compas.git.protocol.merging import Published, PublishMerge, Refused
from compas.git.protocol.reading import (
    AskHead,
    Contains,
    Describe,
    Diff,
    HeadReport,
    Locate,
    Place,
    ReadSides,
    Resolve,
    Side,
    Status,
)
from compas.git.protocol.worktrees import (
    CommitAll,
    Committed,
    EnsureReadingTree,
    EnsureWorktree,
    FurnishWorktree,
    NothingToCommit,
    RemoveWorktree,
    TakeSnapshot,
)
from tests.kit.git.git_hands import Hands, of, prepare, prepared, worktree


async def test_a_directory_tells_which_repository_it_is_in(hands: Hands) -> None:
    tree = await worktree(hands)
    found, main = await hands.git.ask(Describe(path=tree.path)), await hands.git.ask(Describe(path=hands.path))
    assert (found.top_level, found.main, found.head_branch) == (tree.path, hands.path, "compas/t1")
    assert (main.top_level, main.main, main.head_branch) == (hands.path, hands.path, "main")
    assert found.common_dir == main.common_dir


async def test_directories_are_located_all_at_once_and_what_is_nowhere_is_left_open(hands: Hands) -> None:
    tree = await worktree(hands)
    found = (await hands.git.ask(Locate(paths=(tree.path, "/nowhere/at/all", hands.path, "/")))).places
    home = Place(repository=hands.path)
    assert found == (home, None, home, None)


async def test_a_directory_in_no_repository_is_refused(hands: Hands) -> None:
    with pytest.raises(GitRefused) as refused:
        await hands.git.ask(Describe(path="/"))
    assert refused.value.code == "not_a_repository"


async def test_a_directory_that_is_gone_is_refused(hands: Hands) -> None:
    with pytest.raises(GitRefused) as refused:
        await hands.git.ask(Describe(path="/nowhere/at/all"))
    assert refused.value.code == "no_such_directory"


async def test_a_worktree_is_made_once(hands: Hands) -> None:
    tip = hands.tip("main")
    first, again = await worktree(hands), await worktree(hands)
    assert (first.branch, first.base, first.head, first.created) == ("compas/t1", tip, tip, True)
    assert (again.path, again.branch, again.base, again.created) == (first.path, first.branch, tip, False)
    assert hands.read(first.path, "README") == "begin\n"


async def test_a_worktree_starts_at_a_branch_that_exists(hands: Hands) -> None:
    with pytest.raises(GitRefused) as refused:
        await hands.git.ask(EnsureWorktree(repo=hands.path, thread="t1", base="nowhere"))
    assert refused.value.code == "no_such_branch"


async def test_a_worktree_remembers_where_it_started(hands: Hands) -> None:
    first = await worktree(hands)
    made = hands.commit("compas/t1", "work", a_txt="a\n")
    hands.commit("main", "meanwhile", b_txt="b\n")
    again = await worktree(hands)
    assert (again.base, again.head) == (first.base, made)


async def test_revisions_name_commits(hands: Hands) -> None:
    tip = hands.tip("main")
    assert (await hands.git.ask(Resolve(repo=hands.path, revision="refs/heads/main"))).commit == tip
    assert (await hands.git.ask(Resolve(repo=hands.path, revision=tip))).commit == tip
    with pytest.raises(GitRefused) as refused:
        await hands.git.ask(Resolve(repo=hands.path, revision="refs/heads/nowhere"))
    assert refused.value.code == "unknown_revision"


async def test_branches_tell_what_they_hold_and_where_they_leave_their_target(hands: Hands) -> None:
    tree = await worktree(hands)
    begun = hands.tip("main")
    work = hands.commit(tree.branch, "work", a_txt="new\n")
    hands.write(tree.path, b_txt="more\n")
    left = await hands.git.ask(TakeSnapshot(of=of(hands, tree), execution="x1"))
    committed = await hands.git.ask(CommitAll(of=of(hands, tree), message="the same"))
    assert isinstance(committed, Committed)
    hands.commit("main", "beside", c_txt="other\n")
    gone = "0" * 40
    asked = Side(
        repo=hands.path, target="main", tip=f"refs/heads/{tree.branch}", commits=(work, left.commit, begun, gone)
    )
    nowhere = Side(repo=hands.path, target="elsewhere", tip="refs/heads/nobody", commits=(work,))
    nothing = Side(repo=f"{hands.path}-gone", target="main", tip=work)
    found, lost, none = (await hands.git.ask(ReadSides(sides=(asked, nowhere, nothing)))).sides
    assert found.tip is not None
    assert (found.tip.commit, found.tip.tree, found.tip.base) == (committed.commit, left.tree, begun)
    assert [one.commit for one in found.commits] == [work, left.commit, begun]
    assert found.commits[0].tree != found.tip.tree
    assert found.commits[1].tree == found.tip.tree
    assert {one.base for one in found.commits} == {begun}
    assert (lost.tip, [(one.commit, one.base) for one in lost.commits]) == (None, [(work, None)])
    assert none.tip is None


async def test_a_branch_contains_what_was_merged_into_it(hands: Hands) -> None:
    await worktree(hands)
    made = hands.commit("compas/t1", "work", a_txt="a\n")
    assert not (await hands.git.ask(Contains(repo=hands.path, commit=made, branch="main"))).contained
    await hands.git.ask(PublishMerge(repo=hands.path, op="op1", prepared=await prepared(hands)))
    assert (await hands.git.ask(Contains(repo=hands.path, commit=made, branch="main"))).contained
    with pytest.raises(GitRefused) as refused:
        await hands.git.ask(Contains(repo=hands.path, commit=made, branch="nowhere"))
    assert refused.value.code == "no_such_branch"


async def test_a_difference_is_what_a_branch_changed_since_it_left_its_base(hands: Hands) -> None:
    await worktree(hands)
    tip = hands.commit("compas/t1", "work", new_txt="one\ntwo\n")
    left = hands.tip("main")
    hands.commit("main", "meanwhile", other_txt="x\n")
    found = await hands.git.ask(Diff(repo=hands.path, base="main", tip="refs/heads/compas/t1"))
    assert (found.base, found.tip, found.truncated) == (left, tip, False)
    assert [(one.path, one.added, one.deleted) for one in found.files] == [("new.txt", 2, 0)]
    assert "+two" in found.text
    counted = await hands.git.ask(Diff(repo=hands.path, base="main", tip="refs/heads/compas/t1", only_numbers=True))
    assert (counted.files, counted.text) == (found.files, "")
    with pytest.raises(GitRefused) as refused:
        await hands.git.ask(Diff(repo=hands.path, base="main", tip="refs/heads/nowhere"))
    assert refused.value.code == "unknown_revision"


async def test_a_status_tells_what_is_not_committed(hands: Hands) -> None:
    tree = await worktree(hands)
    assert (await hands.git.ask(Status(of=of(hands, tree)))).clean
    hands.write(tree.path, README="changed\n", new_txt="new\n")
    report = await hands.git.ask(Status(of=of(hands, tree)))
    assert (report.clean, report.total, report.head_on) == (False, 2, "")
    assert sorted(entry.path for entry in report.entries) == ["README", "new.txt"]


async def test_a_snapshot_of_a_clean_worktree_is_its_head(hands: Hands) -> None:
    tree = await worktree(hands)
    taken = await hands.git.ask(TakeSnapshot(of=of(hands, tree), execution="e1", at=1.0))
    assert (taken.commit, taken.head, taken.dirty, taken.files) == (tree.head, tree.head, False, ())


async def test_a_snapshot_is_taken_once(hands: Hands) -> None:
    tree = await worktree(hands)
    hands.write(tree.path, README="changed\n", new_txt="new\n")
    taken = await hands.git.ask(TakeSnapshot(of=of(hands, tree), execution="e1", at=1.0))
    assert (taken.head, taken.dirty, taken.total) == (tree.head, True, 2)
    assert sorted((one.letter, one.path) for one in taken.files) == [("A", "new.txt"), ("M", "README")]
    assert (await hands.git.ask(TakeSnapshot(of=of(hands, tree), execution="e1", at=1.0))).commit == taken.commit
    hands.write(tree.path, later_txt="later\n")
    with pytest.raises(GitRefused) as refused:
        await hands.git.ask(TakeSnapshot(of=of(hands, tree), execution="e1", at=1.0))
    assert refused.value.code == "snapshot_taken_over"
    assert (await hands.git.ask(TakeSnapshot(of=of(hands, tree), execution="e2", at=1.0))).commit != taken.commit
    assert not (await hands.git.ask(Status(of=of(hands, tree)))).clean


async def test_everything_in_a_worktree_is_committed_once(hands: Hands) -> None:
    tree = await worktree(hands)
    hands.write(tree.path, new_txt="new\n")
    made = await hands.git.ask(CommitAll(of=of(hands, tree), message="work"))
    assert isinstance(made, Committed)
    assert (made.commit, made.files) == (hands.tip("compas/t1"), 1)
    assert await hands.git.ask(CommitAll(of=of(hands, tree), message="work")) == NothingToCommit(head=made.commit)


async def test_a_head_that_went_ahead_on_another_branch_is_brought_back_with_its_commits(hands: Hands) -> None:
    tree = await worktree(hands)
    hands.switch(tree.path, "side")
    made = hands.commit("side", "work", at=tree.path, a_txt="a\n")
    assert (await hands.git.ask(AskHead(of=of(hands, tree)))).head_on == "on side"
    taken = await hands.git.ask(TakeSnapshot(of=of(hands, tree), execution="e1", at=1.0))
    assert (taken.head, taken.head_on, hands.tip("compas/t1")) == (made, "", made)
    assert "on side" in taken.head_moved
    assert await hands.git.ask(AskHead(of=of(hands, tree))) == HeadReport(commit=made)


async def test_a_head_on_a_branch_that_parted_from_the_threads_is_left_there_and_said(hands: Hands) -> None:
    tree = await worktree(hands)
    hands.switch(tree.path, "side")
    work = hands.commit("compas/t1", "work", at=None, a_txt="a\n")
    other = hands.commit("side", "other work", at=tree.path, b_txt="b\n")
    taken = await hands.git.ask(TakeSnapshot(of=of(hands, tree), execution="e1", at=1.0))
    assert (taken.head, taken.head_on, taken.head_moved) == (other, "on side", "")
    assert (hands.tip("compas/t1"), hands.tip("side")) == (work, other)
    with pytest.raises(GitRefused) as refused:
        await hands.git.ask(CommitAll(of=of(hands, tree), message="work"))
    assert refused.value.code == "head_elsewhere"
    found = await prepare(hands)
    assert isinstance(found, Refused)
    assert found.code == "head_elsewhere"


async def test_a_worktree_that_is_gone_is_said_to_be(hands: Hands) -> None:
    tree = await worktree(hands)
    await hands.git.ask(RemoveWorktree(repo=hands.path, thread="t1", target="main"))
    with pytest.raises(GitRefused) as refused:
        await hands.git.ask(Status(of=of(hands, tree)))
    assert refused.value.code == "worktree_missing"


async def test_a_branch_that_is_ahead_moves_its_target_forward(hands: Hands) -> None:
    await worktree(hands)
    made = hands.commit("compas/t1", "work", a_txt="a\n")
    ready = await prepared(hands)
    assert (ready.kind, ready.new, ready.source_tip) == ("fast_forward", made, made)
    assert ready.target_old == hands.tip("main")
    published = await hands.git.ask(PublishMerge(repo=hands.path, op="op1", prepared=ready))
    assert isinstance(published, Published)
    assert (hands.tip("main"), hands.read(hands.path, "a.txt")) == (made, "a\n")


async def test_a_worktree_keeps_its_name_and_one_made_again_has_another(hands: Hands) -> None:
    made = await worktree(hands)
    assert made.instance
    assert (await worktree(hands)).instance == made.instance
    assert (await hands.git.ask(EnsureWorktree(repo=hands.path, thread="t2", base="main"))).instance != made.instance


async def test_files_are_copied_once_and_those_that_are_missing_are_named(hands: Hands) -> None:
    made = await worktree(hands)
    hands.write(hands.path, local_txt="of the operator\n")
    found = await hands.git.ask(FurnishWorktree(of=of(hands, made), copy=("local.txt", "gone.txt")))
    assert found.copied == 1
    assert found.notes[0] == f"copy: gone.txt does not exist in {hands.path}; it was left out"
    assert hands.read(made.path, "local.txt") == "of the operator\n"
    hands.write(made.path, local_txt="of the agent\n")
    assert (await hands.git.ask(FurnishWorktree(of=of(hands, made), copy=("local.txt",)))).copied == 0
    assert hands.read(made.path, "local.txt") == "of the agent\n"


async def test_a_reading_tree_shows_a_snapshot_and_is_on_no_branch(hands: Hands) -> None:
    tree = await worktree(hands)
    hands.commit("compas/t1", "work", a_txt="a\n")
    hands.write(tree.path, b_txt="draft\n")
    taken = await hands.git.ask(TakeSnapshot(of=of(hands, tree), execution="x1", at=1.0))
    made = await hands.git.ask(EnsureReadingTree(repo=hands.path, thread="t2", commit=taken.commit))
    assert (made.head, made.branch, made.created) == (taken.commit, "", True)
    assert (hands.read(made.path, "a.txt"), hands.read(made.path, "b.txt")) == ("a\n", "draft\n")
    hands.commit("compas/t1", "later", a_txt="later\n")
    again = await hands.git.ask(EnsureReadingTree(repo=hands.path, thread="t2", commit=taken.commit))
    assert (again.path, again.instance, again.created) == (made.path, made.instance, False)
    assert hands.read(made.path, "a.txt") == "a\n"
    gone = await hands.git.ask(RemoveWorktree(repo=hands.path, thread="t2", target="main"))
    assert (gone.worktree, gone.branch) == ("removed", "absent")


async def test_a_clean_worktree_goes_and_its_unmerged_commits_stay(hands: Hands) -> None:
    await worktree(hands)
    made = hands.commit("compas/t1", "work", a_txt="a\n")
    asked = await hands.git.ask(RemoveWorktree(repo=hands.path, thread="t1", target="main", dry_run=True))
    assert (asked.worktree, asked.branch, hands.tip("compas/t1")) == ("removable", "kept", made)
    gone = await hands.git.ask(RemoveWorktree(repo=hands.path, thread="t1", target="main"))
    assert (gone.worktree, gone.branch, gone.tip) == ("removed", "archived", made)
    assert gone.archive == f"refs/compas/archive/compas/t1-{made[:12]}"
    again = await hands.git.ask(EnsureWorktree(repo=hands.path, thread="t1", base="main", restore=made))
    assert (again.head, again.base, again.created) == (made, hands.tip("main"), True)
    assert hands.read(again.path, "a.txt") == "a\n"


async def test_a_merged_branch_goes_with_its_worktree_and_a_repeat_finds_nothing(hands: Hands) -> None:
    await worktree(hands)
    gone = await hands.git.ask(RemoveWorktree(repo=hands.path, thread="t1", target="main"))
    assert (gone.worktree, gone.branch) == ("removed", "deleted")
    again = await hands.git.ask(RemoveWorktree(repo=hands.path, thread="t1", target="main"))
    assert (again.worktree, again.branch) == ("absent", "absent")


async def test_uncommitted_changes_keep_a_worktree_unless_a_snapshot_or_the_operator_says_otherwise(
    hands: Hands,
) -> None:
    tree = await worktree(hands)
    hands.write(tree.path, a_txt="draft\n")
    for ask in ({"dry_run": True}, {}, {"clean_only": True}):
        kept = await hands.git.ask(RemoveWorktree(repo=hands.path, thread="t1", target="main", **ask))
        assert kept.worktree == "kept"
        assert "uncommitted changes" in (kept.reason or "")
    taken = await hands.git.ask(TakeSnapshot(of=of(hands, tree), execution="x1", at=1.0))
    assert (await hands.git.ask(RemoveWorktree(repo=hands.path, thread="t1", target="main"))).worktree == "kept"
    known = {"snapshots": {"x1": taken.commit}, "target": "main"}
    assert (
        await hands.git.ask(RemoveWorktree(repo=hands.path, thread="t1", clean_only=True, **known))
    ).worktree == "kept"
    assert (
        await hands.git.ask(RemoveWorktree(repo=hands.path, thread="t1", dry_run=True, **known))
    ).worktree == "removable"
    assert (await hands.git.ask(RemoveWorktree(repo=hands.path, thread="t1", **known))).worktree == "removed"


async def test_the_operators_word_removes_a_dirty_worktree(hands: Hands) -> None:
    tree = await worktree(hands)
    hands.write(tree.path, a_txt="draft\n")
    assert (await hands.git.ask(Status(of=of(hands, tree), measure_secs=60.0))).size_bytes
    assert (await hands.git.ask(Status(of=of(hands, tree)))).size_bytes is None
    gone = await hands.git.ask(RemoveWorktree(repo=hands.path, thread="t1", target="main", force=True, clean_only=True))
    assert gone.worktree == "removed"
