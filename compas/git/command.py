"""Runs one git command: what it inherits, how long it may take, and how it is ended."""

import contextlib
import os
import re
import signal
import subprocess
import sys
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import trio

from compas.git.environment import SETTINGS, Setting, configuration, environment
from compas.git.errors import GitError, GitFailed, GitOutputTooLarge, GitRefused, GitTimedOut

SHORT_LIMIT: Final = 60.0
"""Seconds for a command that touches no checkout."""
LONG_LIMIT: Final = 600.0
"""Seconds for a command that writes a checkout or may run a hook."""
KEEP: Final = 64 * 1024 * 1024
KEEP_STDERR: Final = 256 * 1024
GRACE: Final = 2.0
"""Seconds between SIGTERM, at which git removes its lock files, and SIGKILL."""


@dataclass(frozen=True, slots=True)
class Output:
    """How a git command ended and what it printed."""

    code: int
    stdout: bytes
    stderr: bytes
    truncated: bool = False

    @property
    def words(self) -> str:
        """Everything it printed, for people: git and hooks use both streams."""
        return "\n".join(shown(part).strip() for part in (self.stderr, self.stdout) if part.strip())


TORN_WAITS: Final = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5)
"""Seconds between looks at a worktree that another git is just registering: nothing tells when it has done so."""
_TORN: Final = re.compile(rb"worktrees/\S+/(?:commondir|gitdir|HEAD|locked)\b")


def is_torn(output: Output) -> bool:
    """Tell whether git gave up because another git had written a worktree's registration by half at that moment."""
    return output.code == 128 and _TORN.search(output.stderr) is not None


_READING: Final = frozenset(
    {
        *("cat-file", "check-attr", "check-ignore", "check-ref-format", "diff", "diff-tree", "for-each-ref", "log"),
        *("ls-files", "ls-tree", "merge-base", "merge-tree", "rev-list", "rev-parse", "show", "status", "var"),
        *("version", "--version"),
    }
)
_READING_WITH: Final = (("config", "--get"), ("config", "--type=bool", "--get"), ("worktree", "list"))


def is_reading(arguments: Sequence[str]) -> bool:
    """Tell whether a command changes nothing that anybody could notice, so that to run it again does no harm."""
    if arguments[:1] == ("symbolic-ref",):
        return [part for part in arguments[1:] if not part.startswith("-")] == ["HEAD"]
    return arguments[0] in _READING or any(tuple(arguments[: len(form)]) == form for form in _READING_WITH)


@dataclass(frozen=True, slots=True)
class Named:
    """A git directory and its checkout: commands are told them, so that git discovers nothing from what stands there.

    `descriptor` is the opened checkout: on Linux commands start in it, whatever its path leads to by then.
    """

    git_dir: str
    common_dir: str
    descriptor: int | None = None

    def variables(self, directory: str) -> dict[str, str]:
        """Return what commands are told; the checkout is where they start."""
        return {
            "GIT_DIR": self.git_dir,
            "GIT_WORK_TREE": ".",
            "GIT_CEILING_DIRECTORIES": os.path.dirname(directory),
        }


