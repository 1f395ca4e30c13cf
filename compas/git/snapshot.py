"""Records what is in a checkout as a commit, touching neither its files nor its index."""

import contextlib
import os
import shutil
from collections.abc import Iterator
from typing import Final

from compas.git.command import LONG_LIMIT, Git, shown
from compas.git.errors import GitRefused
from compas.git.locks import hold
from compas.git.messages import FileChange, Snapshot, TakeSnapshot
from compas.git.naming import snapshot_ref
from compas.git.repository import path_of, tip_of

FILES: Final = 1000
"""How many files a snapshot lists; it always says how many there are."""

OURS: Final = {
    "GIT_AUTHOR_NAME": "compas",
    "GIT_AUTHOR_EMAIL": "compas@localhost",
    "GIT_COMMITTER_NAME": "compas",
    "GIT_COMMITTER_EMAIL": "compas@localhost",
}
_HEAD_LINE: Final = "head: "


async def take_snapshot(request: TakeSnapshot) -> Snapshot:
    """Record the checkout under `refs/compas/snap/<execution>`, or return what is recorded there already.

    Untracked files are included, ignored ones are not. A clean checkout is recorded as its HEAD itself.
    """
    return await snapshot_at(Git(request.worktree), snapshot_ref(request.execution), request.message)


async def snapshot_at(git: Git, ref: str, message: str) -> Snapshot:
    """Record the checkout under a full ref. Raises GitRefused `empty_repository`."""
    recorded = await tip_of(git, ref)
    if recorded is not None:
        return await _read_back(git, recorded)
    head = await tip_of(git, "HEAD")
    if head is None:
        raise GitRefused("empty_repository", f"{git.directory} has no commit yet; make a first one")
    tree, left_out = await tree_of_checkout(git)
    dirty = tree != await git.text("rev-parse", "--verify", "--end-of-options", f"{head}^{{tree}}")
    commit = head
    if dirty:
        text = f"{message.strip() or 'Snapshot'}\n\n{_HEAD_LINE}{head}\n"
        if left_out:
            text += f"left out:\n{left_out}\n"
        output = await git.having(**OURS).run(
            "commit-tree", "-p", head, "-F", "-", "--end-of-options", tree, stdin=text.encode()
        )
        commit = shown(output.stdout).strip()
    await git.run("update-ref", "-m", "compas: snapshot", "--end-of-options", ref, commit, "")
    changes = await changed_files(git, head, commit) if dirty else []
    return _snapshot(commit, tree, head, changes, dirty=dirty, left_out=left_out)


async def _read_back(git: Git, commit: str) -> Snapshot:
    body = await git.text("show", "--no-patch", "--format=%B", "--end-of-options", commit, "--")
    tree = await git.text("rev-parse", "--verify", "--end-of-options", f"{commit}^{{tree}}")
    author = await git.text("show", "--no-patch", "--format=%ae %P", "--end-of-options", commit, "--")
    email, _, parents = author.partition(" ")
    ours = email == OURS["GIT_AUTHOR_EMAIL"] and f"\n{_HEAD_LINE}{parents}\n" in f"{body}\n"
    head = parents if ours else commit
    _, _, left_out = body.partition("\nleft out:\n")
    changes = await changed_files(git, head, commit) if ours else []
    return _snapshot(commit, tree, head, changes, dirty=ours, left_out=left_out.strip() if ours else "")


def _snapshot(commit: str, tree: str, head: str, changes: list[FileChange], *, dirty: bool, left_out: str) -> Snapshot:
    return Snapshot(
        commit=commit,
        tree=tree,
        head=head,
        dirty=dirty,
        files=tuple(changes[:FILES]),
        total=len(changes),
        left_out=left_out or None,
    )


async def tree_of_checkout(git: Git) -> tuple[str, str]:
    """Write the checkout's content as a tree; also return git's words about what it could not take in.

    Filters apply (so LFS files are stored as pointers), nothing is executed beyond them.
    """
    git_dir, common_dir = [await path_of(git, which) for which in ("--git-dir", "--git-common-dir")]
    async with hold(git, common_dir, f"snapshot-{os.path.basename(git_dir)}") as held:
        with _temporary_index(git_dir) as (index, copied):
            scratch = held.having(GIT_INDEX_FILE=index)
            if not copied:
                await scratch.run("read-tree", "HEAD")
            added = await scratch.run("add", "--all", "--ignore-errors", "--", ":/", good=(0, 1), time_limit=LONG_LIMIT)
            tree = shown((await scratch.run("write-tree", time_limit=LONG_LIMIT)).stdout).strip()
    embedded = await _embedded(git, tree)
    left_out = [added.words] if added.code else []
    left_out += [f"{path}: a repository inside the worktree; only its commit is recorded" for path in embedded]
    return tree, "\n".join(left_out)


async def _embedded(git: Git, tree: str) -> list[str]:
    changed = await git.run("diff-tree", "-r", "-z", "--raw", "--no-renames", "--end-of-options", "HEAD", tree, "--")
    fields = changed.stdout.split(b"\0")
    return [
        shown(path)
        for about, path in zip(fields[::2], fields[1::2], strict=False)
        if about.startswith(b":") and about.split(b" ")[1] == b"160000" and about[1:7] != b"160000"
    ]


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
