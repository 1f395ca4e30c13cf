"""Whether the large files of a checkout are there, or only what Git LFS keeps in their place."""

import os

from compas.git.command import LONG_LIMIT, Git, shown

_POINTER = b"version https://git-lfs.github.com/spec/"


async def unfiltered_note(git: Git) -> tuple[str, ...]:
    """Return a sentence where files that Git LFS should have filled in are still its pointers; git ran its filters.

    A filter that is configured and fails makes git refuse the whole worktree; here is what happens without one.
    """
    listing = await git.run(
        "ls-files", "--cached", "-z", "--", ":(attr:filter=lfs)", good=(0, 128), time_limit=LONG_LIMIT
    )
    names = [name for name in listing.stdout.split(b"\0") if name]
    pointers = [name for name in names if _is_pointer(os.path.join(os.fsencode(git.directory), name))]
    if not pointers:
        return ()
    return (
        f"{len(pointers)} of {len(names)} large files are only pointers of Git LFS, such as {shown(pointers[0])}; "
        "install git-lfs and run `git lfs install`, or `git lfs pull` in the main checkout",
    )


def _is_pointer(path: bytes) -> bool:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)  # waits for no pipe
        with open(descriptor, "rb") as file:
            return file.read(len(_POINTER)) == _POINTER
    except OSError:
        return False  # not on disk (a sparse checkout), or no file
