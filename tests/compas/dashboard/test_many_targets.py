"""An action on several rows is asked once, carried out for each, and tells of those that were refused."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import trio
import trio.testing

from actors.remote.call import Call
from actors.remote.errors import CallError
from compas.api.lifecycle import AbandonRequest, AbandonResponse
from compas.dashboard.acting import Acting
from compas.dashboard.board import Board
from compas.dashboard.commands import COMMANDS
from compas.dashboard.feed import Feed
from compas.dashboard.lines import BLANK
from compas.dashboard.situation import Situation, Target
from tests.kit.dashboard.played_screen import PlayedHands
from tests.kit.dashboard.played_supervisor import NOW, PlayedSupervisor, settled


class Picky(PlayedSupervisor):
    """Abandons every thread but those it was told not to."""

    def __init__(self, *refused: str) -> None:
        super().__init__()
        self.refused = refused
        self.abandoned: list[str] = []

    async def serve(self, call: Call) -> object:
        if call.op != "abandon":
            return await super().serve(call)
        thread = call.decode(AbandonRequest).thread_id
        if thread in self.refused:
            raise CallError("publishing", f"the work of {thread} is being published")
        self.abandoned.append(thread)
        return AbandonResponse(thread_id=thread, status="Abandoned")


class Asked:
    """The part that asks, with three rows marked."""

    def __init__(self, acting: Acting, notices: list[str], done: list[frozenset[str]]) -> None:
        self.acting = acting
        self.done = done
        self.notices = notices
        rows = [settled(name) for name in ("t1", "t2", "t3")]
        self.now = Situation(
            board=Board(link="connected"), targets=tuple(Target(thread=row.thread_id, row=row) for row in rows), now=NOW
        )

    async def text(self) -> str:
        await trio.testing.wait_all_tasks_blocked()
        return "\n".join(line.text for line in self.acting.lay_over([BLANK] * 24, 80))


@asynccontextmanager
async def open_asked(supervisor: PlayedSupervisor) -> AsyncIterator[Asked]:
    async with trio.open_nursery() as helpers:
        feed = Feed(supervisor.reach, lambda _: None, lambda: NOW)
        helpers.start_soon(feed.run)
        notices: list[str] = []
        done: list[frozenset[str]] = []
        acting = Acting(
            lambda: feed,
            PlayedHands(),
            helpers,
            lambda: NOW,
            notify=notices.append,
            on_done=done.append,
            is_connected=lambda: True,
        )
        yield Asked(acting, notices, done)
        helpers.cancel_scope.cancel()


async def test_all_are_named_before_and_each_is_done() -> None:
    supervisor = Picky()
    async with open_asked(supervisor) as asked:
        asked.acting.begin("abandon", asked.now)
        assert "Abandon t1, t2, t3?" in await asked.text()
        asked.acting.tell("accept")
        assert "t1 is abandoned" in await asked.text()
        assert supervisor.abandoned == ["t1", "t2", "t3"]


async def test_what_was_refused_is_told_for_each_and_the_others_are_done() -> None:
    supervisor = Picky("t1", "t3")
    async with open_asked(supervisor) as asked:
        asked.acting.begin("abandon", asked.now)
        asked.acting.tell("accept")
        text = await asked.text()
        assert "2 of 3 refused" in text
        assert "t1: the work of t1 is being published" in text
        assert "t3: the work of t3 is being published" in text
        assert supervisor.abandoned == ["t2"]
        assert asked.done == [frozenset({"t2"})]
        assert any("t2 is abandoned" in notice for notice in asked.notices)
        asked.acting.tell("dismiss")
        assert "refused" not in await asked.text()


async def test_what_can_be_done_with_one_only_is_refused_for_several() -> None:
    async with open_asked(Picky()) as asked:
        for name in ("reply", "request-changes", "shell", "editor", "copy-path"):
            assert COMMANDS[name].refuse(asked.now) == "3 rows are marked, and this can be done with one only"
        for name in ("approve", "merge", "close", "abandon", "retry", "copy-id"):
            assert COMMANDS[name].refuse(asked.now) == ""
