"""An actor that starts, restarts and stops its children by the rules of OTP."""

import logging
import random
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import assert_never

import trio

from actors.actor import Actor
from actors.ask import Ask
from actors.cell import CellStatistics, State
from actors.child import Child
from actors.errors import ChildStartFailed, NameTaken, NoSuchChild, RestartLimitReached, UnknownMessage
from actors.exit_reason import ExitReason
from actors.message import ChildExited
from actors.ref import ActorRef
from actors.reply import Reply
from actors.restart import (
    Backoff,
    Decision,
    Forget,
    GiveUp,
    Restart,
    RestartPolicy,
    RestartRecord,
    Strategy,
    decide,
)
from actors.spec import ChildSpec
from actors.timers import OwnedTask

logger = logging.getLogger("actors")


@dataclass(frozen=True, slots=True)
class StartChild(Ask[ActorRef]):
    """Start a child after all others; answered with its ref when its on_start() has returned.

    Fails with NameTaken when the supervisor has a child of that id, ChildStartFailed when it does
    not come up. If the asker gives up, the child is started all the same.
    """

    spec: ChildSpec


@dataclass(frozen=True, slots=True)
class StopChild(Ask[ExitReason]):
    """Stop a child for good, whatever its restart type; answered when it has ended.

    Fails with NoSuchChild.
    """

    child_id: str


@dataclass(frozen=True, slots=True)
class ChildInfo:
    """One child as a supervisor sees it."""

    id: str
    ref: ActorRef
    spec: ChildSpec
    state: State
    statistics: CellStatistics


@dataclass(frozen=True, slots=True)
class WhichChildren(Ask[tuple[ChildInfo, ...]]):
    """Answered with the children in start order."""


class _Round:
    """A restart under way: these are being stopped, waited for, and started again."""

    def __init__(self, restart: Restart) -> None:
        self.stop = set(restart.stop)
        self.start = set(restart.start)
        self.delay = restart.delay
        self.task: OwnedTask | None = None

    def cancel(self) -> None:
        """End it where it stands."""
        if self.task is not None:
            self.task.cancel()

    def leave_out(self, child_id: str) -> None:
        """This child is up again, or gone for good."""
        self.stop.discard(child_id)
        self.start.discard(child_id)


