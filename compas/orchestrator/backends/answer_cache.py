"""Remembers answers that take long to find: each is looked for once, however many want it, and kept for a while."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

import trio

from actors.actor import Context
from actors.reply import Reply

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class CachedAnswer(Generic[T]):
    """An answer, and whether it was found before it was asked for."""

    value: T
    is_cached: bool


@dataclass(slots=True)
class _Entry(Generic[T]):
    waiting: list[Reply] = field(default_factory=list)
    value: T | None = None
    found_at: float = 0.0


class AnswerCache(Generic[T]):
    """Answers by key, each good for as long as `seconds` says; 0: only those who ask at the same time share one."""

    def __init__(self, seconds: Callable[[], float]) -> None:
        self._seconds = seconds
        self._entries: dict[object, _Entry[T]] = {}

    def cached(self, key: object) -> CachedAnswer[T] | None:
        """Return what is remembered and still good."""
        entry = self._entries.get(key)
        if entry is None or entry.value is None or trio.current_time() - entry.found_at >= self._seconds():
            return None
        return CachedAnswer(entry.value, is_cached=True)

    def answer(self, context: Context, key: object, find: Callable[[], Awaitable[T]]) -> CachedAnswer[T] | None:
        """Inside `receive`: return what is remembered, or None after arranging that the asker is answered later.

        `find` runs in the actor's own nursery and ends with it; the askers then fail as of any actor that ends.
        """
        if (found := self.cached(key)) is not None:
            return found
        entry = self._entries.setdefault(key, _Entry())
        entry.value = None
        entry.waiting.append(context.defer())
        if len(entry.waiting) == 1:
            context.start_soon(self._find, entry, find, name="find")
        return None

    async def _find(self, entry: _Entry[T], find: Callable[[], Awaitable[T]]) -> None:
        value = await find()
        entry.value, entry.found_at = value, trio.current_time()
        waiting, entry.waiting = entry.waiting, []
        for reply in waiting:
            if reply.is_pending:
                reply.resolve(CachedAnswer(value, is_cached=False))
