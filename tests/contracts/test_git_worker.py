"""What the orchestrator relies on in git, whether the repository is real or in memory."""

import os
import shutil
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Protocol

import pytest
import trio
from ceiling import CEILING
from fake_git import FakeGit, FakeRepo

from compas.git import messages as m
from compas.git.client import GitWorker
from compas.git.errors import GitRefused
from compas.git.worker import Worker


class Hands(Protocol):
    """A person at a repository of either kind; its main checkout is on main, with a README."""

    path: str
    git: GitWorker

    def commit(self, branch: str, subject: str, *, at: str | None = "", **files: str) -> str:
        """Commit files on a branch, where it is checked out: in its worktree, at a path, or, for None, nowhere."""

    def switch(self, checkout: str, branch: str) -> None:
        """Make a branch where a checkout stands, and stand on it."""

    def write(self, checkout: str, **files: str) -> None:
        """Leave files in a checkout."""

    def read(self, checkout: str, name: str) -> str:
        """Return a file of a checkout."""

    def tip(self, branch: str) -> str:
        """Return the commit a branch is at."""

    def point(self, name: str, branch: str) -> None:
        """Make a branch that is only another name of a branch."""

    def move(self, branch: str, commit: str) -> None:
        """Put a branch on a commit, without a word to anybody and without its checkout."""

    def merge_by_hand(self, source: str) -> str:
        """Merge a branch into main with a merge commit; return that."""


class FakeHands:
    """At a repository in memory."""

    def __init__(self) -> None:
        self.git = FakeGit()
        self._repo: FakeRepo = self.git.repo("/repo")
        self.path = self._repo.path
        self.write = self._repo.write

    def commit(self, branch: str, subject: str, *, at: str | None = "", **files: str) -> str:
        return self._repo.commit(branch, subject, **files)

    def switch(self, checkout: str, branch: str) -> None:
        place = self._repo.checkouts[checkout]
        self._repo.tips[branch] = self._repo.tips[place.branch]
        place.branch = branch

    def read(self, checkout: str, name: str) -> str:
        return self._repo.checkouts[checkout].files[name]

    def tip(self, branch: str) -> str:
        return self._repo.tips[branch]

    def point(self, name: str, branch: str) -> None:
        self._repo.symbolic[name] = branch

    def move(self, branch: str, commit: str) -> None:
        self._repo.tips[branch] = commit

    def merge_by_hand(self, source: str) -> str:
        old, tip = self._repo.tips["main"], self._repo.tips[source]
        tree = {**self._repo.commits[old].tree, **self._repo.commits[tip].tree}
        made = self._repo.store((old, tip), tree, f"Merge {source}")
        self._repo.move("main", old, made)
        return made


