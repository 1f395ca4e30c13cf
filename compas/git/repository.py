"""Reads what a directory's repository is, what revisions and branches name, and which hooks and worktrees it has."""

import contextlib
import difflib
import glob
import os
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Final

from compas.domain.target import THREAD_BRANCH, is_thread_branch, why_thread_branch
from compas.git import quick
from compas.git.command import Git
from compas.git.errors import GitRefused
from compas.git.naming import BRANCHES
from compas.git.plain_files import read_plain
from compas.git.protocol.reading import Contained, Contains, Describe, Graph, GraphText, Repository, Resolve, Resolved

MERGE_HOOKS: Final = ("pre-merge-commit", "prepare-commit-msg", "commit-msg", "post-merge")
COMMIT_HOOKS: Final = ("pre-commit", "prepare-commit-msg", "commit-msg")
REBASE_HOOKS: Final = ("pre-rebase", "prepare-commit-msg", "commit-msg", "post-commit", "post-rewrite")
SQUASH_HOOKS: Final = (*COMMIT_HOOKS, "post-commit", "post-merge")


@dataclass(frozen=True, slots=True)
class Listed:
    """One worktree as `git worktree list` has it."""

    path: str
    head: str | None = None
    branch: str | None = None
    """Full ref; None when detached or bare."""
    bare: bool = False
    locked: str | None = None
    """The reason, possibly empty; None when it is not locked."""
    prunable: bool = False
    main: bool = False

    @property
    def present(self) -> bool:
        """Whether its directory is there."""
        return os.path.lexists(os.path.join(self.path, ".git"))


async def describe(request: Describe) -> Repository:
    """Say what repository a directory belongs to. Raises GitRefused `not_a_repository`."""
    return await repository_at(Git(request.path))


async def whereabouts(git: Git) -> tuple[Git, str]:
    """Return git in the repository's lasting directory, which is no thread's worktree, and the common directory.

    Raises GitRefused `not_a_repository`.
    """
    anchor, common_dir, _ = await whereabouts_with_worktrees(git)
    return anchor, common_dir


async def whereabouts_with_worktrees(git: Git) -> tuple[Git, str, list[Listed]]:
    """Return what `whereabouts` does, and the worktrees of the moment. Raises GitRefused `not_a_repository`."""
    common_dir, _, _ = await _surroundings(git)
    listed = await worktrees(git)
    return git.at(common_dir if listed[0].bare else listed[0].path), common_dir, listed


async def _surroundings(git: Git) -> tuple[str, str, str]:
    """Return the common directory, and the words `true` or `false` for being bare and for being inside a checkout."""
    asked = ("--git-common-dir", "--is-bare-repository", "--is-inside-work-tree")
    output = await git.run("rev-parse", "--path-format=absolute", *asked, good=(0, 128))
    if output.code:
        message = f"{git.directory} is in no git repository that can be read: {output.words}"
        raise GitRefused("not_a_repository", message)
    common_dir, bare, inside = os.fsdecode(output.stdout).removesuffix("\n").rsplit("\n", 2)
    return _real(common_dir), bare, inside


async def repository_at(git: Git) -> Repository:
    """Say what repository `git.directory` belongs to. Raises GitRefused `not_a_repository`."""
    common_dir, bare, inside = await _surroundings(git)
    top_level = await path_of(git, "--show-toplevel") if inside == "true" else None
    listed = await worktrees(git)
    return Repository(
        top_level=top_level,
        main=None if listed[0].bare else listed[0].path,
        common_dir=common_dir,
        head_branch=await head_branch(git),
        bare=bare == "true",
        empty=await git.line("rev-parse", "--verify", "--quiet", "HEAD^{commit}") is None,
    )


def _real(path: str) -> str:
    return os.path.realpath(path)


async def path_of(git: Git, *question: str) -> str:
    """Return an absolute path that `git rev-parse` answers with."""
    output = await git.run("rev-parse", "--path-format=absolute", *question)
    return os.fsdecode(output.stdout).removesuffix("\n")


