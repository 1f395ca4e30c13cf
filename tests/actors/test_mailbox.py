from collections import deque

import pytest
import trio
import trio.testing
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from actors.errors import ActorStopped, MailboxFull
from actors.exit_reason import ExitReason
from actors.mailbox import Mailbox
from actors.message import ChildExited, Envelope
from actors.reply import Reply
from tests.kit.ceiling import CEILING

STOPPED = ExitReason("stopped")
NEWS = ChildExited("c", 1, STOPPED)


def taken(mailbox: Mailbox) -> object:
    item = mailbox.take_nowait()
    return item.message if isinstance(item, Envelope) else item


async def test_a_full_mailbox_refuses_put_nowait_and_makes_put_wait_for_room() -> None:
    mailbox = Mailbox("a", 1)
    mailbox.put_nowait(Envelope("first"))
    with pytest.raises(MailboxFull):
        mailbox.put_nowait(Envelope("second"))
    with trio.fail_after(CEILING):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(mailbox.put, Envelope("second"))
            await trio.testing.wait_all_tasks_blocked()
            assert mailbox.statistics().senders_waiting == 1
            assert taken(mailbox) == "first"
    assert taken(mailbox) == "second"


async def test_a_waiting_sender_keeps_its_place_before_later_ones() -> None:
    mailbox = Mailbox("a", 1)
    mailbox.put_nowait(Envelope(0))
    async with trio.open_nursery() as nursery:
        for number in (1, 2):
            nursery.start_soon(mailbox.put, Envelope(number))
            await trio.testing.wait_all_tasks_blocked()
        assert taken(mailbox) == 0
        with pytest.raises(MailboxFull):
            mailbox.put_nowait(Envelope(3))
        assert [taken(mailbox), taken(mailbox)] == [1, 2]


async def test_a_cancelled_put_sent_nothing() -> None:
    mailbox = Mailbox("a", 1)
    mailbox.put_nowait(Envelope(0))
    with trio.move_on_after(0):
        await mailbox.put(Envelope("early"))
    async with trio.open_nursery() as nursery:
        nursery.start_soon(mailbox.put, Envelope("late"))
        await trio.testing.wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()
    assert taken(mailbox) == 0
    assert taken(mailbox) is None
    assert mailbox.statistics().senders_waiting == 0


def test_system_messages_overtake_and_are_never_refused_for_room() -> None:
    mailbox = Mailbox("a", 1)
    mailbox.put_nowait(Envelope("user"))
    mailbox.put_system(NEWS)
    assert [taken(mailbox), taken(mailbox)] == [NEWS, "user"]


def test_an_abandoned_ask_is_skipped_and_counted() -> None:
    mailbox = Mailbox("a", 2)
    reply = Reply()
    mailbox.put_nowait(Envelope("ask", reply))
    mailbox.put_nowait(Envelope("told"))
    reply.abandon()
    assert taken(mailbox) == "told"
    assert mailbox.statistics().skipped == 1


async def test_take_wakes_for_a_message_and_returns_none_once_drained() -> None:
    mailbox = Mailbox("a", 4)
    got: list[object] = []

    async def taker() -> None:
        while (item := await mailbox.take()) is not None:
            assert isinstance(item, Envelope)
            got.append(item.message)

    with trio.fail_after(CEILING):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(taker)
            await trio.testing.wait_all_tasks_blocked()
            mailbox.put_nowait(Envelope(1))
            mailbox.put_nowait(Envelope(2))
            mailbox.drain()
    assert got == [1, 2]


async def test_draining_and_closing_turn_waiting_senders_away_once() -> None:
    mailbox = Mailbox("a", 1)
    mailbox.put_nowait(Envelope(0))
    with trio.fail_after(CEILING), pytest.RaisesGroup(ActorStopped, ActorStopped):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(mailbox.put, Envelope(1))
            nursery.start_soon(mailbox.put, Envelope(2))
            await trio.testing.wait_all_tasks_blocked()
            mailbox.drain()
            mailbox.close(STOPPED)


