"""A thread as its stream tells it: conversation, executions, worktrees, sessions."""

from typing import TypeVar

import msgspec

from compas.domain import events as e

T = TypeVar("T")

TERMINAL: frozenset[e.ThreadStatus] = frozenset({"Completed", "Failed", "Abandoned"})
RUNNING: frozenset[e.ExecutionStatus] = frozenset({"picked_up", "executing"})
IN_FLIGHT: frozenset[e.ExecutionStatus] = RUNNING | {"queued"}

OPERATOR = "operator"
"""The person; an addressee that never runs."""
LONGEST_TITLE = 72


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """A message with its global number and the lineage it belongs to."""

    number: int
    lineage: str
    posted: e.MessagePosted


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """An execution as its thread knows it.

    `stopping` means cancelled while its process may still be alive: the worktree is not free yet.
    """

    queued: e.ExecutionQueued
    lineage: str
    position: int
    status: e.ExecutionStatus = "queued"
    stopping: bool = False
    requested: e.ExecutionRequested | None = None
    started: e.ExecutionStarted | None = None
    ended: e.ExecutionEnded | None = None
    verdict: e.Verdict = ""

    @property
    def occupies(self) -> bool:
        """True while its process may touch the worktree, so that no other execution of the thread may start."""
        return self.status in RUNNING or self.stopping


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """A conversation of an agent's CLI: its name there, and the directory in which it was last spoken in.

    `counted` is what the CLI had counted for it so far, where it counts conversations instead of runs.
    """

    id: str
    workdir: str | None = None
    counted: e.Usage = e.Usage()


class FanOut(msgspec.Struct, frozen=True, kw_only=True):
    """A reply that went to several agents, and the lineage it belongs to."""

    fanned_out: e.FannedOut
    lineage: str


class Usable(msgspec.Struct, frozen=True, kw_only=True):
    """How far the directory of this name has been made usable."""

    instance: str
    is_furnished: bool = False
    is_set_up: bool = False


class Thread(msgspec.Struct, frozen=True, kw_only=True):
    """The state of one thread. `version` is the number of events folded into it; 0 means that it does not exist."""

    thread: str
    version: int = 0
    status: e.ThreadStatus = "Active"
    batch: str | None = None
    summary: str | None = None
    source_thread: str | None = None
    task: str | None = None
    repository: str | None = None
    """The directory that its agents work in, instead of their own."""
    messages: dict[str, Message] = {}
    runs: dict[str, Run] = {}
    worktrees: dict[str, e.WorktreeReady] = {}
    usable: dict[str, Usable] = {}
    removing: dict[str, e.WorktreeRemovalPlanned] = {}
    retired: dict[str, e.WorktreeRemoved] = {}
    left: dict[str, e.SnapshotTaken] = {}
    """What the newest execution left in each directory, as far as git could record it."""
    unsaved: frozenset[str] = frozenset()
    """The directories of these in which something was left uncommitted, and not committed by a client since."""
    sessions: dict[tuple[str, str], Session] = {}
    fan_outs: dict[str, FanOut] = {}
    """Those whose answers are still to be joined, by the execution whose reply it was."""
    fanned_out_to: tuple[str, ...] = ()
    """The threads of the last fan-out, which may not have been taken up yet."""
    publishing: e.PublicationBegun | None = None
    """The merge that may be moving its target to this thread's work: nothing ends the thread meanwhile."""
    ended_position: int = 0
    """Where in the log the thread has last ended; 0 means never."""

    @property
    def exists(self) -> bool:
        """True once anything was ever said in it."""
        return self.version > 0

    @property
    def only_repository(self) -> str | None:
        """Return the repository that the thread works in; None where its agents work in several, or in none."""
        there = {*self.worktrees, *self.retired}
        return self.repository or (there.pop() if len(there) == 1 else None)

    def in_flight(self) -> tuple[Run, ...]:
        """Return the executions that are queued or running, oldest first."""
        return tuple(run for run in self.runs.values() if run.status in IN_FLIGHT)

    def occupied_by(self) -> Run | None:
        """Return the execution that holds the worktree now (design §5: one at a time per thread)."""
        return next((run for run in self.runs.values() if run.occupies), None)

    @property
    def reading(self) -> e.WorkUnderReview | None:
        """Return the work that a thread was opened to read, and does not own; None where it has work of its own."""
        if self.source_thread is None:
            return None
        return next(iter(self.messages.values())).posted.work if self.messages else None

    def task_of(self, lineage: str) -> str:
        """Return the task that everything of a lineage descends from, also in a thread that a fan-out opened."""
        opening = next((message.posted for message in self.messages.values() if message.lineage == lineage), None)
        if opening is not None and opening.intent == "handoff" and self.task is not None:
            return self.task
        return opening.body if opening is not None else ""

    def title_of(self, lineage: str) -> str:
        """Return what the work of a lineage is about, in a line: the thread's summary, else how its task begins."""
        return self.summary or self.task_of(lineage).strip().partition("\n")[0][:LONGEST_TITLE]

    def session_to_resume(self, agent: str, backend: str, workdir: str, *, elsewhere: bool) -> Session | None:
        """Return the conversation that an agent goes on with in a directory, if there is one (a-core 100, 101).

        Without `elsewhere`, its CLI can go on with a conversation only in the directory of that conversation.
        """
        session = self.sessions.get((agent, backend))
        return session if session is not None and (elsewhere or session.workdir == workdir) else None


