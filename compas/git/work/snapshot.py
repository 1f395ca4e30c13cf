"""Records what is in a checkout as a commit, touching neither its files nor its index."""

import contextlib
import os
import shutil
from collections.abc import Iterator
from typing import Final

from msgspec.structs import replace

from compas.git import quick
from compas.git.command import LONG_LIMIT, Git, shown
from compas.git.errors import GitRefused
from compas.git.locks import hold
from compas.git.naming import snapshot_ref, thread_branch
from compas.git.nested.repositories import stage_all
from compas.git.own_refs import make_ref
from compas.git.protocol.worktrees import FileChange, Snapshot, TakeSnapshot
from compas.git.repository import tip_of
from compas.git.whereabouts import common_directory
from compas.git.work.head import Head, bring_back
from compas.git.worktree.laid import read_laid
from compas.git.worktree.open import Opened, open_worktree

FILES: Final = 1000
"""How many files a snapshot lists; it always says how many there are."""

OURS: Final = {
    "GIT_AUTHOR_NAME": "compas",
    "GIT_AUTHOR_EMAIL": "compas@localhost",
    "GIT_COMMITTER_NAME": "compas",
    "GIT_COMMITTER_EMAIL": "compas@localhost",
}


async def take_snapshot(request: TakeSnapshot) -> Snapshot:
    """Record a thread's worktree under `refs/compas/snap/<execution>`; a repeat makes the very same commit again.

    First HEAD is looked at, and put back on the thread's branch where nothing speaks against it. Untracked files are
    included; ignored ones, repositories inside and what compas laid there are not. A clean checkout is recorded as its
    HEAD itself. Raises GitRefused as `open_worktree` does, `empty_repository`, and `snapshot_taken_over` where the ref
    names anything else.
    """
    ref = snapshot_ref(request.execution)
    with open_worktree(await common_directory(request.of.repo), request.of) as opened:
        branch = "" if request.of.reading else thread_branch(request.of.thread)
        head = await bring_back(opened, branch) if branch else Head(await tip_of(opened.git, "HEAD"))
        message = f"compas: what execution {request.execution} left uncommitted"
        taken = await snapshot_at(opened, ref, message, request.at)
    return replace(taken, head_on=head.elsewhere, head_moved=head.moved)


async def snapshot_at(opened: Opened, ref: str, message: str, at: float | None = None) -> Snapshot:
    """Record a worktree under a full ref, create-only. Raises GitRefused `empty_repository`, `snapshot_taken_over`."""
    git = opened.git
    head = await tip_of(git, "HEAD")
    if head is None:
        raise GitRefused("empty_repository", f"{git.directory} has no commit yet; make a first one")
    tree, left_out = await tree_of_checkout(opened)
    dirty = tree != await tree_of(git, head)
    commit = await _commit(git, tree, head, message, at) if dirty else head
    await create_ref(git, ref, commit)
    changes = await changed_files(git, head, commit) if dirty else []
    return Snapshot(
        commit=commit,
        tree=tree,
        head=head,
        dirty=dirty,
        files=tuple(changes[:FILES]),
        total=len(changes),
        left_out=left_out or None,
    )


async def _commit(git: Git, tree: str, head: str, message: str, at: float | None) -> str:
    """Make the commit that these always make: nothing of the moment, or of anybody's configuration, is in it."""
    if at is None:
        at = int(await git.text("show", "--no-patch", "--format=%ct", "--end-of-options", head, "--"))
    seconds = int(at)
    dated = git.having(**OURS, GIT_AUTHOR_DATE=f"@{seconds} +0000", GIT_COMMITTER_DATE=f"@{seconds} +0000")
    fixed = dated.configured(("i18n.commitEncoding", "UTF-8"))
    making = ("commit-tree", "-p", head, "-F", "-", "--end-of-options")
    output = await fixed.run(*making, tree, stdin=f"{message}\n".encode())
    return shown(output.stdout).strip()


async def create_ref(git: Git, ref: str, commit: str) -> None:
    """Make a ref that was not there; one that names this very commit is our own, of before a crash.

    Raises GitRefused `snapshot_taken_over`: somebody else has made it, and what it names is nothing we vouch for.
    """
    there = await make_ref(git, ref, commit, "compas: snapshot")
    if not there:
        return
    message = (
        f"{ref} could not be made for {commit[:12]}, the work that is in {git.directory}: {there}. Nothing but compas "
        "writes there; the work is still in the worktree, and is recorded with the next execution"
    )
    raise GitRefused("snapshot_taken_over", message, {"ref": ref, "commit": commit})


async def tree_of(git: Git, commit: str) -> str:
    """Return the tree of a commit, named in full."""
    try:
        return await quick.tree_of(git.store, commit)
    except quick.NotQuick:
        return await git.text("rev-parse", "--verify", "--end-of-options", f"{commit}^{{tree}}")


async def tree_of_checkout(opened: Opened) -> tuple[str, str]:
    """Write the checkout's content as a tree; also return what could not be taken in, in words.

    Filters apply (so LFS files are stored as pointers), nothing is executed beyond them.
    """
    git_dir, thread = opened.git_dir, opened.registration.thread
    async with hold(opened.git, opened.common_dir, f"snapshot-{os.path.basename(git_dir)}") as held:
        with _temporary_index(git_dir) as (index, copied):
            scratch = held.having(GIT_INDEX_FILE=index)
            if not copied:
                await scratch.run("read-tree", "HEAD")
            left_out = await stage_all(scratch, read_laid(opened.common_dir, thread).paths)
            tree = shown((await scratch.run("write-tree", time_limit=LONG_LIMIT)).stdout).strip()
    return tree, "\n".join(left_out)


@contextlib.contextmanager
def _temporary_index(git_dir: str) -> Iterator[tuple[str, bool]]:
    """Copy the index, with the file times it knows, so that git reads only the files that changed.

    Yields its path, and whether there was one to copy. The copy keeps the index's own time: by it git knows which
    entries it may not trust.
    """
    path = os.path.join(git_dir, "compas-snapshot.index")
    with contextlib.suppress(FileNotFoundError):
        os.unlink(f"{path}.lock")
    try:
        copied = os.path.exists(os.path.join(git_dir, "index"))
        if copied:
            shutil.copy2(os.path.join(git_dir, "index"), path)
        yield path, copied
    finally:
        for leftover in (path, f"{path}.lock"):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(leftover)


async def changed_files(git: Git, old: str, new: str) -> list[FileChange]:
    """Return what differs between two commits, renames found."""
    command = ("diff-tree", "-r", "-z", "--name-status", "--find-renames", "--end-of-options", old, new, "--")
    return list(parse_name_status((await git.run(*command)).stdout))


def parse_name_status(listing: bytes) -> Iterator[FileChange]:
    """Parse `--name-status -z`: a letter and one name, or for renames and copies two."""
    fields = iter(listing.split(b"\0"))
    for letter in fields:
        if not letter:
            continue
        name = shown(next(fields))
        if letter[:1] in (b"R", b"C"):
            yield FileChange(letter=chr(letter[0]), old_path=name, path=shown(next(fields)))
        else:
            yield FileChange(letter=chr(letter[0]), path=name)