class Supervisor(Actor):
    """Keeps its children running; give its ChildSpec a `shutdown` of `math.inf`.

    Static children start in order, each when the one before it is up, and stop in reverse, after
    the ones started dynamically. A child that ends for good is forgotten. If more than `intensity`
    restarts fall within `period` seconds, the supervisor stops its children and crashes with
    RestartLimitReached. It stays able to answer while children start, stop or back off.
    """

    def __init__(
        self,
        children: Sequence[ChildSpec] = (),
        *,
        strategy: Strategy = "one_for_one",
        intensity: int = 3,
        period: float = 5.0,
        backoff: Backoff | None = None,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._static = tuple(children)
        self._policy = RestartPolicy(strategy, intensity, period, backoff or Backoff())
        self._chance = chance
        self._record = RestartRecord()
        self._children: dict[str, Child] = {}
        self._rounds: list[_Round] = []
        self._held_starts: deque[tuple[ChildSpec, Reply]] = deque()

    async def on_start(self) -> None:
        """Start the static children; if one does not come up, stop those that did, and fail."""
        for spec in self._static:
            child = self._add(spec)
            child.begin()
            failure = await child.wait_up()
            if failure is not None:
                await self.on_stop()
                raise ChildStartFailed(child.cell.ref.name, failure) from failure.group

    async def receive(self, message: object) -> object:
        """Answer StartChild, StopChild and WhichChildren; react to ChildExited."""
        match message:
            case StartChild(spec):
                self._start_child(spec, self.context.defer())
            case StopChild(child_id):
                self._stop_child(child_id, self.context.defer())
            case WhichChildren():
                return tuple(_info(child) for child in self._children.values())
            case ChildExited(child_id, incarnation, reason):
                child = self._children.get(child_id)
                if child is not None and not child.is_halting and child.cell.incarnation == incarnation:
                    self._react(child, reason)
            case _:
                self._refuse(message)
        return None

    async def on_stop(self) -> None:
        """Stop the children in reverse start order, each within its own grace."""
        for restart_round in self._rounds:
            restart_round.cancel()
        self._rounds.clear()
        for child in reversed(list(self._children.values())):
            self._forget(child, await child.halt(keep_queue=False))

    def _add(self, spec: ChildSpec) -> Child:
        if spec.id in self._children:
            raise NameTaken(spec.id, f"supervisor {self.context.ref.name}")
        child = Child(spec, self.context)
        self._children[spec.id] = child
        return child

    def _forget(self, child: Child, reason: ExitReason) -> None:
        if self._children.get(child.spec.id) is child:
            del self._children[child.spec.id]
            self._record = self._record.without(child.spec.id)
            for restart_round in self._rounds:
                restart_round.leave_out(child.spec.id)
        child.end(reason)

    def _start_child(self, spec: ChildSpec, reply: Reply) -> None:
        if self._rounds and self._policy.strategy != "one_for_one":
            # Those it may depend on are down; it starts when they are up again.
            self._held_starts.append((spec, reply))
            return
        try:
            child = self._add(spec)
        except NameTaken as error:
            reply.fail(error)
        else:
            child.begin()
            self.context.start_soon(self._introduce, child, reply)

    async def _introduce(self, child: Child, reply: Reply) -> None:
        failure = await child.wait_up()
        # Halting without leaving: a restart of the whole group caught it starting, and will start it again.
        if failure is None or (child.is_halting and not child.is_leaving):
            reply.resolve(child.cell.ref)
            return
        error = ChildStartFailed(child.cell.ref.name, failure)
        error.__cause__ = failure.group
        self._forget(child, failure)
        reply.fail(error)

    def _stop_child(self, child_id: str, reply: Reply) -> None:
        child = self._children.get(child_id)
        if child is None:
            reply.fail(NoSuchChild(self.context.ref.name, child_id))
            return
        child.is_leaving = True
        child.is_halting = True
        self.context.start_soon(self._retire, child, reply)

    async def _retire(self, child: Child, reply: Reply) -> None:
        reason = await child.halt(keep_queue=False)
        self._forget(child, reason)
        reply.resolve(reason)

    def _react(self, child: Child, reason: ExitReason) -> Decision:
        self._record, decision = decide(
            self._policy,
            self._record,
            [c.spec for c in self._children.values()],
            child.spec.id,
            is_abnormal=reason.is_abnormal,
            now=trio.current_time(),
            chance=self._chance(),
        )
        match decision:
            case Forget(end_supervisor):
                self._forget(child, reason)
                if end_supervisor:
                    self.context.stop_self()
            case Restart():
                logger.warning(
                    "supervisor %s restarts %s in %.3g s; %s %s",
                    self.context.ref.name,
                    ", ".join(decision.start),
                    decision.delay,
                    child.spec.id,
                    reason,
                    extra={"action": "child_restarting", "actor": child.cell.ref.name},
                )
                self._begin_round(_Round(decision))
            case GiveUp():
                raise RestartLimitReached(
                    self.context.ref.name, child.spec.id, self._policy.intensity, self._policy.period, reason
                ) from reason.group
            case _:
                assert_never(decision)
        return decision

    def _begin_round(self, new: _Round) -> None:
        for running in list(self._rounds):
            if running.stop & new.stop:
                # The new one covers what is left of it: its members are down, so the one that ended
                # now is among them or started before them.
                self._rounds.remove(running)
                running.cancel()
        for child_id in new.stop:
            self._children[child_id].is_halting = True
        self._rounds.append(new)
        new.task = self.context.start_soon(self._restart, new)

    async def _restart(self, restart_round: _Round) -> None:
        # After each wait: another round may have taken this one over in the very moment it went on,
        # too late for the cancelling to reach it.
        members = [child for child in self._children.values() if child.spec.id in restart_round.stop]
        for child in reversed(members):
            is_returning = child.spec.id in restart_round.start
            reason = await child.halt(keep_queue=is_returning)
            if restart_round not in self._rounds:
                return
            if not is_returning:
                self._forget(child, reason)
        await trio.sleep(restart_round.delay)
        for child in members:
            if restart_round not in self._rounds:
                return
            # Stopped for good, or forgotten as temporary, while the round went on.
            if self._children.get(child.spec.id) is not child:
                continue
            child.begin()
            failure = await child.wait_up()
            if restart_round not in self._rounds:
                return
            if failure is not None and self._has_restart_for(child, failure):
                return
            restart_round.leave_out(child.spec.id)
        # Not in the list is a round that was taken over during its delay and had nobody left to start.
        if restart_round not in self._rounds:
            return
        self._rounds.remove(restart_round)
        while self._held_starts and not self._rounds:
            self._start_child(*self._held_starts.popleft())

    def _has_restart_for(self, child: Child, failure: ExitReason) -> bool:
        # A start that fails is a crash like any other; the round it leads to takes over what is left.
        return not child.is_leaving and isinstance(self._react(child, failure), Restart)

    def _refuse(self, message: object) -> None:
        error = UnknownMessage(self.context.ref.name, message)
        logger.error("%s", error, extra={"action": "unknown_message", "actor": self.context.ref.name})
        self.context.defer().fail(error)


def _info(child: Child) -> ChildInfo:
    cell = child.cell
    return ChildInfo(child.spec.id, cell.ref, child.spec, cell.state, cell.statistics())
