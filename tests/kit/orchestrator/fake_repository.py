"""Repositories in memory: commits, branches and checkouts, each file whole."""

import hashlib
from dataclasses import dataclass, field

from compas.domain.target import is_thread_branch
from compas.git.protocol import messages as m
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


@dataclass
class FakeRepo:
    """A repository whose main checkout is on branch main; `tips` are its branches."""

    path: str
    commits: dict[str, Commit] = field(default_factory=dict)
    tips: dict[str, str] = field(default_factory=dict)
    bases: dict[str, str] = field(default_factory=dict)
    snapshots: dict[str, m.Snapshot] = field(default_factory=dict)
    checkouts: dict[str, Checkout] = field(default_factory=dict)
    instances: dict[str, str] = field(default_factory=dict)
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
        self._move(branch, tip, made)
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

    def _move(self, branch: str, old: str, new: str) -> tuple[str, ...]:
        """Move a branch and its clean checkouts; return these."""
        clean = [path for path, one in self.checkouts.items() if one.branch == branch and self.is_clean(path)]
        self.tips[branch] = new
        for path in clean:
            self.checkouts[path].files = dict(self.commits[new].tree)
        return tuple(clean)

    move = _move
