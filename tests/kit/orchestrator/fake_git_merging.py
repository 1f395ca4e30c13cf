"""What the git worker in memory does with merges: computes them file by file, checks and publishes them."""

from dataclasses import dataclass

from compas.git.errors import GitRefused
from compas.git.protocol.merging import (
    Cleared,
    ClearMerge,
    Conflict,
    Conflicts,
    Finished,
    FinishMerge,
    MergeKind,
    Prepared,
    PrepareMerge,
    PrepareResult,
    Published,
    PublishMerge,
    PublishResult,
    Refused,
    SideCommit,
    TargetMoved,
    Verified,
    VerifyMerge,
)
from tests.kit.orchestrator.fake_git_worktrees import worktree_path
from tests.kit.orchestrator.fake_repository import FakeRepo, FakeRepositories
from tests.kit.orchestrator.fake_trees import three_way


@dataclass(frozen=True)
class _Sides:
    """What is merged into what."""

    repo: FakeRepo
    source: str
    target: str
    tip: str
    old: str
    message: str

    def prepared(self, kind: MergeKind, new: str, summary: str) -> Prepared:
        return Prepared(
            kind=kind,
            source=self.source,
            target=self.target,
            source_tip=self.tip,
            target_old=self.old,
            new=new,
            summary=summary,
        )

    def already_there(self) -> Prepared:
        summary = f"No commits to merge: {self.target} has every change of {self.source} already"
        return self.prepared("already_merged", self.old, summary)

    def conflicts(
        self, base: str, paths: list[str], theirs: tuple[SideCommit, ...], picked: SideCommit | None = None
    ) -> Conflicts:
        return Conflicts(
            source=self.source,
            target=self.target,
            source_tip=self.tip,
            target_old=self.old,
            files=tuple(Conflict(path=path, kind="contents") for path in paths),
            ours=self.touching(self.old, base),
            theirs=theirs,
            picked=picked,
            text="",
        )

    def touching(self, tip: str, base: str) -> tuple[SideCommit, ...]:
        known = self.repo.ancestors(base)
        found = [one for one in self.repo.ancestors(tip) if one not in known]
        return tuple(SideCommit(commit=one, subject=self.repo.commits[one].subject, author="Op") for one in found)


def prepare_merge(repos: FakeRepositories, asked: PrepareMerge) -> PrepareResult:
    home, source = repos.home(asked.repo), asked.source
    try:
        old, tip = home.target_tip(asked.target), home.tip_of(source)
    except GitRefused as refusal:
        return Refused(code=refusal.code, sentence=refusal.message)
    if asked.expected_source not in (None, tip):
        return Refused(code="source_moved", sentence=f"{source} is at {tip[:12]} now; ask again")
    worktree = home.checkouts.get(worktree_path(home, source.removeprefix("compas/")))
    if source.startswith("compas/") and worktree is not None and worktree.branch != source:
        return Refused(code="head_elsewhere", sentence=f"it stands on {worktree.branch}, not on {source}")
    for path, checkout in home.checkouts.items():
        if checkout.branch == source and not home.is_clean(path):
            return Refused(code="source_dirty", sentence=f"{path} has uncommitted changes", worktree=path)
    message = f"{asked.message}\n\n{asked.trailer}".strip()
    return _merged(_Sides(home, source, asked.target, tip, old, message), asked.strategy)


def _merged(sides: _Sides, strategy: str) -> Prepared | Conflicts:
    repo, tip, old = sides.repo, sides.tip, sides.old
    if repo.contains(old, tip):
        is_untouched = repo.bases.get(sides.source.removeprefix("compas/")) == tip
        summary = f"No commits to merge: {sides.target} contains {sides.source} already"
        return sides.prepared("nothing" if is_untouched else "already_merged", old, summary)
    if repo.contains(tip, old) and strategy != "squash":
        return sides.prepared("fast_forward", tip, f"{sides.target} moves forward to {sides.source}")
    base = next(one for one in repo.ancestors(old) if repo.contains(tip, one))
    if strategy == "rebase":
        return _replayed(sides, base)
    merged, conflicts = three_way(*(repo.commits[one].tree for one in (base, old, tip)))
    if conflicts:
        return sides.conflicts(base, conflicts, sides.touching(tip, base))
    if strategy == "squash":
        if merged == repo.commits[old].tree:
            return sides.already_there()
        new = repo.store((old,), merged, sides.message)
        return sides.prepared("squash", new, f"Squash merged {sides.source} into {sides.target}")
    new = repo.store((old, tip), merged, sides.message)
    return sides.prepared("merge", new, f"Merged {sides.source} into {sides.target}")


def _replayed(sides: _Sides, base: str) -> Prepared | Conflicts:
    repo, onto = sides.repo, sides.old
    before = repo.ancestors(base)
    for name in reversed([one for one in repo.ancestors(sides.tip) if one not in before]):
        commit = repo.commits[name]
        trees = (repo.commits[commit.parents[0]].tree, repo.commits[onto].tree, commit.tree)
        merged, conflicts = three_way(*trees)
        if conflicts:
            picked = SideCommit(commit=name, subject=commit.subject, author="Op")
            return sides.conflicts(base, conflicts, (picked,), picked)
        if merged != repo.commits[onto].tree:
            onto = repo.store((onto,), merged, commit.subject)
    if onto == sides.old:
        return sides.already_there()
    return sides.prepared("rebase", onto, f"Rebased {sides.source} onto {sides.target}")


def verify_merge(repos: FakeRepositories, asked: VerifyMerge) -> Verified:
    """Pass, but for the command `false`."""
    repos.home(asked.repo).commit_of(asked.commit)
    code = int(asked.command == "false")
    return Verified(outcome="failed" if code else "passed", code=code, tail="", log=asked.log, seconds=0.0)


def clear_merge(repos: FakeRepositories, asked: ClearMerge) -> Cleared:
    return Cleared(cleaned=())


def publish_merge(repos: FakeRepositories, asked: PublishMerge) -> PublishResult:
    home, prepared = repos.home(asked.repo), asked.prepared
    tip = home.tips.get(prepared.target)
    if tip is not None and home.contains(tip, prepared.new):
        return Published(new=prepared.new, followed=())
    if tip != prepared.target_old:
        return TargetMoved(target=prepared.target, expected=prepared.target_old, found=tip)
    return Published(new=prepared.new, followed=home.move(prepared.target, tip, prepared.new))


def finish_merge(repos: FakeRepositories, asked: FinishMerge) -> Finished:
    home = repos.home(asked.repo)
    tip = home.tips.get(asked.target)
    published = tip is not None and home.contains(tip, asked.new)
    return Finished(published=published, tip=tip, followed=(), stale=(), cleaned=())


ANSWERS = {
    PrepareMerge: prepare_merge,
    VerifyMerge: verify_merge,
    ClearMerge: clear_merge,
    PublishMerge: publish_merge,
    FinishMerge: finish_merge,
}