@dataclass(frozen=True, slots=True)
class Git:
    """git in one directory, with the variables and lock descriptors that its commands get."""

    directory: str
    variables: Mapping[str, str] = field(default_factory=dict)
    settings: tuple[Setting, ...] = ()
    """Configuration above every file; a later one wins."""
    held: tuple[int, ...] = ()
    """Descriptors of locks: a command that outlives this process keeps them locked."""
    named: Named | None = None
    """Which repository this is, where git must not find that out by itself."""

    @property
    def store(self) -> str:
        """What libgit2 opens: the git directory where it is named, else the directory."""
        return self.directory if self.named is None else self.named.git_dir

    @property
    def start(self) -> str:
        """Where commands start."""
        if self.named is None or self.named.descriptor is None or not sys.platform.startswith("linux"):
            return self.directory
        return f"/proc/self/fd/{self.named.descriptor}"

    def at(self, directory: str) -> "Git":
        """The same in another directory, of which git finds out by itself to which repository it belongs."""
        return replace(self, directory=directory, named=None)

    def naming(self, directory: str, named: Named) -> "Git":
        """The same in a checkout whose git directory is known."""
        return replace(self, directory=directory, named=named)

    def having(self, **variables: str) -> "Git":
        """The same with these environment variables as well."""
        return replace(self, variables={**self.variables, **variables})

    def configured(self, *settings: Setting) -> "Git":
        """The same with these keys and values in its configuration as well."""
        return replace(self, settings=(*self.settings, *settings))

    def holding(self, descriptor: int) -> "Git":
        """The same with a lock that commands inherit."""
        return replace(self, held=(*self.held, descriptor))

    async def run(
        self,
        *arguments: str,
        stdin: bytes = b"",
        good: Collection[int] = (0,),
        time_limit: float = SHORT_LIMIT,
        keep: int = KEEP,
        cut: bool = False,
    ) -> Output:
        """Run git and return how it ended; with `cut`, output over `keep` bytes ends it instead of failing.

        Cancelling, like the time limit, ends git and everything it started. A command that only reads is run once more
        where a signal from outside has ended it. Raises GitFailed for an exit code that is
        not `good`, GitTimedOut, GitOutputTooLarge, GitRefused `no_such_directory`, `git_missing` or `bad_value`, and
        GitError where the machine starts no process with these arguments.
        """
        name = " ".join(arguments[:2])
        output = await self._run_once(arguments, name, stdin, time_limit, keep, cut=cut)
        if output.code < 0 and is_reading(arguments) and not output.truncated:
            output = await self._run_once(arguments, name, stdin, time_limit, keep, cut=cut)
        for wait in TORN_WAITS if arguments[:1] == ("worktree",) else ():
            if not is_torn(output):
                break
            await trio.sleep(wait)
            output = await self._run_once(arguments, name, stdin, time_limit, keep, cut=cut)
        if output.code not in good and not output.truncated:
            raise GitFailed(name, output.code, output.words)
        return output

    async def _run_once(
        self, arguments: Sequence[str], name: str, stdin: bytes, time_limit: float, keep: int, *, cut: bool
    ) -> Output:
        process = await _start(["git", *arguments], self, piped_input=bool(stdin))
        run = _Run(process, keep)
        try:
            with trio.move_on_after(time_limit) as scope:
                await run.communicate(stdin)
        finally:
            await run.end()
        if scope.cancelled_caught:
            raise GitTimedOut(name, time_limit)
        if run.overflowed and not cut:
            raise GitOutputTooLarge(name, keep)
        return Output(run.code, bytes(run.stdout), bytes(run.stderr), run.overflowed)

    async def text(self, *arguments: str, time_limit: float = SHORT_LIMIT) -> str:
        """Run git and return its output as text, without the last newline."""
        return shown((await self.run(*arguments, time_limit=time_limit)).stdout).removesuffix("\n")

    async def holds(self, *arguments: str) -> bool:
        """Run a git command that answers a question: 0 is yes, 1 is no."""
        return (await self.run(*arguments, good=(0, 1))).code == 0

    async def line(self, *arguments: str) -> str | None:
        """Run a git command whose exit code 1 (or 128) means that there is nothing; else return its output."""
        output = await self.run(*arguments, good=(0, 1, 128))
        return shown(output.stdout).removesuffix("\n") if output.code == 0 else None


def shown(name: bytes) -> str:
    """Text for people and for the wire: UTF-8, with every other byte as `\\xNN`."""
    return name.decode("utf-8", "backslashreplace")


