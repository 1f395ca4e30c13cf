"""Reads what a checkout holds, exactly: porcelain version 2, NUL-separated, nothing trimmed."""

import contextlib
import os
from collections.abc import Collection, Iterator
from typing import Final, Literal

import trio

from compas.git.command import Git, shown
from compas.git.in_progress import operation_in
from compas.git.naming import BRANCHES, thread_branch
from compas.git.protocol.reading import AskHead, Entry, HeadReport, Status, StatusReport
from compas.git.repository import commit_of
from compas.git.whereabouts import common_directory
from compas.git.work.head import find_head
from compas.git.worktree.laid import read_laid
from compas.git.worktree.open import open_worktree

ENTRIES: Final = 2000
"""How many entries a report carries; it always says how many there are."""

_FIELDS_BEFORE_PATH: Final = {b"1": 8, b"2": 9, b"u": 10}


async def status(request: Status) -> StatusReport:
    """Report entries, ahead and behind, what is in progress, and HEAD. Raises GitRefused as `open_worktree` does."""
    of = request.of
    branch = thread_branch(of.thread)
    with open_worktree(await common_directory(of.repo), of) as opened:
        git = opened.git
        entries = await read_entries(git, read_laid(opened.common_dir, of.thread).paths)
        found = await find_head(opened, branch)
        ahead = behind = None
        if request.base is not None and found.commit is not None:
            base = await commit_of(git, request.base)
            span = f"{base}...{found.commit}"
            counted = await git.text("rev-list", "--left-right", "--count", "--end-of-options", span, "--")
            left, right = counted.split()
            ahead, behind = int(right), int(left)
        return StatusReport(
            head=found.commit,
            branch=found.on.removeprefix(BRANCHES) if found.on else None,
            entries=tuple(entries[:ENTRIES]),
            total=len(entries),
            ahead=ahead,
            behind=behind,
            in_progress=operation_in(opened.git_dir),
            head_on="" if of.reading else found.elsewhere,
            clean=not entries,
            size_bytes=await _size(opened.path, request.measure_secs),
        )


async def head(request: AskHead) -> HeadReport:
    """Say where HEAD stands. Raises GitRefused as `open_worktree` does."""
    of = request.of
    with open_worktree(await common_directory(of.repo), of) as opened:
        found = await find_head(opened, thread_branch(of.thread))
    return HeadReport(commit=found.commit, head_on="" if of.reading else found.elsewhere)


async def _size(directory: str, seconds: float) -> int | None:
    """Count what is on disk; None when that is not asked for or not done in time."""
    with trio.move_on_after(seconds):
        if seconds > 0:
            return await trio.to_thread.run_sync(_bytes_below, directory)
    return None


def _bytes_below(directory: str) -> int:
    """Add up what is on disk; what vanishes meanwhile counts for nothing. Ends when its caller is cancelled."""
    total, ahead = 0, [directory]
    while ahead:
        trio.from_thread.check_cancelled()
        with (
            contextlib.suppress(FileNotFoundError, NotADirectoryError, PermissionError),
            os.scandir(ahead.pop()) as found,
        ):
            for entry in found:
                trio.from_thread.check_cancelled()
                with contextlib.suppress(FileNotFoundError):
                    total += entry.stat(follow_symlinks=False).st_blocks * 512
                if entry.is_dir(follow_symlinks=False):
                    ahead.append(entry.path)
    return total


async def read_entries(git: Git, laid: Collection[bytes] = ()) -> list[Entry]:
    """Return every path of a checkout that is staged, changed, unmerged or untracked, except what was `laid` there."""
    question = (
        "status",
        "--porcelain=v2",
        "-z",
        "--untracked-files=all",
        "--ignored=no",
        "--ignore-submodules=dirty",
    )
    output = await git.run(*question, "--find-renames", time_limit=300)
    hidden = frozenset(map(shown, laid))
    return [entry for entry in parse_entries(output.stdout) if not (_is_new(entry) and entry.path in hidden)]


def _is_new(entry: Entry) -> bool:
    """Say whether no commit of the branch has it."""
    return entry.kind == "untracked" or (entry.kind == "changed" and entry.index == "A")


def parse_entries(listing: bytes) -> Iterator[Entry]:
    """Parse `git status --porcelain=v2 -z`. Raises ValueError for what that format does not have."""
    records = iter(listing.split(b"\0"))
    for record in records:
        letter, _, rest = record.partition(b" ")
        if letter in (b"", b"#"):
            continue
        if letter in (b"?", b"!"):
            kind: Literal["untracked", "ignored"] = "untracked" if letter == b"?" else "ignored"
            yield Entry(kind=kind, path=shown(rest))
            continue
        if letter not in _FIELDS_BEFORE_PATH:
            raise ValueError(f"git status printed a record that begins with {letter!r}: {record!r}")
        # The path is the last field and may itself hold blanks.
        *fields, path = rest.split(b" ", _FIELDS_BEFORE_PATH[letter] - 1)
        old_path = shown(next(records)) if letter == b"2" else None
        states = fields[0].decode("ascii")
        yield Entry(
            kind={b"1": "changed", b"2": "renamed", b"u": "unmerged"}[letter],  # type: ignore[arg-type]
            path=shown(path),
            index=states[0],
            tree=states[1],
            old_path=old_path,
        )