def evolve(state: Thread, recorded: e.Recorded) -> Thread:
    """Fold one recorded event into the state. Events of other streams are a caller's bug and raise ValueError."""
    if recorded.stream != e.thread_stream(state.thread):
        raise ValueError(f"event {recorded.position} of {recorded.stream!r} does not belong to thread {state.thread!r}")
    changed = _apply(state, recorded)
    return msgspec.structs.replace(changed, version=recorded.version)


def _apply(state: Thread, recorded: e.Recorded) -> Thread:
    replace = msgspec.structs.replace
    match recorded.event:
        case e.ThreadOpened() as opened:
            return replace(
                state,
                batch=opened.batch,
                summary=opened.summary,
                source_thread=opened.source_thread,
                task=opened.task,
                repository=opened.repository,
                status="Active",
            )
        case e.ThreadDescribed(batch=batch, summary=summary):
            return replace(
                state,
                batch=state.batch if batch is None else batch,
                summary=state.summary if summary is None else summary,
            )
        case e.MessagePosted() as posted:
            message = Message(number=recorded.position, lineage=recorded.lineage, posted=posted)
            return replace(state, messages={**state.messages, posted.message: message})
        case e.FannedOut() as fanned_out:
            fan_out = FanOut(fanned_out=fanned_out, lineage=recorded.lineage)
            joins = {fanned_out.execution: fan_out} if fanned_out.join is not None else {}
            return replace(state, fan_outs={**state.fan_outs, **joins}, fanned_out_to=fanned_out.threads)
        case e.Joined(execution=execution):
            return replace(state, fan_outs={name: one for name, one in state.fan_outs.items() if name != execution})
        case e.WorktreeReady() | e.WorktreeFurnished() | e.SetupEnded():
            return _apply_to_worktree(state, recorded.event)
        case e.WorkCommitted(repository=repository):
            tree = state.worktrees.get(repository)
            return state if tree is None else replace(state, unsaved=state.unsaved - {tree.path})
        case e.WorktreeRemovalPlanned() as planned:
            return replace(state, removing={**state.removing, planned.repository: planned})
        case e.WorktreeRemoved() as removed:
            gone = replace(
                state,
                worktrees=_without(state.worktrees, removed.repository),
                usable=_without(state.usable, removed.repository),
                removing=_without(state.removing, removed.repository),
            )
            return replace(gone, retired={**state.retired, removed.repository: removed})
        case e.WorktreeKept(repository=repository):
            return replace(state, removing=_without(state.removing, repository))
        case e.ThreadClosed(status=status):
            return replace(state, status=status, fan_outs={}, ended_position=recorded.position)
        case e.ThreadFailed():
            return replace(state, status="Failed", fan_outs={}, ended_position=recorded.position)
        case e.ThreadAbandoned():
            return replace(state, status="Abandoned", fan_outs={}, ended_position=recorded.position)
        case e.ThreadReopened():
            return replace(state, status="Active")
        case e.PublicationBegun() as begun:
            return replace(state, publishing=begun)
        case e.PublicationOver():
            return replace(state, publishing=None)
        case _:
            return _apply_to_run(state, recorded)


