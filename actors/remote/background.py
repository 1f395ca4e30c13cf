"""A nursery for the helpers of a resource, which end with the block that uses it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import trio


@asynccontextmanager
async def open_background() -> AsyncIterator[trio.Nursery]:
    """A nursery whose tasks are cancelled at the end of the block.

    An error of the block leaves as itself and not inside a group, so that `except SessionLost` around the block works;
    only when a helper crashes as well do they leave together.
    """
    failure: Exception | None = None
    try:
        async with trio.open_nursery() as nursery:
            try:
                yield nursery
            except Exception as error:
                failure = error
            nursery.cancel_scope.cancel()
    except BaseExceptionGroup as group:
        if failure is None:
            raise
        raise BaseExceptionGroup(group.message, [*group.exceptions, failure]) from None
    if failure is not None:
        raise failure
