"""What can go wrong between compas and git, each as a type that says what was tried and what to do."""
# ruff: noqa: N818 - the names say what happened to the git command

import signal

from compas.errors import CompasError


class GitError(CompasError):
    """Root of everything that a git operation raises on purpose."""


class GitRefused(GitError):
    """The operation was not begun, or was undone: `code` is for programs, the text for people."""

    def __init__(self, code: str, message: str, details: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.details = details or {}


class GitFailed(GitError):
    """A git command ended with an exit code that its caller had no meaning for."""

    def __init__(self, command: str, code: int, output: str) -> None:
        self.command = command
        self.code = code
        self.output = output
        how = f"ended with {code}" if self.signal is None else killed_by(self.signal)
        super().__init__(f"git {command} {how}: {output or 'it printed nothing'}")

    @property
    def signal(self) -> str | None:
        """The name of the signal that ended git itself, not asked for by us; None where it ended by itself."""
        return signal_name(self.code)


def signal_name(code: int) -> str | None:
    """Return the name of the signal that a negative exit code stands for; None for any other code."""
    if code >= 0:
        return None
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"


def killed_by(name: str) -> str:
    """Say how a process was ended that nobody here has ended."""
    about = ", as the system does when memory runs out" if name == "SIGKILL" else ""
    return f"was ended by {name} from outside{about}"


def in_words(error: GitFailed) -> str:
    """Return what a failed command printed, or what ended it."""
    if error.signal is None:
        return error.output
    return f"git {killed_by(error.signal)}" + (f": {error.output}" if error.output else "")


class GitTimedOut(GitError):
    """A git command, or a hook that it ran, took longer than its limit; its whole process group was ended."""

    def __init__(self, command: str, seconds: float) -> None:
        super().__init__(
            f"git {command} did not end within {seconds:g} s, so it and everything it had started were ended; "
            "look for a hook that hangs or a program that waits for a person"
        )
        self.command = command
        self.seconds = seconds


class GitOutputTooLarge(GitError):
    """A git command printed more than its caller can hold; it was ended and its output thrown away."""

    def __init__(self, command: str, limit: int) -> None:
        super().__init__(f"git {command} printed more than {limit} bytes; ask for less")
        self.command = command
        self.limit = limit


class GitWorkerLost(GitError):
    """The git worker ended with this call under way: whether it took effect has to be read from the repository."""
