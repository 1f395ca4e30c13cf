"""Brings untracked files of the main checkout into a worktree, and overwrites nothing there (design §6 rule 2)."""

import os
import stat
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

import trio

from compas.git.command import LONG_LIMIT, Git, shown
from compas.git.directories import lexists, same_place
from compas.git.naming import WORKTREES
from compas.git.nested.submodules import fill_submodules
from compas.git.protocol.worktrees import Furnished, FurnishWorktree
from compas.git.repository import repository_at
from compas.git.worktree.ignore import exclude
from compas.git.worktree.laid import Laid, as_pattern, read_laid, write_laid
from compas.git.worktree.large_files import unfiltered_note
from compas.git.worktree.open import Opened, open_worktree
from compas.git.worktree.reflink import copy_file

INCLUDE: Final = ".worktreeinclude"
NOTES: Final = 50
_LINK: Final = "link"
_COPY: Final = "copy"


@dataclass(frozen=True, slots=True)
class _Piece:
    """One path to bring over, and the key or file that asks for it."""

    key: str
    path: str

    @property
    def is_link(self) -> bool:
        return self.key == _LINK


@dataclass(slots=True)
class _Move:
    """From where to where; `tracked` holds every path of the branch, and every directory above one."""

    source: str
    target: str
    tracked: frozenset[str]
    plan: list["_Piece"] = field(default_factory=list)
    copied: int = 0
    linked: int = 0
    made: list["_Piece"] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def note(self, sentence: str) -> None:
        """Keep a sentence for people; when there are too many, only that there are more."""
        if len(self.notes) < NOTES:
            self.notes.append(sentence)
        elif len(self.notes) == NOTES:
            self.notes.append("there is more that was left out")


async def furnish_worktree(request: FurnishWorktree) -> Furnished:
    """Copy and link what the request and `.worktreeinclude` name, and fill submodules; a repeat is safe.

    Never overwritten: anything that exists in the worktree or that its branch tracks. Left out with a note: what is
    missing, what leads out of the repository, and what is neither file, directory nor link. What will be laid is
    remembered first: nothing of it is ever the agent's work (docs/decisions/0041).
    Raises GitRefused `not_a_repository`, and as `open_worktree` does. Cancelling stops between two files.
    """
    of = request.of
    here = await repository_at(Git(of.repo))
    with open_worktree(here.common_dir, of) as opened:
        there = opened.git
        unfiltered = await unfiltered_note(there)
        if here.main is None:
            wanted = request.copy or request.link
            notes = [f"{of.repo} is bare: it has no checkout to copy files from"] if wanted else []
            return Furnished(copied=0, linked=0, notes=(*notes, *unfiltered))
        move = _move(here.main, opened.path, await _tracked(there))
        included = await _included(Git(move.source), move)
        await trio.to_thread.run_sync(_plan, move, request.copy, included, request.link)
        _remember(opened, move)
        await trio.to_thread.run_sync(_carry, move)
        await _ignore_what_is_laid(Git(move.source), opened, move)
        for note in (*await fill_submodules(Git(move.source), there, here.common_dir), *unfiltered):
            move.note(note)
    return Furnished(copied=move.copied, linked=move.linked, notes=tuple(move.notes))


def _move(source: str, target: str, tracked: frozenset[str]) -> _Move:
    return _Move(os.path.realpath(source), os.path.realpath(target), tracked)


async def _tracked(git: Git) -> frozenset[str]:
    """Return all paths of the index and the directories above them; they need not be on disk (sparse checkouts)."""
    listing = (await git.run("ls-files", "--cached", "-z", time_limit=LONG_LIMIT)).stdout
    found: set[str] = set()
    for name in listing.split(b"\0"):
        path = os.fsdecode(name)
        while path and path not in found:
            found.add(path)
            path = os.path.dirname(path)
    return frozenset(found)


async def _included(git: Git, move: _Move) -> list[str]:
    """Return the ignored files that `.worktreeinclude` names; what git does not ignore is none of its business."""
    if not lexists(f"{git.directory}/{INCLUDE}"):
        return []
    question = ("ls-files", "--others", "--ignored", f"--exclude-from={INCLUDE}", "-z")
    named = (await git.run(*question, time_limit=LONG_LIMIT)).stdout
    if not named:
        return []
    checked = await git.run("check-ignore", "-z", "--stdin", stdin=named, good=(0, 1), time_limit=LONG_LIMIT)
    found = []
    for name in filter(None, checked.stdout.split(b"\0")):
        path = os.fsdecode(name)
        if path.endswith("/"):
            move.note(f"{INCLUDE}: {shown(name)} is a repository of its own; it was left out")
        else:
            found.append(path)
    return found


def _plan(move: _Move, copy: Sequence[str], included: Sequence[str], link: Sequence[str]) -> None:
    # Links first: a pattern of .worktreeinclude must not fill a directory that is wanted as a link.
    for path in link:
        if _is_usable(_LINK, path, move):
            _want(_LINK, os.path.normpath(path), move)
    for path in copy:
        if _is_usable(_COPY, path, move):
            for each in _files_below(move, os.path.normpath(path)):
                _want(_COPY, each, move)
    for path in included:
        _want(INCLUDE, path, move)


def _want(key: str, path: str, move: _Move) -> None:
    """Plan one path, unless something is or belongs there."""
    if path in move.tracked:
        move.note(f"{key}: {path} is tracked by the branch; it was left as it is there")
    elif not os.path.lexists(os.path.join(move.target, path)):  # else of an earlier try, or of the agent's own making
        move.plan.append(_Piece(key, path))