async def _start(command: Sequence[str], git: Git, *, piped_input: bool) -> trio.Process:
    named = {} if git.named is None else git.named.variables(git.directory)
    try:
        return await trio.lowlevel.open_process(
            command,
            cwd=git.start,
            env={**environment(os.environ), **named, **git.variables, **configuration((*SETTINGS, *git.settings))},
            stdin=subprocess.PIPE if piped_input else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,  # a group of its own to end, and no terminal to ask on
            pass_fds=git.held,
        )
    except (FileNotFoundError, NotADirectoryError, PermissionError) as error:
        if error.filename == "git":
            raise GitRefused("git_missing", "git was not found on PATH; install git 2.31 or later") from error
        message = (
            f"{git.directory} cannot be entered ({error.strerror}); bring back what was there, or correct the path"
        )
        raise GitRefused("no_such_directory", message) from error
    except OSError as error:  # of its arguments together, or of one, when they are too long
        raise GitError(f"git {command[1]} could not be started in {git.directory}: {error.strerror}") from error
    except ValueError as error:
        what = "a NUL byte" if "null" in str(error) else "characters that no name on this machine can have"
        message = f"git {command[1]} was not started: what it should be given holds {what}; correct it"
        raise GitRefused("bad_value", message) from error


class _Run:
    """One process: collects what it prints, and ends its group."""

    def __init__(self, process: trio.Process, keep: int) -> None:
        self._process = process
        self._keep = keep
        self.stdout = bytearray()
        self.stderr = bytearray()
        self.overflowed = False

    @property
    def code(self) -> int:
        """The exit code; a signal's number is negative."""
        code = self._process.returncode
        return -signal.SIGKILL if code is None else code

    async def communicate(self, stdin: bytes) -> None:
        """Feed and collect until the process ends, or prints too much."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._feed, stdin)
            nursery.start_soon(self._collect_stdout, nursery.cancel_scope)
            nursery.start_soon(self._collect_stderr)
            await self._process.wait()
            # A daemon that a hook left behind may hold the pipes open: git's own words are all in them already.
            nursery.cancel_scope.cancel()
        self._drain(self._process.stdout, self.stdout, self._keep)
        self._drain(self._process.stderr, self.stderr, KEEP_STDERR)

    async def _feed(self, stdin: bytes) -> None:
        if self._process.stdin is None:
            return
        async with self._process.stdin as stream:
            with contextlib.suppress(trio.BrokenResourceError):  # it ended without reading: its exit code says why
                await stream.send_all(stdin)

    async def _collect_stdout(self, scope: trio.CancelScope) -> None:
        assert self._process.stdout is not None
        async for chunk in self._process.stdout:
            self.stdout += chunk
            if len(self.stdout) > self._keep:
                self._overflow()
                scope.cancel()

    async def _collect_stderr(self) -> None:
        assert self._process.stderr is not None
        async for chunk in self._process.stderr:
            self.stderr += chunk[: KEEP_STDERR - len(self.stderr)]

    def _drain(self, stream: object, into: bytearray, keep: int) -> None:
        """Take what is in the pipe now; the process that matters has ended, so nothing more of it can come."""
        assert isinstance(stream, trio.lowlevel.FdStream)
        with contextlib.suppress(BlockingIOError, trio.ClosedResourceError):
            while len(into) <= keep and (chunk := os.read(stream.fileno(), 1 << 16)):
                into += chunk
        if into is self.stdout and len(into) > keep:
            self._overflow()

    def _overflow(self) -> None:
        self.overflowed = True
        del self.stdout[self._keep :]

    async def end(self) -> None:
        """End the whole group if the process has not ended by itself, and close the pipes. Shielded, bounded."""
        process = self._process
        with trio.CancelScope(shield=True, deadline=trio.current_time() + 2 * GRACE + 1):
            if process.returncode is None:
                self._signal(signal.SIGTERM)
                with trio.move_on_after(GRACE):
                    await process.wait()
                self._signal(signal.SIGKILL)
                await process.wait()
            for stream in (process.stdin, process.stdout, process.stderr):
                if stream is not None:
                    await stream.aclose()

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):  # macOS says EPERM for a group of zombies
            os.killpg(self._process.pid, number)