async def head_branch(git: Git) -> str | None:
    """Return the branch HEAD is on, without refs/heads/; None when detached."""
    ref = await git.line("symbolic-ref", "--quiet", "HEAD")
    return ref.removeprefix(BRANCHES) if ref else None


async def resolve(request: Resolve) -> Resolved:
    """Return the commit a revision names. Raises GitRefused `unknown_revision`."""
    return Resolved(commit=await commit_of(Git(request.repo), request.revision))


async def commit_of(git: Git, revision: str) -> str:
    """Return the commit a revision names. Raises GitRefused `unknown_revision`."""
    found = None
    if revision.startswith("refs/"):
        found = await tip_of(git, revision)
    elif revision and "\0" not in revision:
        found = await git.line("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    if found is None:
        raise GitRefused("unknown_revision", f"{revision!r} names no commit in {git.directory}; check its spelling")
    return found


async def tip_of(git: Git, ref: str) -> str | None:
    """Return the commit at a full ref, or None where the ref does not exist."""
    try:
        return await quick.tip(git.store, ref)
    except quick.NotQuick:
        return await git.line("rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}")


async def has_commit(git: Git, commit: str) -> bool:
    """Say whether the repository has a commit, named in full."""
    try:
        return await quick.has_commit(git.store, commit)
    except quick.NotQuick:
        return (
            await git.line("rev-parse", "--verify", "--quiet", "--end-of-options", f"{commit}^{{commit}}") is not None
        )


async def branch_tip(git: Git, branch: str) -> str:
    """Return the tip of a local branch. Raises GitRefused `no_such_branch`, listing similar ones."""
    return (await _branch(git, branch))[0]


async def target_tip(git: Git, branch: str) -> str:
    """Return the tip of a local branch that can be moved.

    Raises GitRefused `no_such_branch`, `symbolic_target`, `thread_branch`.
    """
    tip, leads_to = await _target(git, branch)
    if leads_to:
        message = f"{branch} is only another name of {leads_to}; merge into that branch itself"
        raise GitRefused("symbolic_target", message)
    return tip


async def _target(git: Git, branch: str) -> tuple[str, str]:
    """Return what `_branch` does, of a branch that no thread works on, by whatever name."""
    if is_thread_branch(branch):
        raise GitRefused(THREAD_BRANCH, why_thread_branch(branch))
    tip, leads_to = await _branch(git, branch)
    if is_thread_branch(leads_to):
        raise GitRefused(THREAD_BRANCH, why_thread_branch(branch, leads_to))
    return tip, leads_to


async def _branch(git: Git, branch: str) -> tuple[str, str]:
    """Return tip and, for another name of a branch, the ref it leads to in the end. Only exact names match."""
    ref = BRANCHES + branch.replace("\0", "?")
    with contextlib.suppress(quick.NotQuick):
        found = await quick.branch(git.store, ref)
        if found is not None:
            return found
    listed = await git.text("for-each-ref", "--format=%(refname) %(objectname) %(symref)", "--end-of-options", ref)
    for line in listed.split("\n"):
        name, _, rest = line.partition(" ")
        if name == ref:
            tip, _, leads_to = rest.partition(" ")
            return tip, leads_to
    raise GitRefused("no_such_branch", await _missing_branch(git, branch))


async def _missing_branch(git: Git, branch: str) -> str:
    listed = await git.text("for-each-ref", "--format=%(refname:lstrip=2)", BRANCHES)
    names = listed.split("\n") if listed else []
    wanted = branch.removeprefix(BRANCHES)
    if "/" in wanted and wanted.split("/", 1)[1] in names:
        wanted = wanted.split("/", 1)[1]
        return f"{branch!r} is no local branch of {git.directory}; did you mean the local branch {wanted!r}?"
    near = difflib.get_close_matches(wanted, names, n=5, cutoff=0.5) or names[:5]
    similar = f"similar local branches: {', '.join(near)}" if near else "it has no local branch at all"
    return f"{branch!r} is no local branch of {git.directory}; {similar}"


async def contains(request: Contains) -> Contained:
    """Say whether a target contains a commit.

    Raises GitRefused `no_such_branch`, `unknown_revision`, `thread_branch`.
    """
    git = Git(request.repo)
    tip, _ = await _target(git, request.branch)
    commit = await commit_of(git, request.commit)
    return Contained(contained=await is_ancestor(git, commit, tip), tip=tip)


async def is_ancestor(git: Git, older: str, newer: str) -> bool:
    """Say whether commit `newer` contains commit `older`."""
    try:
        return older == newer or await quick.is_ancestor(git.store, older, newer)
    except quick.NotQuick:
        return await git.holds("merge-base", "--is-ancestor", "--end-of-options", older, newer)


async def graph(request: Graph) -> GraphText:
    """Draw the last commits for people. Raises GitRefused `unknown_revision`."""
    git = Git(request.repo)
    commits = [await commit_of(git, revision) for revision in request.revisions or ("HEAD",)]
    form = ("--graph", "--oneline", "--no-color", "--decorate", "--decorate-refs-exclude=refs/compas/*")
    limit = f"--max-count={max(1, min(request.limit, 1000))}"
    text = await git.text("log", *form, limit, "--end-of-options", *commits, "--")
    return GraphText(text=text)


async def worktrees(git: Git) -> list[Listed]:
    """Return every worktree of the repository, the main one first. Raises GitRefused `bad_path`."""
    output = await git.run("worktree", "list", "--porcelain", "-z", good=(0, 129))
    if output.code:  # older than 2.36, which has no -z
        _refuse_newlines(await path_of(git, "--git-common-dir"))
        output = await git.run("worktree", "list", "--porcelain")
        found = parse_worktrees(output.stdout, separator=b"\n")
    else:
        found = parse_worktrees(output.stdout)
    main = found[0]
    if not main.bare and not main.present:
        # A submodule's main worktree is listed as its git directory, whose configuration knows where it really is.
        configured = await git.line("config", "--get", "core.worktree")
        if configured is not None:
            found[0] = replace(main, path=_real(os.path.join(main.path, configured)))
    return found


def _refuse_newlines(common_dir: str) -> None:
    """Refuse a repository in which a worktree's path would read like the attributes of others, line by line."""
    for path in glob.glob(os.path.join(glob.escape(common_dir), "worktrees", "*", "gitdir")):
        if b"\n" in (read_plain(path) or b"").rstrip(b"\n"):
            message = (
                f"the worktree of {os.path.dirname(path)} is in a directory with a newline in its name, so the "
                "list of worktrees cannot be told apart; remove that worktree, or install git 2.36 or later"
            )
            raise GitRefused("bad_path", message)


def parse_worktrees(listing: bytes, separator: bytes = b"\0") -> list[Listed]:
    """Parse `git worktree list --porcelain`: attributes end with the separator, worktrees with one more."""
    found: list[Listed] = []
    for block in listing.split(separator * 2):
        pairs = [line.partition(b" ")[::2] for line in block.split(separator) if line]
        values = {os.fsdecode(name): os.fsdecode(value) for name, value in pairs}
        if "worktree" in values:
            found.append(
                Listed(
                    path=values["worktree"],
                    head=values.get("HEAD"),
                    branch=values.get("branch"),
                    bare="bare" in values,
                    locked=values.get("locked"),
                    prunable="prunable" in values,
                    main=not found,
                )
            )
    return found


async def hooks_directory(git: Git) -> str:
    """Return where hooks are looked for, absolute, `core.hooksPath` included."""
    return await path_of(git, "--git-path", "hooks")


def active_hooks(directory: str, names: Collection[str]) -> tuple[str, ...]:
    """Return those of the hooks that git would run."""
    paths = {name: os.path.join(directory, name) for name in names}
    return tuple(name for name, path in paths.items() if os.path.isfile(path) and os.access(path, os.X_OK))
