"""Old answers to clients are forgotten, oldest first; those of compas' own requests never are."""

from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compas.domain.requests import RequestId, own_request
from compas.store.errors import EpochLost
from compas.store.event_log import Store
from compas.store.kept_answers import count_answers
from compas.store.records import Append
from tests.kit.orchestrator.disk import open_store_on_disk


class Hand:
    """A clock that is set."""

    def __init__(self) -> None:
        self.at = 0.0

    def __call__(self) -> float:
        return self.at


async def answer(store: Store, request: RequestId) -> None:
    await store.append_all([Append(events=(), request=request, response=b"{}")])


async def test_the_oldest_go_first_and_only_so_many_at_a_time() -> None:
    clock = Hand()
    async with open_store_on_disk(clock) as (store, _):
        await store.begin_epoch(1, "boot", "test")
        for at in range(5):
            clock.at = float(at)
            await answer(store, RequestId(name=f"r{at}"))
        assert await store.forget_answers(4.0, 3) == 3
        assert [await store.answer_of(RequestId(name=f"r{at}")) for at in range(5)] == [None] * 3 + [b"{}"] * 2
        found = await store.query(partial(count_answers, before=4.0))
        assert (found.count, found.old, found.old_bytes, found.oldest_at) == (2, 1, 2, 3.0)
        assert await store.forget_answers(4.0, 3) == 1
        assert await store.forget_answers(4.0, 3) == 0


async def test_a_supervisor_that_was_replaced_forgets_nothing() -> None:
    async with open_store_on_disk(Hand()) as (store, _):
        epoch = await store.begin_epoch(1, "boot", "test")
        await answer(store, RequestId(name="mine"))
        await store.begin_epoch(2, "boot", "test")
        store.epoch = epoch
        with pytest.raises(EpochLost):
            await store.forget_answers(9.0, 9)
        assert await store.answer_of(RequestId(name="mine")) == b"{}"


@given(st.lists(st.tuples(st.integers(0, 20), st.booleans()), max_size=12), st.integers(0, 20))
async def test_what_is_young_and_what_is_our_own_is_never_forgotten(
    given_at: list[tuple[int, bool]], before: int
) -> None:
    clock = Hand()
    async with open_store_on_disk(clock) as (store, _):
        await store.begin_epoch(1, "boot", "test")
        requests = {}
        for number, (at, is_own) in enumerate(given_at):
            clock.at = float(at)
            request = own_request("hand-back", str(number)) if is_own else RequestId(name=f"r{number}/part")
            requests[request] = is_own or at >= before
            await answer(store, request)
        while await store.forget_answers(float(before), 3):
            pass
        for request, stays in requests.items():
            assert (await store.answer_of(request) is not None) == stays
