"""Notifications in the terminal of a dashboard: which ring, and that no text of theirs controls it."""

import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from compas.dashboard.alarm import alarm_of
from compas.dashboard.feed import Feed
from compas.domain import events as e
from tests.kit.dashboard.played_supervisor import NOW, PlayedSupervisor, logged


def shown(via: str, title: str = "compas: dev needs you", body: str = "$0.42", outcome: str = "shown") -> e.Event:
    return e.NotificationEnded(about=(1,), outcome=outcome, via=via, title=title, body=body)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("event", "sound"),
    [
        (shown("bell"), "\a"),
        (shown("osc9"), "\x1b]9;compas: dev needs you: $0.42\x1b\\"),
        (shown("osc9", body=""), "\x1b]9;compas: dev needs you\x1b\\"),
        (shown("osc777", title="a;b", body="c;d"), "\x1b]777;notify;a,b;c,d\x1b\\"),
        (shown("notify-send"), ""),
        (shown("bell", outcome="failed"), ""),
        (e.ThreadAbandoned(by="operator"), ""),
    ],
)
def test_what_a_terminal_is_sent(event: e.Event, sound: str) -> None:
    assert alarm_of(logged(5, "outbox", event)) == sound


# proves: c-config-dashboard 73
def test_a_text_cannot_end_its_sequence_or_begin_another() -> None:
    hostile = 'x\x1b\\\x1b]0;title\x07\a\n\x9c"\\ 🎉'
    sent = alarm_of(logged(5, "outbox", shown("osc9", title=hostile, body="")))
    assert (sent.count("\x1b"), sent.count("\a"), "\x9c" in sent, "\n" in sent) == (2, 0, False, False)
    assert '"\\ 🎉' in sent


async def test_what_comes_while_it_is_connected_rings_and_nothing_from_before(autojump_clock: MockClock) -> None:
    rung: list[str] = []
    supervisor = PlayedSupervisor()
    supervisor.record("outbox", shown("bell"))
    async with trio.open_nursery() as nursery:
        nursery.start_soon(Feed(supervisor.reach, lambda update: None, lambda: NOW, ring=rung.append).run)
        await wait_all_tasks_blocked()
        assert rung == []
        supervisor.record("outbox", shown("bell"))
        await wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()
    assert rung == ["\a"]
