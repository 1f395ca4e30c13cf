"""A git in a checkout that `git worktree list` names: the operator's or a thread's, told which repository it is."""

import contextlib
import os
from collections.abc import AsyncIterator, Iterator

from compas.git.command import Git, Named
from compas.git.errors import GitRefused
from compas.git.whereabouts import common_directory
from compas.git.worktree.open import open_registered
from compas.git.worktree.registration import Registration, read_registration


@contextlib.asynccontextmanager
async def open_checkout(git: Git, path: str) -> AsyncIterator[Git]:
    """Yield git there; one that we made is known again by its record, any other by the links of both sides.

    `git` is at the repository's lasting directory: its main checkout, or the bare repository itself.
    Raises GitRefused `worktree_missing`, `worktree_replaced`: nothing was touched.
    """
    common_dir = await common_directory(git.directory)
    if path == git.directory:
        with _main(git, common_dir, path) as there:
            yield there
        return
    name = os.path.basename(path)
    made = _recorded(common_dir, name)
    if made is None or made.path != path:
        made = Registration(thread=name, path=path, ready=True)
    with open_registered(common_dir, made, git) as opened:
        yield opened.git


def git_dir_of(there: Git) -> str:
    """Return the git directory of an opened checkout."""
    assert there.named is not None
    return there.named.git_dir


@contextlib.contextmanager
def _main(git: Git, common_dir: str, path: str) -> Iterator[Git]:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        message = f"{path} cannot be entered ({error.strerror}); bring the checkout back"
        raise GitRefused("no_such_directory", message) from error
    try:
        yield git.naming(path, Named(git_dir=common_dir, common_dir=common_dir, descriptor=descriptor))
    finally:
        os.close(descriptor)


def _recorded(common_dir: str, name: str) -> Registration | None:
    try:
        return read_registration(common_dir, name)
    except GitRefused:
        return None  # no thread can be called so