def _without(by_repository: dict[str, T], repository: str) -> dict[str, T]:
    return {name: value for name, value in by_repository.items() if name != repository}


def _apply_to_worktree(state: Thread, event: e.WorktreeReady | e.WorktreeFurnished | e.SetupEnded) -> Thread:
    replace = msgspec.structs.replace
    usable = state.usable.get(event.repository)
    if usable is None or usable.instance != event.instance:
        usable = Usable(instance=event.instance)
    match event:
        case e.WorktreeReady():
            trees = {**state.worktrees, event.repository: event}
            state = replace(state, worktrees=trees, retired=_without(state.retired, event.repository))
        case e.WorktreeFurnished():
            usable = replace(usable, is_furnished=True)
        case e.SetupEnded(problem=problem):
            usable = replace(usable, is_set_up=not problem)
    return replace(state, usable={**state.usable, event.repository: usable})


def _apply_to_run(state: Thread, recorded: e.Recorded) -> Thread:
    match recorded.event:
        case e.ExecutionQueued() as queued:
            run = Run(queued=queued, lineage=recorded.lineage, position=recorded.position)
            return msgspec.structs.replace(state, runs={**state.runs, queued.execution: run})
        case e.ExecutionRequested() as requested:
            return _with_run(state, requested.execution, status="picked_up", requested=requested)
        case e.ExecutionStarted() as started:
            return _with_run(state, started.execution, status="executing", started=started)
        case e.ExecutionEnded() as ended:
            state = _remember_work(state, ended.execution, ended.snapshot)
            return _remember_session(_with_run(state, ended.execution, status=ended.status, ended=ended), ended)
        case e.ExecutionCancelled(execution=execution):
            was_running = state.runs[execution].status in RUNNING
            return _with_run(state, execution, status="cancelled", stopping=was_running)
        case e.ExecutionStopped(execution=execution, snapshot=snapshot):
            return _with_run(_remember_work(state, execution, snapshot), execution, stopping=False)
        case e.VerdictGiven(execution=execution, verdict=verdict):
            return _with_run(state, execution, verdict=verdict)
        case _:
            return state


def _with_run(state: Thread, execution: str, **changes: object) -> Thread:
    run = msgspec.structs.replace(state.runs[execution], **changes)
    return msgspec.structs.replace(state, runs={**state.runs, execution: run})


def _remember_work(state: Thread, execution: str, snapshot: e.SnapshotTaken | None) -> Thread:
    requested = state.runs[execution].requested
    if snapshot is None or requested is None:
        return state
    place = frozenset({requested.workdir})
    unsaved = state.unsaved | place if snapshot.dirty else state.unsaved - place
    return msgspec.structs.replace(state, left={**state.left, requested.workdir: snapshot}, unsaved=unsaved)


def _remember_session(state: Thread, ended: e.ExecutionEnded) -> Thread:
    """Keep the conversation per agent and backend; one that went stale or is full is forgotten (a-core 100-102)."""
    run = state.runs[ended.execution]
    key = (run.queued.agent, run.queued.backend)
    sessions = dict(state.sessions)
    if ended.category in ("stale_session", "session_full"):
        sessions.pop(key, None)
    elif ended.session:
        earlier = sessions.get(key)
        counted = ended.counted
        if counted == e.Usage() and earlier is not None and earlier.id == ended.session:
            counted = earlier.counted
        workdir = None if run.requested is None else run.requested.starts_in
        sessions[key] = Session(id=ended.session, workdir=workdir, counted=counted)
    return msgspec.structs.replace(state, sessions=sessions)