def _remember(opened: Opened, move: _Move) -> None:
    """Record what will be laid, beside what was already: here before a crash, or elsewhere and committed since."""
    known, instance = read_laid(opened.common_dir, opened.registration.thread), opened.registration.instance
    if known.instance != instance:
        known = known.among(map(os.fsencode, move.tracked))
    links = frozenset(os.fsencode(piece.path) for piece in move.plan if piece.is_link)
    copies = frozenset(os.fsencode(piece.path) for piece in move.plan if not piece.is_link)
    write_laid(opened.common_dir, opened.registration.thread, known.joined(Laid(instance, links, copies)))


def _carry(move: _Move) -> None:
    for piece in move.plan:
        trio.from_thread.check_cancelled()
        if piece.is_link:
            _link(move, piece)
        else:
            _copy(move, piece)


def _is_usable(key: str, path: str, move: _Move) -> bool:
    """Say whether a configured path is there, and inside the repository after all links are followed."""
    source = os.path.join(move.source, path)
    if not os.path.lexists(source):
        move.note(f"{key}: {path} does not exist in {move.source}; it was left out")
        return False
    real = os.path.realpath(source)
    if not _is_inside(real, move.source):
        move.note(f"{key}: {path} leads out of the repository, to {real}; it was left out")
        return False
    return True


def _is_inside(path: str, root: str) -> bool:
    return path == root or path.startswith(root + os.sep)


def _files_below(move: _Move, path: str) -> Iterator[str]:
    """Yield a file, or all files of a directory, relative to the root; never git's own, and no worktrees of ours."""
    if not _is_directory(os.path.join(move.source, path)):
        yield path
        return
    for directory, below, files in os.walk(os.path.join(move.source, path)):
        relative = os.path.relpath(directory, move.source)
        for name in list(below):
            if name in (".git", WORKTREES) or same_place(os.path.join(directory, name), move.target):
                below.remove(name)
            elif os.path.islink(os.path.join(directory, name)):
                below.remove(name)
                files.append(name)
        for name in files:
            if name != ".git":
                yield os.path.normpath(os.path.join(relative, name))


def _is_directory(path: str) -> bool:
    return os.path.isdir(path) and not os.path.islink(path)


def _copy(move: _Move, piece: _Piece) -> None:
    """Copy one file or link of the main checkout."""
    key, path = piece.key, piece.path
    target = _free_target(key, move, path)
    if target is None:
        return
    source = os.path.join(move.source, path)
    try:
        kind = os.lstat(source).st_mode
        if stat.S_ISLNK(kind):
            os.symlink(os.readlink(source), target)
        elif stat.S_ISREG(kind):
            copy_file(source, target)
        else:
            move.note(f"{key}: {path} is neither a file nor a link; it was left out")
            return
    except OSError as error:
        move.note(f"{key}: {path} could not be copied: {error.strerror or error}")
        return
    move.copied += 1
    move.made.append(piece)


def _link(move: _Move, piece: _Piece) -> None:
    path = piece.path
    source, target = os.path.join(move.source, path), _free_target(_LINK, move, path)
    if target is None:
        return
    try:
        os.symlink(source, target)
    except OSError as error:
        move.note(f"link: {path} could not be linked: {error.strerror or error}")
        return
    move.linked += 1
    move.made.append(piece)


def _free_target(key: str, move: _Move, path: str) -> str | None:
    """Return where a path goes in the worktree, its directory made; None when something is there by now."""
    target = os.path.join(move.target, path)
    if os.path.lexists(target):
        return None
    parent = os.path.dirname(target)
    if not _is_inside(os.path.realpath(parent), move.target):
        move.note(f"{key}: {path} would be written outside of the worktree, through a link; it was left out")
        return None
    try:
        os.makedirs(parent, exist_ok=True)
    except OSError as error:
        move.note(f"{key}: {path} could not be brought over: {error.strerror or error}")
        return None
    return target


async def _ignore_what_is_laid(main: Git, opened: Opened, move: _Move) -> None:
    """Let git ignore, in worktrees, the links to what it ignores in the main checkout; say what it does not ignore.

    A link is not matched by a pattern that ends in a slash, which is how directories tend to be ignored: an agent that
    commits everything would commit it. A file that git shows in the main checkout stays visible, there and here.
    """
    seen = await _not_ignored(opened.git, [piece.path for piece in move.made])
    links = {piece.path for piece in move.made if piece.is_link} & seen
    hidden = links - await _not_ignored(main, links)
    exclude(opened.common_dir, filter(None, (as_pattern(os.fsencode(path)) for path in sorted(hidden))))
    for piece in move.made:
        if piece.path in seen - hidden:
            move.note(
                f"{piece.path} is not ignored by git: compas leaves it out of what it commits and records, and merges "
                "no branch on which it was committed"
            )


async def _not_ignored(git: Git, paths: Collection[str]) -> set[str]:
    if not paths:
        return set()
    # The prefix keeps git from reading any of them as one of its own ways to name paths, and without the index it
    # compares none of them, as patterns, with tracked files. It prints them as they were given.
    listing = b"\0".join(b"./" + os.fsencode(path) for path in paths)
    question = ("check-ignore", "--no-index", "-z", "--stdin")
    checked = await git.run(*question, stdin=listing, good=(0, 1), time_limit=LONG_LIMIT)
    ignored = set(checked.stdout.split(b"\0"))
    return {path for path in paths if b"./" + os.fsencode(path) not in ignored}
