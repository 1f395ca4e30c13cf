"""Reads what a checkout holds, exactly: porcelain version 2, NUL-separated, nothing trimmed (reference b W-11)."""

import contextlib
import os
from collections.abc import Iterator
from typing import Final, Literal

import trio

from compas.git.command import Git, shown
from compas.git.messages import Entry, InProgress, Status, StatusReport
from compas.git.repository import commit_of, path_of, tip_of

ENTRIES: Final = 2000
"""How many entries a report carries; it always says how many there are."""

_SIGNS: Final[tuple[tuple[str, InProgress], ...]] = (
    ("rebase-merge", "rebase"),
    ("rebase-apply/applying", "am"),
    ("rebase-apply", "rebase"),
    ("MERGE_HEAD", "merge"),
    ("CHERRY_PICK_HEAD", "cherry-pick"),
    ("REVERT_HEAD", "revert"),
    ("BISECT_LOG", "bisect"),
)
_FIELDS_BEFORE_PATH: Final = {b"1": 8, b"2": 9, b"u": 10}


async def status(request: Status) -> StatusReport:
    """Report entries, ahead and behind, an operation in progress, and the branch. Raises GitRefused."""
    git = Git(request.worktree)
    entries = await read_entries(git)
    ref = await git.line("symbolic-ref", "--quiet", "HEAD")
    branch = ref.removeprefix("refs/heads/") if ref else None
    head = await tip_of(git, "HEAD")
    ahead = behind = None
    if request.base is not None and head is not None:
        base = await commit_of(git, request.base)
        left, right = (
            await git.text("rev-list", "--left-right", "--count", "--end-of-options", f"{base}...{head}", "--")
        ).split()
        ahead, behind = int(right), int(left)
    return StatusReport(
        head=head,
        branch=branch,
        entries=tuple(entries[:ENTRIES]),
        total=len(entries),
        ahead=ahead,
        behind=behind,
        in_progress=operation_in(await path_of(git, "--git-dir")),
        on_expected_branch=None if request.branch is None else branch == request.branch,
        clean=not entries,
        size_bytes=await trio.to_thread.run_sync(_bytes_below, request.worktree) if request.measure else None,
    )


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
                with contextlib.suppress(FileNotFoundError):
                    total += entry.stat(follow_symlinks=False).st_blocks * 512
                if entry.is_dir(follow_symlinks=False):
                    ahead.append(entry.path)
    return total


async def read_entries(git: Git) -> list[Entry]:
    """Return every path of a checkout that is staged, changed, unmerged or untracked."""
    question = (
        "status",
        "--porcelain=v2",
        "-z",
        "--untracked-files=all",
        "--ignored=no",
        "--ignore-submodules=none",
    )
    output = await git.run(*question, "--find-renames", time_limit=300)
    return list(parse_entries(output.stdout))


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


def operation_in(git_dir: str) -> InProgress | None:
    """Return what somebody is in the middle of in the checkout with this git directory."""
    for sign, operation in _SIGNS:
        if os.path.exists(os.path.join(git_dir, sign)):
            return operation
    return None
