"""Ends an execution without asking its runner, and checks that one that is said to have ended is gone."""

import contextlib
import os
import sys
from pathlib import Path

import msgspec
import trio

from compas.runner import files
from compas.runner.hosting import FLUSH_LIMIT_SECS
from compas.runner.messages import MIN_GRACE_SECS, Exit, ExitKind, Started
from compas.runner.processes import find_process
from compas.runner.tree import RecordedTree, Swept, end_tree, recorded_tree

_LINGER_SECS = FLUSH_LIMIT_SECS + 1.0
"""How long a runner that has recorded its exit may take to leave."""


async def end_by_force(directory: Path, known: RecordedTree | None, *, kind: ExitKind, reason: str, now: float) -> Exit:
    """End all of an execution, its runner last, and return its exit, which is in `exit.json` where that can be written.

    Idempotent, and not cancelled midway: it takes a grace of 2 s, and 10 s more at most. `known` goes before what the
    files say. An exit with `nothing_left` False is not recorded: something is still alive, so end it again.
    """
    return await trio.to_thread.run_sync(_end_by_force, directory, known, kind, reason, now)


async def sweep(directory: Path, known: RecordedTree | None) -> Swept:
    """End what is alive of an execution that is said to have ended; finding nothing is the rule."""
    return await trio.to_thread.run_sync(_sweep, directory, known)


async def wait_agent_gone(tree: RecordedTree) -> None:
    """Return once the process of the agent has ended, reaped by its runner or not; on macOS, never.

    There the deadline and the word to stop have to do (design §5).
    """
    if sys.platform == "darwin":
        await trio.sleep_forever()
    try:
        descriptor = os.pidfd_open(tree.agent_pid)
    except ProcessLookupError:
        return
    try:
        row = find_process(tree.agent_pid)
        if row is not None and row.start_time == tree.agent_start_time:
            await trio.lowlevel.wait_readable(descriptor)
    finally:
        os.close(descriptor)


def _end_by_force(directory: Path, known: RecordedTree | None, kind: ExitKind, reason: str, now: float) -> Exit:
    ended = Exit(kind=kind, reason=reason, ended_at=now)
    tree = known or _tree_on_file(directory)
    if tree is None:
        # A runner that is only just starting finds this before it releases its agent, or we find what it has written.
        ended = _write_exit(directory, ended)
        tree = _tree_on_file(directory) or RecordedTree(execution=directory.name)
    swept = end_tree(tree, grace_secs=MIN_GRACE_SECS)
    ended = msgspec.structs.replace(ended, leftovers_ended=swept.ended, nothing_left=swept.nothing_left)
    return _write_exit(directory, ended) if swept.nothing_left else ended


def _sweep(directory: Path, known: RecordedTree | None) -> Swept:
    tree = known or _tree_on_file(directory)
    if tree is None:
        return Swept(ended=0, nothing_left=True, was_at_work=False)
    return end_tree(tree, grace_secs=MIN_GRACE_SECS, linger_secs=_LINGER_SECS)


def _tree_on_file(directory: Path) -> RecordedTree | None:
    with contextlib.suppress(OSError, files.ExecutionFileError), files.open_directory(directory) as descriptor:
        started = files.read(descriptor, files.STARTED, Started)
        return None if started is None else recorded_tree(directory.name, started)
    return None


def _write_exit(directory: Path, ended: Exit) -> Exit:
    """Record an exit and return it; what a runner has measured meanwhile is taken over, its verdict is not."""
    try:
        with files.open_directory(directory) as descriptor:
            exists = files.exists(descriptor, files.LOG)
            log_bytes = os.stat(files.LOG, dir_fd=descriptor, follow_symlinks=False).st_size if exists else 0
            ended = msgspec.structs.replace(ended, log_bytes=log_bytes, cut_at=log_bytes)
            try:
                files.write_new(descriptor, files.EXIT, ended)
            except FileExistsError:
                measured = files.read(descriptor, files.EXIT, Exit)
                if measured is not None:
                    ended = msgspec.structs.replace(
                        measured, kind=ended.kind, reason=ended.reason, nothing_left=ended.nothing_left
                    )
    except (OSError, files.ExecutionFileError) as err:
        return msgspec.structs.replace(ended, reason=f"{ended.reason} (its {files.EXIT} could not be written: {err})")
    return ended
