"""What can go wrong between compas and git, each as a type that says what was tried and what to do."""
# ruff: noqa: N818 - the names say what happened to the git command

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
        super().__init__(f"git {command} ended with {code}: {output or 'it printed nothing'}")
        self.command = command
        self.code = code
        self.output = output


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
