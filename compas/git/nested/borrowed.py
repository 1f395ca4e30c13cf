"""Looks into the submodules of a worktree without running anything of them, and keeps their commits.

Each is read through a git directory of ours that has its objects, index, HEAD and branches: its own configuration,
which its agent can write, is never read (docs/decisions/0021).
"""

import contextlib
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass

from compas.git.command import LONG_LIMIT, Git, Named, shown
from compas.git.directories import is_directory, is_real, lexists
from compas.git.errors import GitError
from compas.git.naming import ARCHIVE, BRANCHES
from compas.git.nested.declarations import Submodule, declared_submodules
from compas.git.nested.repositories import find_nested, git_dir_of, head_in, refs_of
from compas.git.nested.submodules import ONLY_FROM_DISK, leads_away, source_of
from compas.git.worktree.open import Opened


@dataclass(frozen=True, slots=True)
class _Kept:
    """A repository that goes with the worktree: how to call it, where it is, and where its checkout is, if it has one.

    `declared` is the submodule that HEAD declares for it.
    """

    name: str
    git_dir: str
    checkout: str | None = None
    declared: Submodule | None = None


async def what_keeps_submodules(main: str | None, opened: Opened, *, force: bool, dry_run: bool) -> str | None:
    """Bring the commits of a worktree's submodules to where they outlive it; return why it must not go.

    A worktree has repositories of its own for its submodules, which git deletes together with it. Without `force`,
    changes that no commit has keep it; a dry run only looks.
    """
    try:
        if not force:
            for path in (await find_nested(opened.git)).gitlinks:
                reason = await _unsaved(opened, path)
                if reason is not None:
                    return reason
        for one in [] if dry_run else await _repositories(opened):
            reason = await _keep(main, opened, one)
            if reason is not None:
                return reason
    except OSError as error:
        return f"its submodules could not be looked at: {error}"
    return None


# --- what no commit has ----------------------------------------------------------------------------------------------


async def _unsaved(opened: Opened, path: bytes) -> str | None:
    """Say what a submodule holds that no commit has; None where that is nothing, or where none is checked out."""
    name, directory = shown(path), os.path.join(opened.path, os.fsdecode(path))
    if not lexists(os.path.join(directory, ".git")):
        return None
    git_dir = git_dir_of(os.fsencode(directory))
    own = os.path.join(opened.git_dir, "modules", "")
    is_own = git_dir is not None and (git_dir == os.path.join(directory, ".git") or git_dir.startswith(own))
    if git_dir is None or not is_own or not is_real(directory) or not is_real(git_dir):
        return f"the .git of the submodule {name} leads somewhere else, so nobody can say what it holds"
    try:
        with _borrowed(opened, git_dir, directory) as there:
            if there is None:
                return f"nobody can say what the submodule {name} stands on"
            return await _changes(there, name)
    except GitError as error:
        return f"the submodule {name} could not be looked at: {error}"


async def _changes(there: Git, name: str) -> str | None:
    question = ("status", "--porcelain", "-z", "--untracked-files=normal", "--ignore-submodules=dirty")
    if (await there.run(*question, time_limit=LONG_LIMIT)).stdout:
        return f"its submodules have changes that no snapshot can hold: {name}"
    for path in (await find_nested(there)).gitlinks:
        if lexists(os.path.join(os.fsencode(there.directory), path, b".git")):
            return f"the submodule {name} has submodules of its own that are checked out; nobody looks into these"
    return None


@contextlib.contextmanager
def _borrowed(opened: Opened, git_dir: str, checkout: str | None) -> Iterator[Git | None]:
    """Yield git in a submodule's checkout, with a git directory of ours; None where HEAD names no commit."""
    head = head_in(git_dir)
    if head is None:
        yield None
        return
    home = os.path.join(opened.common_dir, "compas", "borrowed", opened.registration.thread)
    shutil.rmtree(home, ignore_errors=True)  # of before a crash
    try:
        for name in ("objects/info", "refs"):
            os.makedirs(os.path.join(home, name))
        branches = {ref: commit for ref, commit in refs_of(git_dir).items() if ref.startswith(BRANCHES)}
        is_long = len(head) == 64
        config = f"[core]\n\trepositoryformatversion = {int(is_long)}\n\tbare = false\n"
        _write(home, "config", config + ("[extensions]\n\tobjectFormat = sha256\n" if is_long else ""))
        _write(home, "HEAD", f"{head}\n")
        _write(home, "packed-refs", "".join(f"{commit} {ref}\n" for ref, commit in sorted(branches.items())))
        _write(home, "objects/info/alternates", f"{os.path.join(git_dir, 'objects')}\n")
        index = os.path.join(git_dir, "index")
        if os.path.isfile(index) and not os.path.islink(index):
            shutil.copy2(index, os.path.join(home, "index"))
        yield opened.git.naming(checkout or home, Named(git_dir=home, common_dir=home))
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _write(home: str, name: str, content: str) -> None:
    with open(os.path.join(home, name), "w", encoding="utf-8", errors="surrogateescape") as file:
        file.write(content)


# --- what only commits there have ------------------------------------------------------------------------------------


async def _repositories(opened: Opened) -> list[_Kept]:
    """Return every repository that goes with the worktree: those that git keeps for it, and those inside of it."""
    declared = (await declared_submodules(opened.git)).usable
    by_name = {one.name: one for one in declared}
    modules = os.path.join(opened.git_dir, "modules")
    found = []
    for name in _kept_below(modules):
        known = by_name.get(name)
        found.append(_Kept(known.path if known is not None else name, os.path.join(modules, name), declared=known))
    for one in declared:
        inside = os.path.join(one.path, ".git")
        if is_directory(os.path.join(opened.path, inside)) and not leads_away(opened.path, inside):
            found.append(_Kept(one.path, os.path.join(opened.path, inside), declared=one))
    return found


def _kept_below(modules: str) -> Iterator[str]:
    """Yield the names of the repositories that git keeps below a directory, those of submodules in submodules too."""
    for directory, below, files in os.walk(modules):
        if "HEAD" in files and "objects" in below:
            yield os.path.relpath(directory, modules)
            below[:] = [name for name in below if name == "modules"]


async def _keep(main: str | None, opened: Opened, one: _Kept) -> str | None:
    """Fetch what its branches and HEAD name into the repository that the main checkout has of the submodule."""
    declared = one.declared
    source = source_of(main, opened.common_dir, declared) if main is not None and declared is not None else None
    if source is None:
        return f"the commits of the submodule {one.name} are only there: the main checkout does not have it"
    try:
        with _borrowed(opened, one.git_dir, None) as there:
            if there is None or there.named is None:
                return f"nobody can say what the submodule {one.name} stands on, so nothing of it is deleted"
            space = f"{ARCHIVE}{opened.registration.thread}-{(head_in(one.git_dir) or '')[:12]}"
            refs = (f"+{BRANCHES}*:{space}/heads/*", f"+HEAD:{space}/HEAD")
            fetching = opened.git.naming(source, Named(git_dir=source, common_dir=source))
            allowed = fetching.configured(("protocol.file.allow", "always")).having(**ONLY_FROM_DISK)
            question = ("fetch", "--quiet", "--no-tags", "--no-recurse-submodules", "--end-of-options")
            await allowed.run(*question, there.named.git_dir, *refs, time_limit=LONG_LIMIT)
    except GitError as error:
        return f"the commits of the submodule {one.name} could not be kept: {error}"
    return None
