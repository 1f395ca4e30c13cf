"""What the git worker in memory answers to those who only read."""

from compas.domain.target import is_thread_branch
from compas.git.errors import GitRefused
from compas.git.protocol.reading import (
    AskHead,
    CommitSeen,
    Contained,
    Contains,
    Describe,
    Diff,
    DiffText,
    Entry,
    HeadReport,
    Locate,
    Located,
    Place,
    ReadSides,
    Repository,
    Resolve,
    Resolved,
    Side,
    SideSeen,
    SidesRead,
    Status,
    StatusReport,
)
from compas.git.protocol.targets import FindMove, Move, MovedCommit
from tests.kit.orchestrator.fake_repository import FakeRepositories
from tests.kit.orchestrator.fake_trees import difference, tree_name


def describe(repos: FakeRepositories, asked: Describe) -> Repository:
    repo, top = repos.place(asked.path)
    return Repository(
        top_level=top,
        main=repo.path,
        common_dir=f"{repo.path}/.git",
        head_branch=repo.checkouts[top].branch_name,
        bare=False,
        empty=False,
    )


def locate(repos: FakeRepositories, asked: Locate) -> Located:
    return Located(places=tuple(_place(repos, path) for path in asked.paths))


def _place(repos: FakeRepositories, path: str) -> Place | None:
    try:
        repo, top = repos.place(path)
    except GitRefused:
        return None
    return Place(repository=repo.path, below=path.removeprefix(top).strip("/"))


def resolve(repos: FakeRepositories, asked: Resolve) -> Resolved:
    return Resolved(commit=repos.home(asked.repo).commit_of(asked.revision))


def contains(repos: FakeRepositories, asked: Contains) -> Contained:
    home = repos.home(asked.repo)
    tip = home.target_tip(asked.branch)
    return Contained(contained=home.contains(tip, home.commit_of(asked.commit)), tip=tip)


def read_sides(repos: FakeRepositories, asked: ReadSides) -> SidesRead:
    return SidesRead(sides=tuple(_side(repos, one) for one in asked.sides))


def _side(repos: FakeRepositories, side: Side) -> SideSeen:
    try:
        home = repos.home(side.repo)
    except GitRefused:
        return SideSeen(tip=None)
    target = home.tips.get(side.target)
    tip = home.tips.get(side.tip.removeprefix("refs/heads/"), side.tip)

    def seen(name: str) -> CommitSeen:
        known = {} if target is None else home.ancestors(target)
        base = next((one for one in home.ancestors(name) if one in known), None)
        return CommitSeen(commit=name, tree=tree_name(home.commits[name].tree), base=base)

    return SideSeen(
        tip=seen(tip) if tip in home.commits else None,
        commits=tuple(seen(name) for name in dict.fromkeys(side.commits) if name in home.commits),
    )


def head(repos: FakeRepositories, asked: AskHead) -> HeadReport:
    repo, checkout = repos.opened(asked.of)
    return HeadReport(commit=repo.tips[checkout.branch], head_on=checkout.head_on(asked.of))


def status(repos: FakeRepositories, asked: Status) -> StatusReport:
    repo, checkout = repos.opened(asked.of)
    entries = tuple(
        Entry(kind="untracked" if one.letter == "A" else "changed", path=one.path, tree=one.letter)
        for one in repo.changes(checkout)
    )
    return StatusReport(
        head=repo.tips[checkout.branch],
        branch=checkout.branch_name,
        entries=entries,
        total=len(entries),
        ahead=None,
        behind=None,
        in_progress=None,
        head_on=checkout.head_on(asked.of),
        clean=not entries,
        size_bytes=sum(len(text) for text in checkout.files.values()) if asked.measure_secs else None,
    )


def diff(repos: FakeRepositories, asked: Diff) -> DiffText:
    """Tell which files the tip changed since it left the base, whole files at a time."""
    home = repos.home(asked.repo)
    newer = home.commit_of(asked.tip)
    older = next(one for one in home.ancestors(home.commit_of(asked.base)) if home.contains(newer, one))
    text, files = difference(home.commits[older].tree, home.commits[newer].tree)
    return DiffText(base=older, tip=newer, text="" if asked.only_numbers else text, truncated=False, files=files)


def find_move(repos: FakeRepositories, asked: FindMove) -> Move:
    home = repos.home(asked.repo)
    if asked.known not in home.commits:
        return Move(is_forward=False, commits=())
    tips = {(tip.thread, tip.commit) for tip in asked.threads if tip.commit in home.commits}
    tips |= {(name.removeprefix("compas/"), tip) for name, tip in home.tips.items() if is_thread_branch(name)}
    known = (one for one in (asked.known, *asked.published) if one in home.commits)
    old = {before for one in known for before in home.ancestors(one)}
    begun = {tip.thread: home.ancestors(tip.base) for tip in asked.threads if tip.base in home.commits}
    found = []
    for commit in home.first_parents(asked.now):
        makers = sorted(
            thread for thread, tip in tips if home.contains(tip, commit) and commit not in begun.get(thread, ())
        )
        if makers and commit not in old and commit not in home.made_by_people:
            found.append(MovedCommit(commit=commit, thread=makers[0], subject=home.commits[commit].subject))
    return Move(is_forward=home.contains(asked.now, asked.known), commits=tuple(found))


ANSWERS = {
    Describe: describe,
    Locate: locate,
    Resolve: resolve,
    Contains: contains,
    ReadSides: read_sides,
    AskHead: head,
    Status: status,
    Diff: diff,
    FindMove: find_move,
}