class RealHands:
    """At a repository on disk."""

    def __init__(self, git: GitWorker, path: Path) -> None:
        self.git = git
        self.path = str(path)

    def run(self, *command: str, at: str | None = None) -> str:
        done = subprocess.run(  # noqa: TID251 - the test plays the operator, outside the loop
            ["git", *command], cwd=at or self.path, check=True, capture_output=True, encoding="utf-8"
        )
        return done.stdout.strip()

    def commit(self, branch: str, subject: str, *, at: str | None = "", **files: str) -> str:
        if at is None:
            at = f"{self.path}-{subject}"
            self.run("worktree", "add", "--quiet", at, branch)
            made = self.commit(branch, subject, at=at, **files)
            self.run("worktree", "remove", at)
            return made
        at = at or (
            self.path if branch == "main" else f"{self.path}/.compas-worktrees/{branch.removeprefix('compas/')}"
        )
        self.write(at, **files)
        self.run("add", "--all", at=at)
        self.run("commit", "--quiet", "-m", subject, at=at)
        return self.tip(branch)

    def switch(self, checkout: str, branch: str) -> None:
        self.run("switch", "--quiet", "--create", branch, at=checkout)

    def write(self, checkout: str, **files: str) -> None:
        for name, content in files.items():
            (Path(checkout) / name.replace("_", ".")).write_text(content)

    def read(self, checkout: str, name: str) -> str:
        return (Path(checkout) / name).read_text()

    def tip(self, branch: str) -> str:
        return self.run("rev-parse", f"refs/heads/{branch}")

    def point(self, name: str, branch: str) -> None:
        self.run("symbolic-ref", f"refs/heads/{name}", f"refs/heads/{branch}")

    def move(self, branch: str, commit: str) -> None:
        self.run("update-ref", f"refs/heads/{branch}", commit)

    def merge_by_hand(self, source: str) -> str:
        self.run("merge", "--quiet", "--no-ff", "--no-edit", source)
        return self.tip("main")


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make one repository; copying it is faster than git."""
    path = tmp_path_factory.mktemp("original") / "repo"
    path.mkdir()
    hands = RealHands(None, path)
    hands.run("init", "--quiet", "--initial-branch=main", "--template=")
    hands.run("config", "user.name", "Op")
    hands.run("config", "user.email", "op@example.org")
    hands.commit("main", "begin", README="begin\n")
    return path


@pytest.fixture(params=["fake", pytest.param("real", marks=pytest.mark.system)])
async def hands(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Hands]:
    with trio.fail_after(CEILING):
        if request.param == "fake":
            yield FakeHands()
            return
        for name in [name for name in os.environ if name.startswith("GIT_")]:
            monkeypatch.delenv(name)
        for name, value in {
            "HOME": str(tmp_path),
            "GIT_CONFIG_GLOBAL": "/dev/null",
            "GIT_CONFIG_NOSYSTEM": "1",
        }.items():
            monkeypatch.setenv(name, value)
        path = shutil.copytree(request.getfixturevalue("original"), tmp_path / "repo")
        # Without a process between: what is promised here is git's work, not the carrier's.
        yield RealHands(GitWorker(Worker(epoch=1).perform, epoch=1, pid=os.getpid()), path)


async def worktree(hands: Hands, thread: str = "t1") -> m.Worktree:
    return await hands.git.ensure_worktree(hands.path, thread, base="main")


def of(hands: Hands, tree: m.Worktree, thread: str = "t1") -> m.ThreadWorktree:
    return m.ThreadWorktree(repo=hands.path, thread=thread, path=tree.path)


async def prepare(hands: Hands, op: str = "op1", **fields: str) -> m.PrepareResult:
    sides = {"source": "compas/t1", "target": "main", "message": "Merge it"}
    return await hands.git.prepare_merge(hands.path, op, **(sides | fields))


async def prepared(hands: Hands, op: str = "op1", **fields: str) -> m.Prepared:
    found = await prepare(hands, op, **fields)
    assert isinstance(found, m.Prepared), found
    return found


async def test_a_directory_tells_which_repository_it_is_in(hands: Hands) -> None:
    tree = await worktree(hands)
    found, main = await hands.git.describe(tree.path), await hands.git.describe(hands.path)
    assert (found.top_level, found.main, found.head_branch) == (tree.path, hands.path, "compas/t1")
    assert (main.top_level, main.main, main.head_branch) == (hands.path, hands.path, "main")
    assert found.common_dir == main.common_dir


async def test_a_directory_in_no_repository_is_refused(hands: Hands) -> None:
    with pytest.raises(GitRefused) as refused:
        await hands.git.describe("/")
    assert refused.value.code == "not_a_repository"


async def test_a_directory_that_is_gone_is_refused(hands: Hands) -> None:
    with pytest.raises(GitRefused) as refused:
        await hands.git.describe("/nowhere/at/all")
    assert refused.value.code == "no_such_directory"


async def test_a_worktree_is_made_once(hands: Hands) -> None:
    tip = hands.tip("main")
    first, again = await worktree(hands), await worktree(hands)
    assert (first.branch, first.base, first.head, first.created) == ("compas/t1", tip, tip, True)
    assert (again.path, again.branch, again.base, again.created) == (first.path, first.branch, tip, False)
    assert hands.read(first.path, "README") == "begin\n"


async def test_a_worktree_starts_at_a_branch_that_exists(hands: Hands) -> None:
    with pytest.raises(GitRefused) as refused:
        await hands.git.ensure_worktree(hands.path, "t1", base="nowhere")
    assert refused.value.code == "no_such_branch"


async def test_a_worktree_remembers_where_it_started(hands: Hands) -> None:
    first = await worktree(hands)
    made = hands.commit("compas/t1", "work", a_txt="a\n")
    hands.commit("main", "meanwhile", b_txt="b\n")
    again = await worktree(hands)
    assert (again.base, again.head) == (first.base, made)


async def test_revisions_name_commits(hands: Hands) -> None:
    tip = hands.tip("main")
    assert await hands.git.resolve(hands.path, "refs/heads/main") == tip
    assert await hands.git.resolve(hands.path, tip) == tip
    with pytest.raises(GitRefused) as refused:
        await hands.git.resolve(hands.path, "refs/heads/nowhere")
    assert refused.value.code == "unknown_revision"


async def test_branches_tell_what_they_hold_and_where_they_leave_their_target(hands: Hands) -> None:
    tree = await worktree(hands)
    begun = hands.tip("main")
    work = hands.commit(tree.branch, "work", a_txt="new\n")
    hands.write(tree.path, b_txt="more\n")
    left = await hands.git.snapshot(of(hands, tree), "x1")
    committed = await hands.git.commit_all(tree.path, "the same")
    assert isinstance(committed, m.Committed)
    hands.commit("main", "beside", c_txt="other\n")
    gone = "0" * 40
    asked = m.Side(
        repo=hands.path, target="main", tip=f"refs/heads/{tree.branch}", commits=(work, left.commit, begun, gone)
    )
    nowhere = m.Side(repo=hands.path, target="elsewhere", tip="refs/heads/nobody", commits=(work,))
    nothing = m.Side(repo=f"{hands.path}-gone", target="main", tip=work)
    found, lost, none = await hands.git.sides(asked, nowhere, nothing)
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
    assert not (await hands.git.contains(hands.path, made, "main")).contained
    await hands.git.publish_merge(hands.path, "op1", await prepared(hands))
    assert (await hands.git.contains(hands.path, made, "main")).contained
    with pytest.raises(GitRefused) as refused:
        await hands.git.contains(hands.path, made, "nowhere")
    assert refused.value.code == "no_such_branch"


async def test_a_difference_is_what_a_branch_changed_since_it_left_its_base(hands: Hands) -> None:
    await worktree(hands)
    tip = hands.commit("compas/t1", "work", new_txt="one\ntwo\n")
    left = hands.tip("main")
    hands.commit("main", "meanwhile", other_txt="x\n")
    found = await hands.git.diff(hands.path, "main", "refs/heads/compas/t1")
    assert (found.base, found.tip, found.truncated) == (left, tip, False)
    assert [(one.path, one.added, one.deleted) for one in found.files] == [("new.txt", 2, 0)]
    assert "+two" in found.text
    with pytest.raises(GitRefused) as refused:
        await hands.git.diff(hands.path, "main", "refs/heads/nowhere")
    assert refused.value.code == "unknown_revision"


async def test_a_status_tells_what_is_not_committed(hands: Hands) -> None:
    tree = await worktree(hands)
    assert (await hands.git.status(of(hands, tree))).clean
    hands.write(tree.path, README="changed\n", new_txt="new\n")
    report = await hands.git.status(of(hands, tree))
    assert (report.clean, report.total, report.head_on) == (False, 2, "")
    assert sorted(entry.path for entry in report.entries) == ["README", "new.txt"]


async def test_a_snapshot_of_a_clean_worktree_is_its_head(hands: Hands) -> None:
    tree = await worktree(hands)
    taken = await hands.git.snapshot(of(hands, tree), "e1", at=1.0)
    assert (taken.commit, taken.head, taken.dirty, taken.files) == (tree.head, tree.head, False, ())


async def test_a_snapshot_is_taken_once(hands: Hands) -> None:
    tree = await worktree(hands)
    hands.write(tree.path, README="changed\n", new_txt="new\n")
    taken = await hands.git.snapshot(of(hands, tree), "e1", at=1.0)
    assert (taken.head, taken.dirty, taken.total) == (tree.head, True, 2)
    assert sorted((one.letter, one.path) for one in taken.files) == [("A", "new.txt"), ("M", "README")]
    assert (await hands.git.snapshot(of(hands, tree), "e1", at=1.0)).commit == taken.commit
    hands.write(tree.path, later_txt="later\n")
    with pytest.raises(GitRefused) as refused:
        await hands.git.snapshot(of(hands, tree), "e1", at=1.0)
    assert refused.value.code == "snapshot_taken_over"
    assert (await hands.git.snapshot(of(hands, tree), "e2", at=1.0)).commit != taken.commit
    assert not (await hands.git.status(of(hands, tree))).clean


async def test_everything_in_a_worktree_is_committed_once(hands: Hands) -> None:
    tree = await worktree(hands)
    hands.write(tree.path, new_txt="new\n")
    made = await hands.git.commit_all(of(hands, tree), "work")
    assert isinstance(made, m.Committed)
    assert (made.commit, made.files) == (hands.tip("compas/t1"), 1)
    assert await hands.git.commit_all(of(hands, tree), "work") == m.NothingToCommit(head=made.commit)


async def test_a_head_that_went_ahead_on_another_branch_is_brought_back_with_its_commits(hands: Hands) -> None:
    tree = await worktree(hands)
    hands.switch(tree.path, "side")
    made = hands.commit("side", "work", at=tree.path, a_txt="a\n")
    assert (await hands.git.head(of(hands, tree))).head_on == "on side"
    taken = await hands.git.snapshot(of(hands, tree), "e1", at=1.0)
    assert (taken.head, taken.head_on, hands.tip("compas/t1")) == (made, "", made)
    assert "on side" in taken.head_moved
    assert await hands.git.head(of(hands, tree)) == m.HeadReport(commit=made)


async def test_a_head_on_a_branch_that_parted_from_the_threads_is_left_there_and_said(hands: Hands) -> None:
    tree = await worktree(hands)
    hands.switch(tree.path, "side")
    work = hands.commit("compas/t1", "work", at=None, a_txt="a\n")
    other = hands.commit("side", "other work", at=tree.path, b_txt="b\n")
    taken = await hands.git.snapshot(of(hands, tree), "e1", at=1.0)
    assert (taken.head, taken.head_on, taken.head_moved) == (other, "on side", "")
    assert (hands.tip("compas/t1"), hands.tip("side")) == (work, other)
    with pytest.raises(GitRefused) as refused:
        await hands.git.commit_all(of(hands, tree), "work")
    assert refused.value.code == "head_elsewhere"
    found = await prepare(hands)
    assert isinstance(found, m.Refused)
    assert found.code == "head_elsewhere"


async def test_a_worktree_that_is_gone_is_said_to_be(hands: Hands) -> None:
    tree = await worktree(hands)
    await hands.git.remove_worktree(hands.path, "t1", target="main")
    with pytest.raises(GitRefused) as refused:
        await hands.git.status(of(hands, tree))
    assert refused.value.code == "worktree_missing"


async def test_a_branch_that_is_ahead_moves_its_target_forward(hands: Hands) -> None:
    await worktree(hands)
    made = hands.commit("compas/t1", "work", a_txt="a\n")
    ready = await prepared(hands)
    assert (ready.kind, ready.new, ready.source_tip) == ("fast_forward", made, made)
    assert ready.target_old == hands.tip("main")
    published = await hands.git.publish_merge(hands.path, "op1", ready)
    assert isinstance(published, m.Published)
    assert (hands.tip("main"), hands.read(hands.path, "a.txt")) == (made, "a\n")


async def test_a_worktree_keeps_its_name_and_one_made_again_has_another(hands: Hands) -> None:
    made = await worktree(hands)
    assert made.instance
    assert (await worktree(hands)).instance == made.instance
    assert (await hands.git.ensure_worktree(hands.path, "t2", base="main")).instance != made.instance


async def test_files_are_copied_once_and_those_that_are_missing_are_named(hands: Hands) -> None:
    made = await worktree(hands)
    hands.write(hands.path, local_txt="of the operator\n")
    found = await hands.git.furnish_worktree(of(hands, made), copy=("local.txt", "gone.txt"))
    assert found.copied == 1
    assert found.notes[0] == f"copy: gone.txt does not exist in {hands.path}; it was left out"
    assert hands.read(made.path, "local.txt") == "of the operator\n"
    hands.write(made.path, local_txt="of the agent\n")
    assert (await hands.git.furnish_worktree(of(hands, made), copy=("local.txt",))).copied == 0
    assert hands.read(made.path, "local.txt") == "of the agent\n"


async def test_a_reading_tree_shows_a_snapshot_and_is_on_no_branch(hands: Hands) -> None:
    tree = await worktree(hands)
    hands.commit("compas/t1", "work", a_txt="a\n")
    hands.write(tree.path, b_txt="draft\n")
    taken = await hands.git.snapshot(of(hands, tree), "x1", at=1.0)
    made = await hands.git.ensure_reading_tree(hands.path, "t2", taken.commit)
    assert (made.head, made.branch, made.created) == (taken.commit, "", True)
    assert (hands.read(made.path, "a.txt"), hands.read(made.path, "b.txt")) == ("a\n", "draft\n")
    hands.commit("compas/t1", "later", a_txt="later\n")
    again = await hands.git.ensure_reading_tree(hands.path, "t2", taken.commit)
    assert (again.path, again.instance, again.created) == (made.path, made.instance, False)
    assert hands.read(made.path, "a.txt") == "a\n"
    gone = await hands.git.remove_worktree(hands.path, "t2", target="main")
    assert (gone.worktree, gone.branch) == ("removed", "absent")


async def test_a_clean_worktree_goes_and_its_unmerged_commits_stay(hands: Hands) -> None:
    await worktree(hands)
    made = hands.commit("compas/t1", "work", a_txt="a\n")
    asked = await hands.git.remove_worktree(hands.path, "t1", target="main", dry_run=True)
    assert (asked.worktree, asked.branch, hands.tip("compas/t1")) == ("removable", "kept", made)
    gone = await hands.git.remove_worktree(hands.path, "t1", target="main")
    assert (gone.worktree, gone.branch, gone.tip) == ("removed", "archived", made)
    assert gone.archive == f"refs/compas/archive/compas/t1-{made[:12]}"
    again = await hands.git.ensure_worktree(hands.path, "t1", base="main", restore=made)
    assert (again.head, again.base, again.created) == (made, hands.tip("main"), True)
    assert hands.read(again.path, "a.txt") == "a\n"


async def test_a_merged_branch_goes_with_its_worktree_and_a_repeat_finds_nothing(hands: Hands) -> None:
    await worktree(hands)
    gone = await hands.git.remove_worktree(hands.path, "t1", target="main")
    assert (gone.worktree, gone.branch) == ("removed", "deleted")
    again = await hands.git.remove_worktree(hands.path, "t1", target="main")
    assert (again.worktree, again.branch) == ("absent", "absent")


async def test_uncommitted_changes_keep_a_worktree_unless_a_snapshot_or_the_operator_says_otherwise(
    hands: Hands,
) -> None:
    tree = await worktree(hands)
    hands.write(tree.path, a_txt="draft\n")
    for ask in ({"dry_run": True}, {}, {"clean_only": True}):
        kept = await hands.git.remove_worktree(hands.path, "t1", target="main", **ask)
        assert kept.worktree == "kept"
        assert "uncommitted changes" in (kept.reason or "")
    taken = await hands.git.snapshot(of(hands, tree), "x1", at=1.0)
    assert (await hands.git.remove_worktree(hands.path, "t1", target="main")).worktree == "kept"
    known = {"snapshots": {"x1": taken.commit}, "target": "main"}
    assert (await hands.git.remove_worktree(hands.path, "t1", clean_only=True, **known)).worktree == "kept"
    assert (await hands.git.remove_worktree(hands.path, "t1", dry_run=True, **known)).worktree == "removable"
    assert (await hands.git.remove_worktree(hands.path, "t1", **known)).worktree == "removed"


async def test_the_operators_word_removes_a_dirty_worktree(hands: Hands) -> None:
    tree = await worktree(hands)
    hands.write(tree.path, a_txt="draft\n")
    assert (await hands.git.status(of(hands, tree), measure=True)).size_bytes
    assert (await hands.git.status(of(hands, tree))).size_bytes is None
    gone = await hands.git.remove_worktree(hands.path, "t1", target="main", force=True, clean_only=True)
    assert gone.worktree == "removed"


async def test_branches_that_parted_are_merged(hands: Hands) -> None:
    await worktree(hands)
    hands.commit("compas/t1", "work", a_txt="a\n")
    hands.commit("main", "meanwhile", b_txt="b\n")
    ready = await prepared(hands)
    assert ready.kind == "merge"
    assert hands.tip("main") == ready.target_old
    assert isinstance(await hands.git.publish_merge(hands.path, "op1", ready), m.Published)
    assert hands.tip("main") == ready.new
    assert (hands.read(hands.path, "a.txt"), hands.read(hands.path, "b.txt")) == ("a\n", "b\n")


async def test_a_publication_that_is_repeated_changes_nothing(hands: Hands) -> None:
    await worktree(hands)
    hands.commit("compas/t1", "work", a_txt="a\n")
    ready = await prepared(hands)
    await hands.git.publish_merge(hands.path, "op1", ready)
    later = hands.commit("main", "later", b_txt="b\n")
    again = await hands.git.publish_merge(hands.path, "op1", ready)
    assert isinstance(again, m.Published)
    assert hands.tip("main") == later


async def test_a_target_that_moved_is_left_alone(hands: Hands) -> None:
    await worktree(hands)
    hands.commit("compas/t1", "work", a_txt="a\n")
    ready = await prepared(hands)
    moved = hands.commit("main", "meanwhile", b_txt="b\n")
    expected = m.TargetMoved(target="main", expected=ready.target_old, found=moved)
    assert await hands.git.publish_merge(hands.path, "op1", ready) == expected
    assert hands.tip("main") == moved


async def test_a_conflict_names_the_file_and_both_sides(hands: Hands) -> None:
    await worktree(hands)
    made = hands.commit("compas/t1", "theirs", README="theirs\n")
    moved = hands.commit("main", "ours", README="ours\n")
    found = await prepare(hands)
    assert isinstance(found, m.Conflicts)
    assert found.files == (m.Conflict(path="README", kind="contents"),)
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
    await hands.git.publish_merge(hands.path, "op1", await prepared(hands))
    found = await prepared(hands, "op2")
    assert (found.kind, found.new) == ("already_merged", hands.tip("main"))


async def test_a_rebase_makes_the_sources_commits_again_on_the_target(hands: Hands) -> None:
    await worktree(hands)
    tip = hands.commit("compas/t1", "work", a_txt="a\n")
    old = hands.commit("main", "meanwhile", b_txt="b\n")
    ready = await prepared(hands, strategy="rebase")
    assert (ready.kind, ready.target_old) == ("rebase", old)
    assert isinstance(await hands.git.publish_merge(hands.path, "op1", ready), m.Published)
    assert (await hands.git.contains(hands.path, old, "main")).contained
    assert not (await hands.git.contains(hands.path, tip, "main")).contained
    assert hands.read(hands.path, "a.txt") == "a\n"


async def test_a_pool_is_filled_handed_out_of_refilled_and_emptied(hands: Hands) -> None:
    assert await hands.git.fill_pool(hands.path, base="main", size=2) == m.Pool(ready=2)
    tree = await hands.git.ensure_worktree(hands.path, "t1", base="main", pool=True)
    assert (tree.created, tree.head, hands.read(tree.path, "README")) == (True, hands.tip("main"), "begin\n")
    assert await hands.git.fill_pool(hands.path, base="main", size=2) == m.Pool(ready=2)
    assert await hands.git.fill_pool(hands.path, base="main", size=0) == m.Pool(ready=0)
    assert (await worktree(hands, "t2")).created


async def test_a_pool_of_a_branch_that_does_not_exist_is_refused(hands: Hands) -> None:
    with pytest.raises(GitRefused, match="'nowhere'"):
        await hands.git.fill_pool(hands.path, base="nowhere", size=1)
    assert await hands.git.fill_pool(hands.path, base="nowhere", size=0) == m.Pool(ready=0)


async def test_a_squash_is_one_commit_and_a_second_one_nothing_to_do(hands: Hands) -> None:
    await worktree(hands)
    hands.commit("compas/t1", "one", a_txt="a\n")
    tip = hands.commit("compas/t1", "two", a_txt="aa\n")
    ready = await prepared(hands, strategy="squash")
    assert ready.kind == "squash"
    assert isinstance(await hands.git.publish_merge(hands.path, "op1", ready), m.Published)
    assert not (await hands.git.contains(hands.path, tip, "main")).contained
    assert hands.read(hands.path, "a.txt") == "aa\n"
    again = await prepared(hands, "op2", strategy="squash")
    assert (again.kind, again.new) == ("already_merged", ready.new)


async def test_a_rebase_that_conflicts_names_the_commit(hands: Hands) -> None:
    await worktree(hands)
    hands.commit("compas/t1", "fine", a_txt="a\n")
    made = hands.commit("compas/t1", "theirs", README="theirs\n")
    hands.commit("main", "ours", README="ours\n")
    found = await prepare(hands, strategy="rebase")
    assert isinstance(found, m.Conflicts)
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
    found = await hands.git.verify_merge(
        hands.path, "op1", commit=ready.new, command=command, timeout_secs=CEILING, log=log
    )
    assert (found.outcome, found.code, found.log) == (outcome, code, log)
    assert (await hands.git.clear_merge(hands.path, "op1")).cleaned == ()


@pytest.mark.parametrize("side", ["source", "target"])
async def test_a_side_that_does_not_exist_refuses_the_merge(hands: Hands, side: str) -> None:
    await worktree(hands)
    found = await prepare(hands, **{side: "nowhere"})
    assert isinstance(found, m.Refused)
    assert found.code == "no_such_branch"


@pytest.mark.parametrize("target", ["compas/t1", "COMPAS/t1", "refs/heads/compas/t1"])
async def test_a_threads_branch_is_no_target_and_holds_no_work(hands: Hands, target: str) -> None:
    tip = (await worktree(hands)).head
    found = await prepare(hands, target=target)
    assert isinstance(found, m.Refused)
    assert found.code == "thread_branch"
    with pytest.raises(GitRefused, match=target) as refused:
        await hands.git.contains(hands.path, tip, target)
    assert refused.value.code == "thread_branch"


async def test_another_name_of_a_threads_branch_is_no_target_either(hands: Hands) -> None:
    tip = (await worktree(hands)).head
    hands.point("other", "main2")
    hands.point("main2", "compas/t1")
    found = await prepare(hands, target="other")
    assert isinstance(found, m.Refused)
    assert found.code == "thread_branch"
    with pytest.raises(GitRefused, match="compas/t1"):
        await hands.git.contains(hands.path, tip, "other")


async def test_a_source_that_moved_since_it_was_approved_refuses_the_merge(hands: Hands) -> None:
    approved = (await worktree(hands)).head
    hands.commit("compas/t1", "more", a_txt="a\n")
    found = await prepare(hands, expected_source=approved)
    assert isinstance(found, m.Refused)
    assert found.code == "source_moved"


async def test_uncommitted_work_refuses_the_merge(hands: Hands) -> None:
    tree = await worktree(hands)
    hands.commit("compas/t1", "work", a_txt="a\n")
    hands.write(tree.path, b_txt="b\n")
    found = await prepare(hands)
    assert isinstance(found, m.Refused)
    assert found.code == "source_dirty"


@pytest.mark.parametrize("is_published", [True, False])
async def test_the_repository_tells_whether_a_merge_was_published(hands: Hands, is_published: bool) -> None:
    await worktree(hands)
    hands.commit("compas/t1", "work", a_txt="a\n")
    ready = await prepared(hands)
    if is_published:
        await hands.git.publish_merge(hands.path, "op1", ready)
        hands.commit("main", "later", b_txt="b\n")
    found = await hands.git.finish_merge(hands.path, "op1", target="main", target_old=ready.target_old, new=ready.new)
    assert (found.published, found.tip) == (is_published, hands.tip("main"))


# --- how a target has moved ------------------------------------------------------------------------------------------


async def test_commits_and_hand_merges_of_people_are_forward_and_nobodys(hands: Hands) -> None:
    known = (await worktree(hands)).base
    hands.commit("main", "one", a_txt="a\n")
    hands.commit("compas/t1", "work", b_txt="b\n")
    hands.merge_by_hand("compas/t1")
    now = hands.commit("main", "two", a_txt="aa\n")
    assert await hands.git.find_move(hands.path, known, now) == m.Move(is_forward=True, commits=())


async def test_commits_of_a_thread_that_its_target_was_put_on_are_named_the_newest_first(hands: Hands) -> None:
    known = (await worktree(hands)).base
    one = hands.commit("compas/t1", "one", b_txt="b\n")
    two = hands.commit("compas/t1", "two", b_txt="bb\n")
    hands.move("main", two)
    found = await hands.git.find_move(hands.path, known, two)
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
    tips = (m.ThreadTip(thread="t1", commit=made), m.ThreadTip(thread="t2", commit="e" * 40))
    assert (await hands.git.find_move(hands.path, known, made)).commits == ()
    (found,) = (await hands.git.find_move(hands.path, known, made, threads=tips)).commits
    assert (found.commit, found.thread) == (made, "t1")


async def test_what_was_published_elsewhere_is_no_threads_any_longer(hands: Hands) -> None:
    known = (await worktree(hands)).base
    made = hands.commit("compas/t1", "work", b_txt="b\n")
    hands.move("main", made)
    found = await hands.git.find_move(hands.path, known, made, published=(made, "e" * 40))
    assert found == m.Move(is_forward=True, commits=())


async def test_a_persons_commit_stays_theirs_where_a_thread_has_taken_it_over(hands: Hands) -> None:
    tree = await worktree(hands)
    theirs = hands.commit("main", "theirs", a_txt="a\n")
    hands.move("compas/t1", theirs)
    assert (await hands.git.find_move(hands.path, tree.base, theirs)).commits == ()


@pytest.mark.parametrize("is_gone", [True, False])
async def test_a_target_without_the_commit_it_was_known_at_was_rewound(hands: Hands, is_gone: bool) -> None:
    old = (await worktree(hands)).base
    newer = hands.commit("main", "newer", a_txt="a\n")
    hands.move("main", old)
    known = "e" * 40 if is_gone else newer
    assert await hands.git.find_move(hands.path, known, old) == m.Move(is_forward=False, commits=())
