"""Worktrees made in advance: kept at the ready, handed out only untouched, and healed after a crash."""

import contextlib
import hashlib
import os
import secrets
from typing import Final

import msgspec

from compas.failpoints import hit
from compas.git.command import LONG_LIMIT, Git
from compas.git.directories import is_link, make_parent, vacate
from compas.git.errors import GitError, GitFailed
from compas.git.locks import hold
from compas.git.naming import worktree_root
from compas.git.plain_files import read_plain, replace_plain
from compas.git.protocol.worktrees import FillPool, Pool
from compas.git.repository import Listed, branch_tip, repository_at, worktrees
from compas.git.worktree.ignore import exclude_worktrees
from compas.git.worktree.large_checkout import add_worktree
from compas.git.worktree.open import open_registered
from compas.git.worktree.registration import Mark, Registration, read_all_registrations, write_registration

_DIRECTORY: Final = os.path.join("compas", "pool")
PREFIX: Final = ".pool-"
"""No thread can be called so."""


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """A prepared worktree; not `ready` means that it may be half made. `sparse` is what it was made to show.

    `mark` is how it is known again; older versions of compas wrote none.
    """

    path: str
    ready: bool
    sparse: str = ""
    mark: Mark | None = None

    def registration(self) -> Registration:
        """What a worktree of a thread would be registered as."""
        return Registration(thread=os.path.basename(self.path), path=self.path, ready=self.ready, mark=self.mark)


async def fill_pool(request: FillPool) -> Pool:
    """Bring the pool of a repository to its size: heal, then make what is missing, or remove what is too many.

    A prepared worktree that somebody has touched is left alone, and is in the pool no more. Raises GitRefused
    `not_a_repository`, `no_such_branch`, GitFailed.
    """
    here = await repository_at(Git(request.repo))
    root = worktree_root(here.common_dir, here.main, request.location)
    async with hold(Git(here.main or here.common_dir), here.common_dir, "pool-fill") as git:
        if request.size and await _has_submodules(git, request.base):
            return Pool(ready=0, notes=("it has submodules, and git moves no worktree that has; none is prepared",))
        notes: list[str] = []
        async with hold(git, here.common_dir, "pool") as held:
            ready = await _heal(held, here.common_dir, notes)
            for name in ready[request.size :]:
                await _discard(held, here.common_dir, name)
        count = min(len(ready), request.size)
        if count < request.size and request.location is None and here.main is not None:
            exclude_worktrees(here.common_dir)
        while count < request.size:
            # Not under the lock that handing out takes: a thread must not wait for this.
            await _make(git, here.common_dir, root, request.base)
            count += 1
    return Pool(ready=count, notes=tuple(notes))


async def take(git: Git, common_dir: str, wanted: Registration) -> bool:
    """Move a prepared worktree to where a thread wants its own; False when there is none, and nothing has changed.

    It is detached then, and `wanted` is registered, not ready, so that a crash is healed by whoever asks next.
    """
    if not _entries(common_dir):
        return False
    async with hold(git, common_dir, "pool") as held:
        listed = _by_place(await worktrees(held))
        for name, entry in _entries(common_dir).items():
            found = listed.get(_real(entry.path))
            if not entry.ready or found is None or entry.sparse != _sparse(common_dir):
                continue
            if not await _is_pristine(held, common_dir, entry, found):
                continue
            vacate(wanted.path)  # git would move it into an empty directory
            write_registration(common_dir, wanted)
            hit("git.pool_claimed")
            try:
                await held.run("worktree", "move", "--end-of-options", entry.path, wanted.path, time_limit=LONG_LIMIT)
            except GitFailed:
                return False
            hit("git.pool_moved")
            _forget(common_dir, name)
            return True
    return False


async def _is_pristine(git: Git, common_dir: str, entry: Entry, found: Listed) -> bool:
    """Say whether it is as it was made: detached, unlocked, nothing changed, added or even ignored in it."""
    if not found.present or found.branch is not None or found.locked is not None:
        return False
    question = ("status", "--porcelain", "-z", "--ignored", "--untracked-files=normal", "--ignore-submodules=dirty")
    try:
        with open_registered(common_dir, entry.registration(), git) as opened:
            return not (await opened.git.run(*question, time_limit=LONG_LIMIT)).stdout
    except GitError:
        return False


