"""A git worker over repositories in memory: worktrees, snapshots, and three-way merges by file."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import trio

from compas.domain.target import is_thread_branch, refuse_thread_branch
from compas.git.errors import GitRefused, GitWorkerLost
from compas.git.protocol import messages as m
from tests.kit.orchestrator.fake_repository import DETACHED, Checkout, FakeRepo
from tests.kit.orchestrator.fake_trees import difference, three_way, tree_name


class FakeGit:
    """Behaves as GitWorker does, for what the orchestrator asks of it.

    `asked` lists the operations in order, `verified` the commits that were checked.
    `losses` says of an operation whether its next calls lose the worker
    "before" or "after" they took effect; `held` lets the next calls of an operation wait for their event first.
    `refused` has the words with which the next calls of an operation are refused.
    """

    def __init__(self, epoch: int = 1) -> None:
        self.epoch = epoch
        self.repos: dict[str, FakeRepo] = {}
        self.asked: list[str] = []
        self.verified: list[str] = []
        self.losses: dict[str, list[str]] = {}
        self.held: dict[str, list[trio.Event]] = {}
        self.refused: dict[str, list[str]] = {}

    def repo(self, path: str = "/repo") -> FakeRepo:
        """Make a repository."""
        return self.repos.setdefault(path, FakeRepo(path))

    async def _begin(self, operation: str) -> str:
        self.asked.append(operation)
        await trio.lowlevel.checkpoint()
        if self.held.get(operation):
            await self.held[operation].pop(0).wait()
        if self.refused.get(operation):
            raise GitRefused("refused", self.refused[operation].pop(0))
        loss = self.losses[operation].pop(0) if self.losses.get(operation) else ""
        if loss == "before":
            self._lose(operation)
        return loss

    def _lose(self, operation: str) -> None:
        raise GitWorkerLost(f"the git worker ended during {operation}; read the repository to see")

    def _home(self, path: str) -> tuple[FakeRepo, str | None]:
        """Return the repository that a path belongs to, and the checkout it is in."""
        for repo in self.repos.values():
            for top in sorted(repo.checkouts, key=len, reverse=True):
                if path == top or path.startswith(top + "/"):
                    return repo, top
        if path != "/":
            raise GitRefused("no_such_directory", f"there is no directory {path}")
        raise GitRefused("not_a_repository", f"{path} is in no git repository that can be read")

    # --- reading -----------------------------------------------------------------------------------------------------

    async def describe(self, path: str) -> m.Repository:
        await self._begin("describe")
        repo, top = self._home(path)
        return m.Repository(
            top_level=top,
            main=repo.path,
            common_dir=f"{repo.path}/.git",
            head_branch=_name_of(repo.checkouts[top or repo.path].branch),
            bare=False,
            empty=False,
        )

    async def resolve(self, repo: str, revision: str) -> str:
        await self._begin("resolve")
        return self._commit_of(self._home(repo)[0], revision)

    def _commit_of(self, repo: FakeRepo, revision: str) -> str:
        found = repo.tips.get(revision.removeprefix("refs/heads/"))
        if found is None and revision in repo.commits:
            found = revision
        if found is None:
            raise GitRefused("unknown_revision", f"{revision!r} names no commit in {repo.path}; check its spelling")
        return found

    def _tip(self, repo: FakeRepo, branch: str) -> str:
        if branch not in repo.tips:
            raise GitRefused("no_such_branch", f"{branch!r} is no local branch of {repo.path}")
        return repo.tips[branch]

    def _target(self, repo: FakeRepo, branch: str) -> str:
        leads_to = ""
        while (leads_to or branch) in repo.symbolic:
            leads_to = repo.symbolic[leads_to or branch]
        if is_thread_branch(branch) or is_thread_branch(leads_to):
            refusal = refuse_thread_branch(branch, leads_to)
            raise GitRefused(refusal.code, refusal.message)
        return self._tip(repo, leads_to or branch)

    async def sides(self, *sides: m.Side) -> tuple[m.SideSeen, ...]:
        await self._begin("sides")
        return tuple(self._side(one) for one in sides)

    def _side(self, side: m.Side) -> m.SideSeen:
        try:
            home = self._home(side.repo)[0]
        except GitRefused:
            return m.SideSeen(tip=None)
        target = home.tips.get(side.target)
        tip = home.tips.get(side.tip.removeprefix("refs/heads/"), side.tip)

        def seen(name: str) -> m.CommitSeen:
            known = {} if target is None else home.ancestors(target)
            base = next((one for one in home.ancestors(name) if one in known), None)
            return m.CommitSeen(commit=name, tree=tree_name(home.commits[name].tree), base=base)

        return m.SideSeen(
            tip=seen(tip) if tip in home.commits else None,
            commits=tuple(seen(name) for name in dict.fromkeys(side.commits) if name in home.commits),
        )

    async def contains(self, repo: str, commit: str, branch: str) -> m.Contained:
        await self._begin("contains")
        home = self._home(repo)[0]
        tip = self._target(home, branch)
        return m.Contained(contained=home.contains(tip, self._commit_of(home, commit)), tip=tip)

    def _opened(self, of: m.ThreadWorktree) -> tuple[FakeRepo, Checkout]:
        """Return the worktree of a thread; refused where nothing is there."""
        repo = self._home(of.repo)[0]
        if of.path not in repo.checkouts:
            raise GitRefused("worktree_missing", f"the worktree of thread {of.thread} is gone: {of.path}")
        return repo, repo.checkouts[of.path]

    def _head_on(self, of: m.ThreadWorktree, checkout: Checkout) -> str:
        is_on = of.reading or checkout.branch == f"compas/{of.thread}"
        return "" if is_on else f"on {checkout.branch}"

    async def head(self, of: m.ThreadWorktree) -> m.HeadReport:
        await self._begin("head")
        repo, checkout = self._opened(of)
        return m.HeadReport(commit=repo.tips[checkout.branch], head_on=self._head_on(of, checkout))

    async def status(self, of: m.ThreadWorktree, *, base: str | None = None, measure: bool = False) -> m.StatusReport:
        await self._begin("status")
        repo, checkout = self._opened(of)
        changes = self._changes(repo, checkout)
        entries = tuple(
            m.Entry(kind="untracked" if one.letter == "A" else "changed", path=one.path, tree=one.letter)
            for one in changes
        )
        return m.StatusReport(
            head=repo.tips[checkout.branch],
            branch=_name_of(checkout.branch),
            entries=entries,
            total=len(entries),
            ahead=None,
            behind=None,
            in_progress=None,
            head_on=self._head_on(of, checkout),
            clean=not entries,
            size_bytes=sum(len(text) for text in checkout.files.values()) if measure else None,
        )

    def _changes(self, repo: FakeRepo, checkout: Checkout) -> list[m.FileChange]:
        tree = repo.commits[repo.tips[checkout.branch]].tree
        names = sorted({*tree, *checkout.files})
        return [
            m.FileChange(letter="A" if name not in tree else "D" if name not in checkout.files else "M", path=name)
            for name in names
            if tree.get(name) != checkout.files.get(name)
        ]

    async def diff(self, repo: str, base: str, tip: str, *, stat: bool = False) -> m.DiffText:
        """Tell which files the tip changed since it left the base, whole files at a time."""
        await self._begin("diff")
        home = self._home(repo)[0]
        newer = self._commit_of(home, tip)
        older = next(one for one in home.ancestors(self._commit_of(home, base)) if home.contains(newer, one))
        text, files = difference(home.commits[older].tree, home.commits[newer].tree)
        return m.DiffText(base=older, tip=newer, text=text, truncated=False, files=files)

    # --- worktrees, snapshots, commits -------------------------------------------------------------------------------

    async def ensure_worktree(
        self,
        repo: str,
        thread: str,
        *,
        base: str | None,
        location: str | None = None,
        restore: str | None = None,
        pool: bool = False,
        begun_at: str | None = None,
    ) -> m.Worktree:
        loss = await self._begin("ensure_worktree")
        home = self._home(repo)[0]
        branch, path = f"compas/{thread}", f"{home.path}/.compas-worktrees/{thread}"
        created = path not in home.checkouts
        if branch not in home.tips and restore in home.commits:
            home.tips[branch] = restore
            home.bases[thread] = next(one for one in home.ancestors(restore) if home.contains(home.tips["main"], one))
        elif branch not in home.tips:
            if base is None:
                raise GitRefused("base_required", f"{branch} does not exist yet and no base was named")
            home.bases[thread] = home.tips[branch] = self._tip(home, base)
        if created:
            home.pool -= int(pool and home.pool > 0)
            home.checkouts[path] = Checkout(branch, dict(home.commits[home.tips[branch]].tree))
            home.instances[path] = f"made-{len(self.asked)}"
        if loss:
            self._lose("ensure_worktree")
        return m.Worktree(
            path=path,
            branch=branch,
            base=home.bases[thread],
            head=home.tips[branch],
            created=created,
            instance=home.instances[path],
        )

    async def fill_pool(self, repo: str, *, base: str, size: int, location: str | None = None) -> m.Pool:
        loss = await self._begin("fill_pool")
        home = self._home(repo)[0]
        if size:
            self._tip(home, base)
        home.pool = size
        if loss:
            self._lose("fill_pool")
        return m.Pool(ready=size)

    async def ensure_reading_tree(
        self, repo: str, thread: str, commit: str, *, location: str | None = None
    ) -> m.Worktree:
        loss = await self._begin("ensure_reading_tree")
        home = self._home(repo)[0]
        path = f"{home.path}/.compas-worktrees/{thread}"
        created = path not in home.checkouts
        if created:
            detached = f"{DETACHED}{self._commit_of(home, commit)}"
            home.tips[detached] = commit
            home.checkouts[path] = Checkout(detached, dict(home.commits[commit].tree))
            home.instances[path] = f"made-{len(self.asked)}"
        if loss:
            self._lose("ensure_reading_tree")
        instance = home.instances[path]
        return m.Worktree(path=path, branch="", base=commit, head=commit, created=created, instance=instance)

    async def furnish_worktree(
        self, of: m.ThreadWorktree, *, copy: tuple[str, ...] = (), link: tuple[str, ...] = ()
    ) -> m.Furnished:
        loss = await self._begin("furnish_worktree")
        home, checkout = self._opened(of)
        source, target = home.checkouts[home.path].files, checkout.files
        notes = tuple(
            f"copy: {name} does not exist in {home.path}; it was left out" for name in copy if name not in source
        )
        fresh = [name for name in copy if name in source and name not in target]
        target.update({name: source[name] for name in fresh})
        if loss:
            self._lose("furnish_worktree")
        return m.Furnished(copied=len(fresh), linked=0, notes=notes)

    async def remove_worktree(
        self,
        repo: str,
        thread: str,
        *,
        target: str | None,
        force: bool = False,
        clean_only: bool = False,
        dry_run: bool = False,
        location: str | None = None,
        snapshots: Mapping[str, str] = m.NO_SNAPSHOTS,
    ) -> m.Removed:
        loss = await self._begin("remove_worktree")
        home = self._home(repo)[0]
        branch, path = f"compas/{thread}", f"{home.path}/.compas-worktrees/{thread}"
        tip = home.tips.get(branch)
        answer = {"path": path, "tip": tip, "archive": None, "snapshot": None, "branch": "kept"}
        is_there = path in home.checkouts
        if is_there and not home.is_clean(path) and not force:
            held = any(home.commits[commit].tree == home.checkouts[path].files for commit in snapshots.values())
            if clean_only or not held:
                return m.Removed(worktree="kept", reason=f"{path} has uncommitted changes", **answer)
        if dry_run:
            return m.Removed(worktree="removable" if is_there else "absent", **answer)
        home.checkouts.pop(path, None)
        if tip is None:
            answer["branch"] = "absent"
        elif target in home.tips and home.contains(home.tips[target], tip):
            answer["branch"] = "deleted"
        else:
            answer |= {"branch": "archived", "archive": f"refs/compas/archive/{branch}-{tip[:12]}"}
        home.tips.pop(branch, None)
        if loss:
            self._lose("remove_worktree")
        return m.Removed(worktree="removed" if is_there else "absent", **answer)

    async def snapshot(self, of: m.ThreadWorktree, execution: str, *, at: float | None = None) -> m.Snapshot:
        loss = await self._begin("snapshot")
        repo, checkout = self._opened(of)
        moved = self._bring_back(repo, of, checkout)
        head = repo.tips[checkout.branch]
        changes = self._changes(repo, checkout)
        commit = repo.store((head,), checkout.files, f"{execution} at {at}") if changes else head
        taken = m.Snapshot(
            commit=commit,
            tree=tree_name(checkout.files),
            head=head,
            dirty=bool(changes),
            files=tuple(changes),
            total=len(changes),
            head_on=self._head_on(of, checkout),
            head_moved=moved,
        )
        recorded = repo.snapshots.setdefault(execution, taken)
        if recorded.commit != commit:
            raise GitRefused("snapshot_taken_over", f"the snapshot of {execution} is {recorded.commit} already")
        if loss:
            self._lose("snapshot")
        return taken

    def _bring_back(self, repo: FakeRepo, of: m.ThreadWorktree, checkout: Checkout) -> str:
        """Move the thread's branch up to where HEAD stands, and HEAD onto it, where that is ahead of it."""
        on, branch = checkout.branch, f"compas/{of.thread}"
        if not self._head_on(of, checkout) or on.startswith("compas/"):
            return ""
        if branch not in repo.tips or not repo.contains(repo.tips[on], repo.tips[branch]):
            return ""
        repo.tips[branch], checkout.branch = repo.tips[on], branch
        return f"HEAD stood on {on}; it is on {branch} again"

    async def commit_all(self, of: m.ThreadWorktree, message: str) -> m.Committed | m.NothingToCommit:
        loss = await self._begin("commit_all")
        repo, checkout = self._opened(of)
        moved = self._bring_back(repo, of, checkout)
        if self._head_on(of, checkout):
            raise GitRefused("head_elsewhere", f"{of.path} stands {self._head_on(of, checkout)}")
        head = repo.tips[checkout.branch]
        changes = self._changes(repo, checkout)
        if not changes:
            return m.NothingToCommit(head=head, head_moved=moved)
        repo.tips[checkout.branch] = made = repo.store((head,), checkout.files, message)
        if loss:
            self._lose("commit_all")
        return m.Committed(commit=made, files=len(changes), head_moved=moved)

    async def find_move(
        self,
        repo: str,
        known: str,
        now: str,
        *,
        threads: tuple[m.ThreadTip, ...] = (),
        published: tuple[str, ...] = (),
    ) -> m.Move:
        await self._begin("find_move")
        home = self._home(repo)[0]
        if known not in home.commits:
            return m.Move(is_forward=False, commits=())
        tips = {(tip.thread, tip.commit) for tip in threads if tip.commit in home.commits}
        tips |= {(name.removeprefix("compas/"), tip) for name, tip in home.tips.items() if is_thread_branch(name)}
        old = {before for one in (known, *published) if one in home.commits for before in home.ancestors(one)}
        begun = {tip.thread: home.ancestors(tip.base) for tip in threads if tip.base in home.commits}
        found = []
        for commit in home.first_parents(now):
            makers = sorted(
                thread for thread, tip in tips if home.contains(tip, commit) and commit not in begun.get(thread, ())
            )
            if makers and commit not in old and commit not in home.made_by_people:
                subject = home.commits[commit].subject
                found.append(m.MovedCommit(commit=commit, thread=makers[0], subject=subject))
        return m.Move(is_forward=home.contains(now, known), commits=tuple(found))

    # --- merging -----------------------------------------------------------------------------------------------------

    async def prepare_merge(
        self,
        repo: str,
        op: str,
        *,
        source: str,
        target: str,
        message: str,
        trailer: str = "",
        strategy: str = "merge",
        expected_source: str | None = None,
    ) -> m.PrepareResult:
        loss = await self._begin("prepare_merge")
        home = self._home(repo)[0]
        try:
            old, tip = self._target(home, target), self._tip(home, source)
        except GitRefused as refusal:
            return m.Refused(code=refusal.code, sentence=refusal.message)
        if expected_source not in (None, tip):
            return m.Refused(code="source_moved", sentence=f"{source} is at {tip[:12]} now; ask again")
        worktree = home.checkouts.get(f"{home.path}/.compas-worktrees/{source.removeprefix('compas/')}")
        if source.startswith("compas/") and worktree is not None and worktree.branch != source:
            return m.Refused(code="head_elsewhere", sentence=f"it stands on {worktree.branch}, not on {source}")
        for path, checkout in home.checkouts.items():
            if checkout.branch == source and not home.is_clean(path):
                return m.Refused(code="source_dirty", sentence=f"{path} has uncommitted changes", worktree=path)
        sides = _Sides(home, source, target, tip, old, f"{message}\n\n{trailer}".strip())
        found = self._merged(sides, strategy)
        if loss:
            self._lose("prepare_merge")
        return found

    def _merged(self, sides: "_Sides", strategy: str) -> m.Prepared | m.Conflicts:
        repo, tip, old = sides.repo, sides.tip, sides.old
        if repo.contains(old, tip):
            is_untouched = repo.bases.get(sides.source.removeprefix("compas/")) == tip
            summary = f"No commits to merge: {sides.target} contains {sides.source} already"
            return sides.prepared("nothing" if is_untouched else "already_merged", old, summary)
        if repo.contains(tip, old) and strategy != "squash":
            return sides.prepared("fast_forward", tip, f"{sides.target} moves forward to {sides.source}")
        base = next(one for one in repo.ancestors(old) if repo.contains(tip, one))
        if strategy == "rebase":
            return self._replayed(sides, base)
        merged, conflicts = three_way(*(repo.commits[one].tree for one in (base, old, tip)))
        if conflicts:
            return self._conflicts(sides, base, conflicts, self._touching(repo, tip, base))
        if strategy == "squash":
            if merged == repo.commits[old].tree:
                return sides.already_there()
            new = repo.store((old,), merged, sides.message)
            return sides.prepared("squash", new, f"Squash merged {sides.source} into {sides.target}")
        new = repo.store((old, tip), merged, sides.message)
        return sides.prepared("merge", new, f"Merged {sides.source} into {sides.target}")

    def _replayed(self, sides: "_Sides", base: str) -> m.Prepared | m.Conflicts:
        repo, onto = sides.repo, sides.old
        before = repo.ancestors(base)
        for name in reversed([one for one in repo.ancestors(sides.tip) if one not in before]):
            commit = repo.commits[name]
            trees = (repo.commits[commit.parents[0]].tree, repo.commits[onto].tree, commit.tree)
            merged, conflicts = three_way(*trees)
            if conflicts:
                picked = m.SideCommit(commit=name, subject=commit.subject, author="Op")
                return self._conflicts(sides, base, conflicts, (picked,), picked)
            if merged != repo.commits[onto].tree:
                onto = repo.store((onto,), merged, commit.subject)
        if onto == sides.old:
            return sides.already_there()
        return sides.prepared("rebase", onto, f"Rebased {sides.source} onto {sides.target}")

    def _conflicts(
        self,
        sides: "_Sides",
        base: str,
        paths: list[str],
        theirs: tuple[m.SideCommit, ...],
        picked: m.SideCommit | None = None,
    ) -> m.Conflicts:
        return m.Conflicts(
            source=sides.source,
            target=sides.target,
            source_tip=sides.tip,
            target_old=sides.old,
            files=tuple(m.Conflict(path=path, kind="contents") for path in paths),
            ours=self._touching(sides.repo, sides.old, base),
            theirs=theirs,
            picked=picked,
            text="",
        )

    def _touching(self, repo: FakeRepo, tip: str, base: str) -> tuple[m.SideCommit, ...]:
        known = repo.ancestors(base)
        found = [one for one in repo.ancestors(tip) if one not in known]
        return tuple(m.SideCommit(commit=one, subject=repo.commits[one].subject, author="Op") for one in found)

    async def verify_merge(
        self,
        repo: str,
        op: str,
        *,
        commit: str,
        command: str,
        timeout_secs: float,
        log: str,
        redaction_patterns: tuple[str, ...] | None = (),
    ) -> m.Verified:
        """Pass, but for the command `false`; one that is held is ended at its time limit."""
        began = trio.current_time()
        self.verified.append(commit)
        with trio.move_on_after(timeout_secs) as scope:
            loss = await self._begin("verify_merge")
            if loss:
                self._lose("verify_merge")
        self._commit_of(self._home(repo)[0], commit)
        code = None if scope.cancelled_caught else int(command == "false")
        outcome: dict[int | None, Literal["passed", "failed", "timed_out"]] = {
            None: "timed_out", 0: "passed", 1: "failed"
        }  # fmt: skip
        seconds = trio.current_time() - began
        return m.Verified(outcome=outcome[code], code=code, tail="", log=log, seconds=seconds)

    async def clear_merge(self, repo: str, op: str) -> m.Cleared:
        await self._begin("clear_merge")
        return m.Cleared(cleaned=())

    async def publish_merge(self, repo: str, op: str, prepared: m.Prepared) -> m.PublishResult:
        loss = await self._begin("publish_merge")
        home = self._home(repo)[0]
        tip = home.tips.get(prepared.target)
        if tip is not None and home.contains(tip, prepared.new):
            return m.Published(new=prepared.new, followed=())
        if tip != prepared.target_old:
            return m.TargetMoved(target=prepared.target, expected=prepared.target_old, found=tip)
        followed = home.move(prepared.target, tip, prepared.new)
        if loss:
            self._lose("publish_merge")
        return m.Published(new=prepared.new, followed=followed)

    async def finish_merge(self, repo: str, op: str, *, target: str, target_old: str, new: str) -> m.Finished:
        loss = await self._begin("finish_merge")
        home = self._home(repo)[0]
        tip = home.tips.get(target)
        published = tip is not None and home.contains(tip, new)
        if loss:
            self._lose("finish_merge")
        return m.Finished(published=published, tip=tip, followed=(), stale=(), cleaned=())


def _name_of(place: str) -> str | None:
    return None if place.startswith(DETACHED) else place


@dataclass(frozen=True)
class _Sides:
    """What is merged into what."""

    repo: FakeRepo
    source: str
    target: str
    tip: str
    old: str
    message: str

    def prepared(self, kind: m.MergeKind, new: str, summary: str) -> m.Prepared:
        return m.Prepared(
            kind=kind,
            source=self.source,
            target=self.target,
            source_tip=self.tip,
            target_old=self.old,
            new=new,
            summary=summary,
        )

    def already_there(self) -> m.Prepared:
        summary = f"No commits to merge: {self.target} has every change of {self.source} already"
        return self.prepared("already_merged", self.old, summary)
