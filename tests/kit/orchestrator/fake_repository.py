"""Repositories in memory: commits, branches and checkouts, each file whole."""

import hashlib
from dataclasses import dataclass, field

from compas.domain.target import is_thread_branch, refuse_thread_branch
from compas.git.errors import GitRefused
from compas.git.protocol.thread_worktree import ThreadWorktree
from compas.git.protocol.worktrees import FileChange, Snapshot
from tests.kit.orchestrator.fake_trees import Tree


@dataclass(frozen=True)
class Commit:
    """A commit; its files are by name."""

    parents: tuple[str, ...]
    tree: Tree
    subject: str


DETACHED = "detached:"
"""How the place of a checkout without a branch begins."""


@dataclass
class Checkout:
    """A directory that shows a branch, and what lies in it."""

    branch: str
    files: Tree

    @property
    def branch_name(self) -> str | None:
        """The branch; None where HEAD is detached."""
        return None if self.branch.startswith(DETACHED) else self.branch

    def head_on(self, of: ThreadWorktree) -> str:
        """Say where HEAD stands when that is not the thread's branch."""
        return "" if of.reading or self.branch == f"compas/{of.thread}" else f"on {self.branch}"


@dataclass
class FakeRepo:
    """A repository whose main checkout is on branch main; `tips` are its branches."""

    path: str
    commits: dict[str, Commit] = field(default_factory=dict)
    tips: dict[str, str] = field(default_factory=dict)
    bases: dict[str, str] = field(default_factory=dict)
    snapshots: dict[str, Snapshot] = field(default_factory=dict)
    checkouts: dict[str, Checkout] = field(default_factory=dict)
    instances: dict[str, str] = field(default_factory=dict)
    made: int = 0
    """How many worktrees have been made."""
    made_by_people: set[str] = field(default_factory=set)
    """Commits made in a checkout that is no thread's."""
    symbolic: dict[str, str] = field(default_factory=dict)
    """Branches that are only other names of others."""
    pool: int = 0
    """How many worktrees are at the ready."""

    def __post_init__(self) -> None:
        self.tips["main"] = self.store((), {"README": "begin\n"}, "begin")
        self.checkouts[self.path] = Checkout("main", dict(self.commits[self.tips["main"]].tree))

    def store(self, parents: tuple[str, ...], tree: Tree, subject: str) -> str:
        """Make a commit that no branch has yet; the same again is the same commit."""
        made = Commit(parents, dict(tree), subject)
        name = hashlib.sha1(f"{parents} {sorted(tree.items())} {subject}".encode()).hexdigest()
        self.commits[name] = made
        return name

    def first_parents(self, commit: str) -> list[str]:
        """Return a commit and those before it on its own way, nearest first."""
        way, at = [], (commit,)
        while at:
            way.append(at[0])
            at = self.commits[at[0]].parents
        return way

    def commit(self, branch: str, subject: str, **files: str) -> str:
        """Commit these files (`a_txt` is `a.txt`) on a branch, as a person or an agent does; return the commit."""
        tip = self.tips[branch]
        named = {name.replace("_", "."): content for name, content in files.items()}
        made = self.store((tip,), {**self.commits[tip].tree, **named}, subject)
        if not is_thread_branch(branch):
            self.made_by_people.add(made)
        self.move(branch, tip, made)
        return made

    def write(self, path: str, **files: str) -> None:
        """Leave files in a checkout, uncommitted."""
        self.checkouts[path].files.update({name.replace("_", "."): content for name, content in files.items()})

    def contains(self, newer: str, older: str) -> bool:
        """Say whether commit `newer` has `older` among its ancestors, or is it."""
        return older in self.ancestors(newer)

    def ancestors(self, commit: str) -> dict[str, None]:
        """Return a commit and everything before it, nearest first."""
        found: dict[str, None] = {}
        waiting = [commit]
        while waiting:
            name = waiting.pop(0)
            if name not in found:
                found[name] = None
                waiting.extend(self.commits[name].parents)
        return found

    def is_clean(self, path: str) -> bool:
        """Say whether a checkout holds nothing but its branch's files."""
        return self.checkouts[path].files == self.commits[self.tips[self.checkouts[path].branch]].tree

    def changes(self, checkout: Checkout) -> tuple[FileChange, ...]:
        """Return what a checkout holds beside its branch's files."""
        tree = self.commits[self.tips[checkout.branch]].tree
        return tuple(
            FileChange(letter="A" if name not in tree else "D" if name not in checkout.files else "M", path=name)
            for name in sorted({*tree, *checkout.files})
            if tree.get(name) != checkout.files.get(name)
        )

    def commit_of(self, revision: str) -> str:
        """Return the commit that a revision names."""
        found = self.tips.get(revision.removeprefix("refs/heads/"))
        if found is None and revision in self.commits:
            found = revision
        if found is None:
            raise GitRefused("unknown_revision", f"{revision!r} names no commit in {self.path}; check its spelling")
        return found

    def tip_of(self, branch: str) -> str:
        """Return where a local branch is."""
        if branch not in self.tips:
            raise GitRefused("no_such_branch", f"{branch!r} is no local branch of {self.path}")
        return self.tips[branch]

    def target_tip(self, branch: str) -> str:
        """Return where a branch is that work may be merged into."""
        leads_to = ""
        while (leads_to or branch) in self.symbolic:
            leads_to = self.symbolic[leads_to or branch]
        if is_thread_branch(branch) or is_thread_branch(leads_to):
            refusal = refuse_thread_branch(branch, leads_to)
            raise GitRefused(refusal.code, refusal.message)
        return self.tip_of(leads_to or branch)

    def check_out(self, path: str, branch: str) -> None:
        """Make a worktree on a branch, in a directory that is like no other."""
        self.checkouts[path] = Checkout(branch, dict(self.commits[self.tips[branch]].tree))
        self.made += 1
        self.instances[path] = hashlib.sha1(f"{path} {self.made}".encode()).hexdigest()

    def move(self, branch: str, old: str, new: str) -> tuple[str, ...]:
        """Move a branch and its clean checkouts; return these."""
        clean = [path for path, one in self.checkouts.items() if one.branch == branch and self.is_clean(path)]
        self.tips[branch] = new
        for path in clean:
            self.checkouts[path].files = dict(self.commits[new].tree)
        return tuple(clean)


class FakeRepositories(dict[str, FakeRepo]):
    """Every repository there is, by its path."""

    def place(self, path: str) -> tuple[FakeRepo, str]:
        """Return the repository that a path belongs to, and the checkout it is in."""
        for repo in self.values():
            for top in sorted(repo.checkouts, key=len, reverse=True):
                if path == top or path.startswith(top + "/"):
                    return repo, top
        if path != "/":
            raise GitRefused("no_such_directory", f"there is no directory {path}")
        raise GitRefused("not_a_repository", f"{path} is in no git repository that can be read")

    def home(self, path: str) -> FakeRepo:
        """Return the repository that a path belongs to."""
        return self.place(path)[0]

    def opened(self, of: ThreadWorktree) -> tuple[FakeRepo, Checkout]:
        """Return the worktree of a thread; refused where nothing is there."""
        repo = self.home(of.repo)
        if of.path not in repo.checkouts:
            raise GitRefused("worktree_missing", f"the worktree of thread {of.thread} is gone: {of.path}")
        return repo, repo.checkouts[of.path]
