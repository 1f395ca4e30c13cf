"""Carries the errors of git operations from the worker to its client, type and all."""

from collections.abc import Mapping

from compas.git.errors import GitError, GitFailed, GitOutputTooLarge, GitRefused, GitTimedOut

Carried = tuple[str, str, dict[str, str]]
"""Code, message, details: what a failed call has."""


def carry(error: GitError) -> Carried:
    """Return the error as what crosses the wire."""
    text = str(error)
    match error:
        case GitRefused():
            return (
                "git.refused",
                error.message,
                {"code": error.code, **{f"x.{k}": v for k, v in error.details.items()}},
            )
        case GitFailed():
            return (
                "git.failed",
                text,
                {"command": error.command, "code": str(error.code), "output": error.output},
            )
        case GitTimedOut():
            return "git.timed_out", text, {"command": error.command, "seconds": repr(error.seconds)}
        case GitOutputTooLarge():
            return "git.too_large", text, {"command": error.command, "limit": str(error.limit)}
        case _:
            return "git.error", text, {}


def restore(code: str, message: str, details: Mapping[str, str]) -> GitError:
    """Return the error that `carry` took apart; for a code of another origin a GitError that names it."""
    match code:
        case "git.refused":
            more = {key.removeprefix("x."): value for key, value in details.items() if key.startswith("x.")}
            return GitRefused(details["code"], message, more)
        case "git.failed":
            return GitFailed(details["command"], int(details["code"]), details["output"])
        case "git.timed_out":
            return GitTimedOut(details["command"], float(details["seconds"]))
        case "git.too_large":
            return GitOutputTooLarge(details["command"], int(details["limit"]))
        case "git.error":
            return GitError(message)
        case _:
            return GitError(f"the git worker answered {code}: {message}")
