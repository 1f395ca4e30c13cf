import pytest
import trio
import trio.testing

from actors.errors import AlreadyReplied
from actors.reply import Reply
from tests.kit.ceiling import CEILING


async def test_the_waiter_gets_the_value_given_before_or_after_it_waits() -> None:
    early, late = Reply(), Reply()
    early.resolve(1)
    with trio.fail_after(CEILING):
        assert await early.wait() == 1
        async with trio.open_nursery() as nursery:
            nursery.start_soon(_resolve_when_blocked, late, 2)
            assert await late.wait() == 2


async def _resolve_when_blocked(reply: Reply, value: object) -> None:
    await trio.testing.wait_all_tasks_blocked()
    reply.resolve(value)


async def test_a_failed_reply_raises_the_error_at_the_waiter() -> None:
    reply = Reply()
    reply.fail(KeyError("k"))
    with pytest.raises(KeyError):
        await reply.wait()


async def test_replying_twice_is_refused() -> None:
    reply = Reply()
    reply.resolve(1)
    with pytest.raises(AlreadyReplied):
        reply.resolve(2)
    with pytest.raises(AlreadyReplied):
        reply.fail(ValueError())
    assert await reply.wait() == 1


async def test_cancelling_the_waiter_abandons_the_reply_and_a_late_answer_goes_nowhere() -> None:
    reply = Reply()
    with trio.move_on_after(0):
        await reply.wait()
    assert reply.cancelled
    reply.resolve(1)
    reply.fail(ValueError())
    assert repr(reply) == "<Reply abandoned>"


async def test_wait_cancelled_returns_when_the_asker_has_gone() -> None:
    reply = Reply()
    with trio.fail_after(CEILING):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(reply.wait_cancelled)
            await trio.testing.wait_all_tasks_blocked()
            reply.abandon()
        await reply.wait_cancelled()


async def test_a_reply_leaves_its_holder_when_settled_or_abandoned() -> None:
    holder: set[Reply] = set()
    answered, gone = Reply(), Reply()
    answered.hold_in(holder)
    gone.hold_in(holder)
    answered.resolve(None)
    gone.abandon()
    Reply.to_nobody().hold_in(holder)
    assert holder == set()
