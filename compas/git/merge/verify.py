"""Runs the operator's check on a merged tree before it is published, and ends everything that the check started."""

import contextlib
import os
import signal
import subprocess
from dataclasses import dataclass
from typing import Final

import trio

from compas.failpoints import hit
from compas.git.command import Git
from compas.git.merge.temporary_checkout import open_checkout_of
from compas.git.naming import merge_directory
from compas.git.protocol.merging import Verified, VerifyMerge
from compas.git.repository import whereabouts
from compas.output.kept import KeptOutput, open_output_log
from compas.output.redact import Redactor

LOG_BYTES: Final = 16 * 1024 * 1024
"""How much of a check's output its log keeps; what is beyond is counted."""
READ_BYTES: Final = 64 * 1024
GRACE: Final = 2.0
"""Seconds between SIGTERM and SIGKILL."""

# The check's group is ended when the pipe on its standard input closes: at its own end, on cancel, at the time limit,
# and when this process dies, however it dies. The guard is in that group too, so the group's number stays taken.
_GUARDED: Final = f"""
exec 3<&0 </dev/null
( trap '' TERM INT HUP; cat <&3; kill -TERM -$$; sleep {GRACE:g}; kill -KILL -$$ ) >/dev/null 2>&1 &
exec 3<&-
exec /bin/sh -c "$1"
"""


async def verify_merge(request: VerifyMerge) -> Verified:
    """Check a merge commit out in git's own directory, run the command there, and say how it ended.

    Cancelling ends the command and all of its process group. A repeat runs it again. Raises GitRefused `bad_id`,
    `not_a_repository`; GitFailed where the commit cannot be checked out.
    """
    git, common_dir = await whereabouts(Git(request.repo))
    async with open_checkout_of(git, common_dir, merge_directory(common_dir, request.op), request.commit) as there:
        with open_output_log(request.log) as log:
            output = KeptOutput(log, _redactor(request), LOG_BYTES)
            check = _Check(output, there.held)
            began = trio.current_time()
            timed_out = await check.run(request.command, there.directory, request.timeout_secs)
            seconds = trio.current_time() - began
            output.finish(*((f"ended after {request.timeout_secs:g} s",) if timed_out else ()))
        hit("git.merge_checked")
    return Verified(
        outcome="timed_out" if timed_out else "passed" if check.code == 0 else "failed",
        code=None if timed_out else check.code,
        tail=output.tail(),
        log=request.log,
        seconds=seconds,
    )


@dataclass
class _Check:
    """One run of a command, in a process group of its own."""

    output: KeptOutput
    held: tuple[int, ...]
    code: int = 0

    async def run(self, command: str, directory: str, limit: float) -> bool:
        """Run it to its end and take in what it prints; True when it was ended at the time limit."""
        process = await trio.lowlevel.open_process(
            ["/bin/sh", "-c", _GUARDED, "compas-merge-verify", command],
            cwd=directory,
            env=_environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            pass_fds=self.held,
        )
        try:
            with trio.move_on_after(limit) as scope:
                async with trio.open_nursery() as nursery:
                    nursery.start_soon(self._collect, process)
                    await process.wait()
                    # A daemon that it left behind may hold the pipe open; what it said itself is in there already.
                    nursery.cancel_scope.cancel()
                self._drain(process)
        finally:
            await self._end(process)
        self.code = process.returncode or 0
        return scope.cancelled_caught

    async def _collect(self, process: trio.Process) -> None:
        assert process.stdout is not None
        async for chunk in process.stdout:
            self.output.feed(bytes(chunk))

    def _drain(self, process: trio.Process) -> None:
        assert isinstance(process.stdout, trio.lowlevel.FdStream)
        with contextlib.suppress(BlockingIOError, trio.ClosedResourceError):
            # What a daemon goes on printing has no end.
            for _ in range(LOG_BYTES // READ_BYTES):
                chunk = os.read(process.stdout.fileno(), READ_BYTES)
                if not chunk:
                    break
                self.output.feed(chunk)

    async def _end(self, process: trio.Process) -> None:
        """End what is left of the group, the guard included. Shielded and bounded."""
        with trio.CancelScope(shield=True, deadline=trio.current_time() + 2 * GRACE + 1):
            if process.returncode is None:
                _signal(process, signal.SIGTERM)
                with trio.move_on_after(GRACE):
                    await process.wait()
            _signal(process, signal.SIGKILL)
            await process.wait()
            for stream in (process.stdin, process.stdout):
                if stream is not None:
                    await stream.aclose()


def _signal(process: trio.Process, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):  # macOS says EPERM for a group of zombies
        os.killpg(process.pid, number)


def _environment() -> dict[str, str]:
    """Return the worker's environment without what binds git to some other repository."""
    return {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}


def _redactor(request: VerifyMerge) -> Redactor | None:
    patterns = request.redaction_patterns
    return None if patterns is None else Redactor(patterns)
