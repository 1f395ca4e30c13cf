"""Test kit for users of the runtime: an actor that records, and one that follows a script."""

import inspect
from collections.abc import Callable

import trio

from actors.actor import Actor
from actors.ask import Ask
from actors.ref import ActorRef
from actors.spec import ChildSpec
from actors.supervisor import StartChild

Step = object
"""What a scripted actor does with one message: an exception instance is raised; a callable (plain or
async) is called with the message and gives the answer; anything else is the answer."""


class TestProbe:
    """Stands in a test for an actor and keeps what it is sent, in order, across restarts.

    Pass `probe.factory` to a ChildSpec, or start it with `start_actor()`. `answer` makes the answers
    to asks; without it they are None.
    """

    __test__ = False  # not a test class, whatever its name makes pytest think

    def __init__(self, answer: Callable[[object], object] | None = None) -> None:
        self.messages: list[object] = []
        self.starts = 0
        self.stops = 0
        self._answer = answer
        self._seen = 0
        self._arrived = trio.lowlevel.ParkingLot()

    def factory(self) -> Actor:
        """Make an incarnation that records here."""
        return _ProbeActor(self)

    async def next(self) -> object:
        """Wait for the next message not yet returned by this method. Set a deadline around it."""
        await trio.lowlevel.checkpoint()
        while self._seen == len(self.messages):
            await self._arrived.park()
        self._seen += 1
        return self.messages[self._seen - 1]

    def record(self, message: object) -> object:
        """Keep a message and return the answer to it; called by the probe's actor."""
        self.messages.append(message)
        self._arrived.unpark()
        return None if self._answer is None else self._answer(message)

    def __repr__(self) -> str:
        return f"<TestProbe {len(self.messages)} messages, {self.starts} starts, {self.stops} stops>"


class _ProbeActor(Actor):
    def __init__(self, probe: TestProbe) -> None:
        self._probe = probe

    async def on_start(self) -> None:
        self._probe.starts += 1

    async def receive(self, message: object) -> object:
        return self._probe.record(message)

    async def on_stop(self) -> None:
        self._probe.stops += 1


class Script:
    """Steps for a scripted actor, one per message, going on where it was after a restart."""

    def __init__(self, *steps: Step) -> None:
        self._steps = list(steps)

    def factory(self) -> Actor:
        """Make an incarnation that takes the next steps."""
        return _ScriptedActor(self)

    @property
    def is_done(self) -> bool:
        """True when every step was taken."""
        return not self._steps

    async def play(self, message: object) -> object:
        """Take one step.

        Raises:
            AssertionError: there are no steps left; it crashes the actor.
        """
        if not self._steps:
            raise AssertionError(f"the script has ended; {type(message).__name__} was not expected")
        step = self._steps.pop(0)
        if isinstance(step, Exception):
            raise step
        if not callable(step):
            return step
        answer = step(message)
        return await answer if inspect.isawaitable(answer) else answer

    def __repr__(self) -> str:
        return f"<Script {len(self._steps)} steps left>"


class _ScriptedActor(Actor):
    def __init__(self, script: Script) -> None:
        self._script = script

    async def receive(self, message: object) -> object:
        return await self._script.play(message)


class Question(Ask[object]):
    """An ask without meaning, for tests that need any."""


async def start_actor(supervisor: ActorRef, spec: ChildSpec, *, timeout: float = 5.0) -> ActorRef:
    """Start a child of `supervisor`, such as `system.root`, and return its ref.

    Raises what StartChild fails with, and AskTimeout.
    """
    return await supervisor.ask(StartChild(spec), timeout=timeout)