async def test_a_paused_mailbox_takes_but_gives_only_system_messages_until_reopened() -> None:
    mailbox = Mailbox("a", 4)
    mailbox.put_nowait(Envelope(1))
    mailbox.pause()
    mailbox.put_nowait(Envelope(2))
    mailbox.put_system(NEWS)
    assert await mailbox.take() is NEWS
    assert await mailbox.take() is None
    mailbox.reopen()
    assert [taken(mailbox), taken(mailbox)] == [1, 2]


def test_closing_returns_what_nobody_will_handle_and_counts_it() -> None:
    mailbox = Mailbox("a", 4)
    gone = Reply()
    for envelope in (Envelope(1), Envelope("ask", gone), Envelope(2)):
        mailbox.put_nowait(envelope)
    gone.abandon()
    assert [envelope.message for envelope in mailbox.close(STOPPED)] == [1, 2]
    statistics = mailbox.statistics()
    assert (statistics.mode, statistics.dropped, statistics.skipped) == ("closed", 2, 1)
    with pytest.raises(ActorStopped):
        mailbox.put_nowait(Envelope(3))


def test_repr_shows_name_mode_and_fill() -> None:
    mailbox = Mailbox("root/a", 4)
    mailbox.put_nowait(Envelope(1))
    assert repr(mailbox) == "<Mailbox root/a open 1/4>"


class MailboxMachine(RuleBasedStateMachine):
    """The mailbox against a plain model: order, bounds, modes, and no message lost or given twice."""

    def __init__(self) -> None:
        super().__init__()
        self.mailbox = Mailbox("a", 3)
        self.queue: deque[tuple[int, Reply | None]] = deque()
        self.news: deque[ChildExited] = deque()
        self.mode = "open"
        self.sent = 0

    @rule(asked=st.booleans())
    def put(self, asked: bool) -> None:
        self.sent += 1
        reply = Reply() if asked else None
        envelope = Envelope(self.sent, reply)
        if self.mode in ("draining", "closed"):
            with pytest.raises(ActorStopped):
                self.mailbox.put_nowait(envelope)
        elif len(self.queue) == 3:
            with pytest.raises(MailboxFull):
                self.mailbox.put_nowait(envelope)
        else:
            self.mailbox.put_nowait(envelope)
            self.queue.append((self.sent, reply))

    @rule()
    def put_news(self) -> None:
        self.sent += 1
        news = ChildExited("c", self.sent, STOPPED)
        self.mailbox.put_system(news)
        if self.mode != "closed":
            self.news.append(news)

    @precondition(lambda self: self.queue)
    @rule(data=st.data())
    def abandon(self, data: st.DataObject) -> None:
        reply = data.draw(st.sampled_from(self.queue))[1]
        if reply is not None:
            reply.abandon()

    @rule()
    def take(self) -> None:
        if self.news:
            assert taken(self.mailbox) is self.news.popleft()
            return
        expected = None
        while self.mode in ("open", "draining") and self.queue and expected is None:
            number, reply = self.queue.popleft()
            if reply is None or not reply.cancelled:
                expected = number
        assert taken(self.mailbox) == expected

    @rule()
    def pause(self) -> None:
        self.mailbox.pause()
        self.mode = "paused" if self.mode == "open" else self.mode

    @rule()
    def drain(self) -> None:
        self.mailbox.drain()
        self.mode = self.mode if self.mode == "closed" else "draining"

    @rule()
    def reopen(self) -> None:
        self.mailbox.reopen()
        self.news.clear()
        self.mode = self.mode if self.mode == "closed" else "open"

    @rule()
    def close(self) -> None:
        left = [envelope.message for envelope in self.mailbox.close(STOPPED)]
        assert left == [number for number, reply in self.queue if reply is None or not reply.cancelled]
        self.queue.clear()
        self.news.clear()
        self.mode = "closed"

    @invariant()
    def agrees_with_the_model(self) -> None:
        statistics = self.mailbox.statistics()
        assert statistics.mode == self.mode
        assert statistics.queued == len(self.queue) <= statistics.capacity
        assert statistics.queued_system == len(self.news)


TestMailboxMachine = MailboxMachine.TestCase
TestMailboxMachine.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
