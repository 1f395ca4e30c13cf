"""What the git worker in memory does with worktrees: makes, furnishes and removes them, and records what is in them."""

from compas.git.errors import GitRefused
from compas.git.protocol.thread_worktree import ThreadWorktree
from compas.git.protocol.worktrees import (
    ArchivedSnapshots,
    ArchiveSnapshots,
    CommitAll,
    Committed,
    EnsureReadingTree,
    EnsureWorktree,
    FillPool,
    Furnished,
    FurnishWorktree,
    NothingToCommit,
    Pool,
    Removed,
    RemoveWorktree,
    Snapshot,
    TakeSnapshot,
    Worktree,
)
from tests.kit.orchestrator.fake_repository import DETACHED, Checkout, FakeRepo, FakeRepositories
from tests.kit.orchestrator.fake_trees import tree_name


def worktree_path(repo: FakeRepo, thread: str) -> str:
    """Return where the worktree of a thread is."""
    return f"{repo.path}/.compas-worktrees/{thread}"


def ensure_worktree(repos: FakeRepositories, asked: EnsureWorktree) -> Worktree:
    home, thread, restore = repos.home(asked.repo), asked.thread, asked.restore
    branch, path = f"compas/{thread}", worktree_path(home, thread)
    if branch not in home.tips and restore in home.commits:
        home.tips[branch] = restore
        home.bases[thread] = next(one for one in home.ancestors(restore) if home.contains(home.tips["main"], one))
    elif branch not in home.tips:
        if asked.base is None:
            raise GitRefused("base_required", f"{branch} does not exist yet and no base was named")
        home.bases[thread] = home.tips[branch] = home.tip_of(asked.base)
    created = path not in home.checkouts
    if created:
        home.pool -= int(asked.pool and home.pool > 0)
        home.check_out(path, branch)
    return Worktree(
        path=path,
        branch=branch,
        base=home.bases[thread],
        head=home.tips[branch],
        created=created,
        instance=home.instances[path],
    )


def fill_pool(repos: FakeRepositories, asked: FillPool) -> Pool:
    home = repos.home(asked.repo)
    if asked.size:
        home.tip_of(asked.base)
    home.pool = asked.size
    return Pool(ready=asked.size)


def ensure_reading_tree(repos: FakeRepositories, asked: EnsureReadingTree) -> Worktree:
    home, commit = repos.home(asked.repo), asked.commit
    path = worktree_path(home, asked.thread)
    created = path not in home.checkouts
    if created:
        detached = f"{DETACHED}{home.commit_of(commit)}"
        home.tips[detached] = commit
        home.check_out(path, detached)
    instance = home.instances[path]
    return Worktree(path=path, branch="", base=commit, head=commit, created=created, instance=instance)


def furnish_worktree(repos: FakeRepositories, asked: FurnishWorktree) -> Furnished:
    home, checkout = repos.opened(asked.of)
    source, target = home.checkouts[home.path].files, checkout.files
    notes = tuple(
        f"copy: {name} does not exist in {home.path}; it was left out" for name in asked.copy if name not in source
    )
    fresh = [name for name in asked.copy if name in source and name not in target]
    target.update({name: source[name] for name in fresh})
    return Furnished(copied=len(fresh), linked=0, notes=notes)


def remove_worktree(repos: FakeRepositories, asked: RemoveWorktree) -> Removed:
    home = repos.home(asked.repo)
    branch, path = f"compas/{asked.thread}", worktree_path(home, asked.thread)
    tip = home.tips.get(branch)
    answer = {"path": path, "tip": tip, "archive": None, "snapshot": None, "branch": "kept"}
    is_there = path in home.checkouts
    if is_there and not home.is_clean(path) and not asked.force:
        files = home.checkouts[path].files
        held = any(home.commits[commit].tree == files for commit in asked.snapshots.values())
        if asked.clean_only or not held:
            return Removed(worktree="kept", reason=f"{path} has uncommitted changes", **answer)
    if asked.dry_run:
        return Removed(worktree="removable" if is_there else "absent", **answer)
    home.checkouts.pop(path, None)
    if tip is None:
        answer["branch"] = "absent"
    elif asked.target in home.tips and home.contains(home.tips[asked.target], tip):
        answer["branch"] = "deleted"
    else:
        answer |= {"branch": "archived", "archive": f"refs/compas/archive/{branch}-{tip[:12]}"}
    home.tips.pop(branch, None)
    return Removed(worktree="removed" if is_there else "absent", **answer)


def take_snapshot(repos: FakeRepositories, asked: TakeSnapshot) -> Snapshot:
    repo, checkout = repos.opened(asked.of)
    moved = _bring_back(repo, asked.of, checkout)
    head = repo.tips[checkout.branch]
    changes = repo.changes(checkout)
    commit = repo.store((head,), checkout.files, f"{asked.execution} at {asked.at}") if changes else head
    taken = Snapshot(
        commit=commit,
        tree=tree_name(checkout.files),
        head=head,
        dirty=bool(changes),
        files=changes,
        total=len(changes),
        head_on=checkout.head_on(asked.of),
        head_moved=moved,
    )
    recorded = repo.snapshots.setdefault(asked.execution, taken)
    if recorded.commit != commit:
        sentence = f"the snapshot of {asked.execution} is {recorded.commit} already"
        raise GitRefused("snapshot_taken_over", sentence)
    return taken


def _bring_back(repo: FakeRepo, of: ThreadWorktree, checkout: Checkout) -> str:
    """Move the thread's branch up to where HEAD stands, and HEAD onto it, where that is ahead of it."""
    on, branch = checkout.branch, f"compas/{of.thread}"
    if not checkout.head_on(of) or on.startswith("compas/"):
        return ""
    if branch not in repo.tips or not repo.contains(repo.tips[on], repo.tips[branch]):
        return ""
    repo.tips[branch], checkout.branch = repo.tips[on], branch
    return f"HEAD stood on {on}; it is on {branch} again"


def commit_all(repos: FakeRepositories, asked: CommitAll) -> Committed | NothingToCommit:
    repo, checkout = repos.opened(asked.of)
    moved = _bring_back(repo, asked.of, checkout)
    if on := checkout.head_on(asked.of):
        raise GitRefused("head_elsewhere", f"{asked.of.path} stands {on}")
    head = repo.tips[checkout.branch]
    changes = repo.changes(checkout)
    if not changes:
        return NothingToCommit(head=head, head_moved=moved)
    repo.tips[checkout.branch] = made = repo.store((head,), checkout.files, asked.message)
    return Committed(commit=made, files=len(changes), head_moved=moved)


def archive_snapshots(repos: FakeRepositories, asked: ArchiveSnapshots) -> ArchivedSnapshots:
    repo = repos.home(asked.repo)
    found = {name: repo.snapshots[name].commit for name in asked.snapshots if name in repo.snapshots}
    archived = tuple(name for name, commit in asked.snapshots.items() if found.get(name) == commit)
    for name in archived:
        del repo.snapshots[name]
    return ArchivedSnapshots(
        ref="refs/compas/snapshots",
        commit="archive" if archived else None,
        archived=archived,
        absent=tuple(name for name in asked.snapshots if name not in found),
        left=tuple(name for name in found if name not in archived),
    )


ANSWERS = {
    ArchiveSnapshots: archive_snapshots,
    EnsureWorktree: ensure_worktree,
    FillPool: fill_pool,
    EnsureReadingTree: ensure_reading_tree,
    FurnishWorktree: furnish_worktree,
    RemoveWorktree: remove_worktree,
    TakeSnapshot: take_snapshot,
    CommitAll: commit_all,
}
