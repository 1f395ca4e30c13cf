"""Which repository of a thread is meant, where it has worked in several or one is named."""

import os
from collections.abc import Sequence

import trio

from compas.domain.decision import Refusal
from compas.domain.which_repository import name_of


async def which_repository(thread: str, there: Sequence[str], wanted: str | None) -> str | Refusal:
    """Return the one of `there` (at least one) that `wanted` names, or the only one; symbolic links are followed.

    A name is that of its directory. A path that starts anywhere else than at the root is refused: nobody but the
    sender knows where it leads.
    """
    listed = ", ".join(there)
    if wanted is None:
        if len(there) == 1:
            return there[0]
        sentence = f"thread {thread} worked in several repositories ({listed}); name one with --repository"
        return Refusal(code="several_repositories", message=sentence)
    if wanted in there:
        return wanted
    named = [one for one in there if name_of(one) == wanted]
    if len(named) == 1:
        return named[0]
    if not os.path.isabs(wanted):
        sentence = f"{wanted!r} is no repository: its path from the root is needed. Thread {thread} has: {listed}"
        return Refusal(code="bad_path", message=sentence)
    meant = await _real(wanted)
    for one in there:
        if await _real(one) == meant:
            return one
    sentence = f"thread {thread} has no worktree of {wanted}; it has: {listed}"
    return Refusal(code="unknown_repository", message=sentence)


async def _real(path: str) -> str:
    """Follow symbolic links, beside the event loop: a network folder may be slow."""
    return await trio.to_thread.run_sync(os.path.realpath, path, abandon_on_cancel=True)
