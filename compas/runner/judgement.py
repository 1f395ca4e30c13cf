"""Judges an execution by its files and settles those whose runner cannot (design §5)."""

import os
from pathlib import Path
from typing import Literal

import msgspec
import trio

from compas.errors import CompasError
from compas.runner import files, machine
from compas.runner.messages import Exit, Spec, Started
from compas.runner.tree import RecordedTree, end_tree, recorded_tree


class Running(msgspec.Struct, frozen=True):
    """A runner holds the lock: attach."""


class Finished(msgspec.Struct, frozen=True):
    """`exit.json` is there: record it."""

    exit: Exit


class NeverStarted(msgspec.Struct, frozen=True):
    """No agent ever ran: launch, or cancel."""


class Rebooted(msgspec.Struct, frozen=True):
    """It was started in another boot, so all of it is gone: settle."""

    started: Started


class Died(msgspec.Struct, frozen=True):
    """The runner is gone without recording an exit; strays may be alive: settle."""

    started: Started


class Vanished(msgspec.Struct, frozen=True):
    """Its files are gone or unreadable, though it was started: end it without asking. `found` says what is wrong."""

    found: str


Verdict = Running | Finished | NeverStarted | Rebooted | Died | Vanished


class SettleError(CompasError):
    """An execution is not in the state that was to be settled: judge it again."""


def prepare(directory: Path, spec: Spec) -> None:
    """Write `spec.json` durably; writing the same again changes nothing. Syncs: run it in a worker thread.

    Raises:
        files.ExecutionFileError: Another spec is there already, or this one is not valid.
    """
    try:
        msgspec.json.decode(msgspec.json.encode(spec), type=Spec)
    except (msgspec.DecodeError, UnicodeEncodeError) as err:
        raise files.ExecutionFileError(f"this is no valid {files.SPEC}: {err}") from err
    # Somebody may have tidied up since the supervisor made the folder of all executions (a-core 44).
    directory.parent.mkdir(mode=0o700, exist_ok=True)
    directory.mkdir(mode=0o700, exist_ok=True)
    with files.open_directory(directory) as descriptor:
        try:
            files.write_new(descriptor, files.SPEC, spec)
        except FileExistsError:
            if files.read(descriptor, files.SPEC, Spec) != spec:
                raise files.ExecutionFileError(
                    f"{directory} already holds another {files.SPEC}; an execution's spec never changes"
                ) from None
    with files.open_directory(directory.parent) as parent:
        os.fsync(parent)


def judge(directory: Path, known: RecordedTree | None = None) -> Verdict:
    """Say what has become of an execution. Reads a few small files; never waits, whatever stands in their place.

    Takes the lock for a moment; a runner that starts just then waits for it. `known` is what is recorded elsewhere of
    an execution that has started: then files that say otherwise are not believed.
    """
    try:
        return _judge(directory, known)
    except (OSError, files.ExecutionFileError) as err:
        return Vanished(f"its files in {directory} cannot be read: {err}")


def _judge(directory: Path, known: RecordedTree | None) -> Verdict:
    if not directory.exists():
        return NeverStarted() if known is None else Vanished(f"its directory {directory} is gone")
    with files.open_directory(directory) as descriptor, files.try_lock(descriptor) as is_held:
        # Looked at under the lock, but an exit is final whoever holds it.
        ended = files.read(descriptor, files.EXIT, Exit)
        if ended is not None:
            return Finished(ended)
        if not is_held:
            return Running()
        verdict = _judge_unfinished(descriptor, known)
    if isinstance(verdict, NeverStarted) and known is not None:
        return Vanished(f"{files.STARTED} is gone from {directory}")
    return verdict


async def settle_dead(directory: Path, *, now: float, known: RecordedTree | None = None) -> Exit:
    """End everything of the execution, then write its exit: `lost` or `rebooted`.

    Idempotent: an exit that is there already is returned. `now` is UTC seconds. Not cancelled midway. `known` goes
    before what the files say of its processes.

    Raises:
        SettleError: A runner is alive, or no agent was ever started.
    """
    return await trio.to_thread.run_sync(_settle_dead, directory, now, known)


async def cancel_never_started(directory: Path, *, reason: str, now: float) -> Exit:
    """Write the exit `cancelled`, so that a launch request still under way finds it and leaves.

    Idempotent: an exit that is there already is returned.

    Raises:
        SettleError: A runner is alive, or an agent has been started.
    """
    return await trio.to_thread.run_sync(_cancel_never_started, directory, reason, now)


def _judge_unfinished(descriptor: int, known: RecordedTree | None) -> NeverStarted | Rebooted | Died:
    started = files.read(descriptor, files.STARTED, Started)
    if started is None:
        return NeverStarted()
    boot_id = known.boot_id if known is not None else started.boot_id
    if boot_id != machine.boot_id():
        return Rebooted(started)
    return Died(started)


def _settle_dead(directory: Path, now: float, known: RecordedTree | None) -> Exit:
    with files.open_directory(directory) as descriptor, files.try_lock(descriptor) as is_held:
        ended = files.read(descriptor, files.EXIT, Exit)
        if ended is not None:
            return ended
        if not is_held:
            raise SettleError(f"tried to settle {directory}: its runner is alive; attach to it")
        verdict = _judge_unfinished(descriptor, known)
        match verdict:
            case NeverStarted():
                raise SettleError(f"tried to settle {directory}: no agent was started; launch or cancel it")
            case Rebooted(started):
                ended = _describe(descriptor, "rebooted", "the machine was booted anew meanwhile", started, now)
            case Died(started):
                swept = end_tree(known or recorded_tree(directory.name, started))
                reason = "the runner died without recording how the agent ended"
                ended = _describe(descriptor, "lost", reason, started, now)
                ended = msgspec.structs.replace(ended, leftovers_ended=swept.ended, nothing_left=swept.nothing_left)
        files.write_new(descriptor, files.EXIT, ended)
        return ended


def _cancel_never_started(directory: Path, reason: str, now: float) -> Exit:
    directory.mkdir(mode=0o700, exist_ok=True)
    with files.open_directory(directory) as descriptor, files.try_lock(descriptor) as is_held:
        ended = files.read(descriptor, files.EXIT, Exit)
        if ended is not None:
            return ended
        if not is_held or files.exists(descriptor, files.STARTED):
            raise SettleError(f"tried to cancel {directory} before its start: it has been started; stop it")
        ended = Exit(kind="cancelled", reason=reason, ended_at=now)
        files.write_new(descriptor, files.EXIT, ended)
        return ended


def _describe(descriptor: int, kind: Literal["lost", "rebooted"], reason: str, started: Started, now: float) -> Exit:
    log_bytes = os.stat(files.LOG, dir_fd=descriptor).st_size if files.exists(descriptor, files.LOG) else 0
    return Exit(
        kind=kind,
        reason=reason,
        started_at=started.started_at,
        ended_at=now,
        duration_secs=max(0.0, now - started.started_at),
        log_bytes=log_bytes,
        cut_at=log_bytes,
    )
