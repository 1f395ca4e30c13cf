"""Asking git for what a hook, a filter or a signing program may hold up, and for no longer than the config says."""

from typing import TypeVar

import trio

from compas.git.errors import GitRefused
from compas.git.protocol.request import Request
from compas.orchestrator.services import Services

R = TypeVar("R")


async def ask_within_limit(services: Services, request: Request[R], what: str) -> R:
    """Return git's answer. `what` names, for people, what is asked for.

    Raises GitError; GitRefused `git_timed_out` when `git_timeout_secs` are over: git and all it had started are ended
    then. Cancelling ends them, too.
    """
    limit = services.config.git_timeout_secs
    with trio.move_on_after(limit):
        return await services.git.ask(request)
    message = (
        f"{what} did not end within {limit} s (git_timeout_secs), so git and all it had started were ended. Look "
        "for a hook that hangs, and for a program that waits for a person, such as one that asks for the passphrase of "
        "a signing key"
    )
    raise GitRefused("git_timed_out", message)