async def _heal(git: Git, common_dir: str, notes: list[str]) -> list[str]:
    """Forget what is not at the ready, take away what is half made; return the names of the others."""
    listed = _by_place(await worktrees(git))
    being_taken = any(one.pooled and not one.ready for one in read_all_registrations(common_dir))
    ready = []
    for name, entry in _entries(common_dir).items():
        found = listed.get(_real(entry.path))
        if is_link(entry.path):
            notes.append(f"{entry.path} is a link now; it is left alone")
            _forget(common_dir, name)
        elif entry.ready and found is not None and found.present:
            if not await _is_pristine(git, common_dir, entry, found):
                notes.append(f"{entry.path} was touched since it was prepared; it is left alone")
                _forget(common_dir, name)
            elif entry.sparse != _sparse(common_dir):
                await _discard(git, common_dir, name)
            else:
                ready.append(name)
        elif found is not None and being_taken:
            continue  # one that is being moved is left to its thread
        elif found is not None and (found.present or vacate(entry.path)):
            # Nobody was told of it: it holds what git wrote, or nothing.
            await _discard(git, common_dir, name)
        else:
            if not vacate(entry.path):
                notes.append(f"{entry.path} holds files that are no worktree any more; it is left alone")
            _forget(common_dir, name)
    return ready


async def _discard(git: Git, common_dir: str, name: str) -> None:
    path = _entries(common_dir)[name].path
    await git.run("worktree", "remove", "--force", "--force", "--end-of-options", path, time_limit=LONG_LIMIT)
    _forget(common_dir, name)


async def _make(git: Git, common_dir: str, root: str, base: str) -> None:
    tip = await branch_tip(git, base)
    name = secrets.token_hex(4)
    entry = Entry(path=os.path.join(_real(root), f"{PREFIX}{name}"), ready=False, sparse=_sparse(common_dir))
    make_parent(entry.path)
    _write(common_dir, name, entry)
    await add_worktree(git, entry.path, "--detach", "--end-of-options", entry.path, tip)
    hit("git.pool_made")
    with open_registered(common_dir, entry.registration(), git) as opened:
        mark = opened.registration.mark
    _write(common_dir, name, msgspec.structs.replace(entry, ready=True, mark=mark))


async def _has_submodules(git: Git, base: str) -> bool:
    tip = await branch_tip(git, base)
    return await git.line("rev-parse", "--verify", "--quiet", "--end-of-options", f"{tip}:.gitmodules") is not None


def _sparse(common_dir: str) -> str:
    """Return what the main checkout shows, in short; empty when nobody has ever said."""
    digest = hashlib.sha256()
    for name in ("info/sparse-checkout", "config.worktree"):
        content = read_plain(os.path.join(common_dir, name))
        if content is not None:
            digest.update(content + b"\0")
    return digest.hexdigest()[:16]


def _real(path: str) -> str:
    return os.path.realpath(path)


def _by_place(listed: list[Listed]) -> dict[str, Listed]:
    return {_real(item.path): item for item in listed}


def _entries(common_dir: str) -> dict[str, Entry]:
    """Return the pool as it is on disk, by name; what cannot be read proves nothing and is passed over."""
    found = {}
    with contextlib.suppress(FileNotFoundError), os.scandir(os.path.join(common_dir, _DIRECTORY)) as files:
        for file in sorted(files, key=lambda file: file.name):
            if file.name.endswith(".json"):
                with contextlib.suppress(msgspec.DecodeError):
                    found[file.name.removesuffix(".json")] = msgspec.json.decode(
                        read_plain(file.path) or b"", type=Entry
                    )
    return found


def _write(common_dir: str, name: str, entry: Entry) -> None:
    replace_plain(os.path.join(common_dir, _DIRECTORY, f"{name}.json"), msgspec.json.encode(entry))


def _forget(common_dir: str, name: str) -> None:
    with contextlib.suppress(FileNotFoundError):
        os.unlink(os.path.join(common_dir, _DIRECTORY, f"{name}.json"))
