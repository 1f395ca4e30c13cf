"""A supervisor as clients meet it, over the real protocol in memory: it gives recorded answers and pushes events."""

import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec
import trio

from actors.remote.call import Call
from actors.remote.errors import CallError, SocketAbsent
from actors.remote.handshake import WelcomeInfo
from actors.remote.server import ServerSettings, serve_connection
from actors.remote.session import Session, open_session
from actors.remote.transport import MemoryTransport, memory_transport_pair
from compas.api.activity import ExecutionEvent, ExecutionEventsRequest
from compas.api.agents import ListAgentsResponse
from compas.api.catalogue import BY_NAME
from compas.api.configuration import DashboardCommandsResponse, SettingsResponse
from compas.api.figures import CostMetrics, CostsResponse, MetricsResponse, Spending
from compas.api.history import (
    DiffRequest,
    DiffResponse,
    EventsRequest,
    EventsResponse,
    LogChunkItem,
    LogEvent,
    LogRequest,
)
from compas.api.merges import MergeState, MergeStatusResponse
from compas.api.operation import arguments
from compas.api.supervision import AgentHealth, HealthResponse
from compas.api.tasks import TaskRow, TasksRequest, TasksResponse
from compas.api.threads import (
    BatchTotal,
    StatusRequest,
    StatusResponse,
    StatusRow,
    TranscriptRequest,
    TranscriptResponse,
)
from compas.domain import events as e

NOW = 1_700_000_000.0
"""The time at which tests take place: 2023-11-14 22:13:20 UTC."""


KNOWN_BEFORE = {"thread_id", "agent", "batch_id", "limit"}
"""What an older supervisor can be asked of threads."""


def agent(alias: str = "dev", **fields: object) -> AgentHealth:
    known = {"backend": "claude", "role": "worker", "usable": True, "detail": "", "circuit_state": "closed"}
    return msgspec.convert({"alias": alias, "active": 0, "queued": 0, "available": 1, **known, **fields}, AgentHealth)


def health(**fields: object) -> HealthResponse:
    known: dict[str, object] = {"state": "ready", "pid": 1, "epoch": 3, "version": "1", "since": NOW, "config": "c"}
    known |= {
        "state_dir": "s",
        "events": 0,
        "active": 0,
        "queued": 0,
        "clients": 1,
        "git_worker": "running",
        "places": 4,
    }
    return msgspec.convert({**known, "log": "l", "agents": (agent(),), **fields}, HealthResponse, from_attributes=True)


def row(thread: str, **fields: object) -> StatusRow:
    known = {"thread_id": thread, "thread_status": "Active", "updated_at": NOW - 60, "agent": "dev"}
    return msgspec.convert({**known, **fields}, StatusRow)


def executing(thread: str, *, seconds: float = 5, **fields: object) -> StatusRow:
    known = {"execution_id": f"x-{thread}", "execution_status": "executing", "started_at": NOW - seconds}
    return row(thread, **{**known, **fields})


def settled(thread: str, **fields: object) -> StatusRow:
    return row(thread, **{"execution_id": f"x-{thread}", "execution_status": "completed", **fields})


def no_agents() -> ListAgentsResponse:
    return ListAgentsResponse(
        agents=(), global_max_concurrent=4, global_active=0, global_available=4, execution_timeout_secs=600
    )


def no_metrics() -> MetricsResponse:
    cost = CostMetrics(total_cost_usd=0, total_tokens_in=0, total_tokens_out=0, executions_with_cost=0)
    counts = dict.fromkeys(("queue_depth", "running", "scheduled", "done", "failed", "cancelled", "retries"), 0)
    return MetricsResponse(thread_counts={}, total_messages=0, active_by_agent={}, cost=cost, agents=(), **counts)


def spent(name: str, **fields: object) -> Spending:
    known: dict[str, object] = {"executions": 1, "failed": 0, "priced": 0, "cost_usd": None, "tokens_in": None}
    return msgspec.convert({**known, "tokens_out": None, "duration_ms": 0, "name": name, **fields}, Spending)


def no_costs() -> CostsResponse:
    return CostsResponse(
        since=NOW - 86_400, total=spent("", executions=0), by_day=(), by_hour=(), by_agent=(), by_batch=(), by_thread=()
    )


def ended(number: int, **fields: object) -> TaskRow:
    known: dict[str, object] = {"agent": "dev", "backend": "claude", "execution_status": "completed", "attempt": 0}
    known |= {"queued_at": NOW - number, "finished_at": NOW - number, "thread_id": f"t{number}"}
    return msgspec.convert({"execution_id": f"x{number:04}", "title": f"Task {number}", **known, **fields}, TaskRow)


def logged(position: int, stream: str, event: e.Event, at: float = NOW) -> LogEvent:
    data = msgspec.to_builtins(event)
    return LogEvent(
        position=position, at=at, stream=stream, type=data.pop("type"), causation="", lineage="", epoch=3, data=data
    )


class PlayedSupervisor:
    """What it knows may be set and changed at any time; `happen` pushes an event to whoever follows."""

    def __init__(self) -> None:
        self.health = health()
        self.threads: list[StatusRow] = []
        self.batches: list[BatchTotal] = []
        self.merges: list[MergeState] = []
        self.held: tuple[str, ...] = ()
        self.agents = no_agents()
        self.metrics = no_metrics()
        self.costs = no_costs()
        self.settings = SettingsResponse(config="/c.yaml", state_dir="/s", since=NOW, settings=())
        self.tasks: list[TaskRow] = []
        self.transcripts: dict[str, TranscriptResponse] = {}
        self.diffs: dict[str, DiffResponse] = {}
        self.logs: dict[str, list[str]] = {}
        self.steps: dict[str, list[ExecutionEvent]] = {}
        self.ended: set[str] = set()
        self.answers: dict[str, msgspec.Struct | CallError] = {
            "dashboard_commands": DashboardCommandsResponse(commands=())
        }
        self.written: list[tuple[str, dict[str, object]]] = []
        self.names: list[tuple[str, str]] = []
        self.log: list[LogEvent] = []
        self.asked: list[str] = []
        self.refused: dict[str, str] = {}
        self.is_older = False
        self._replaced = ""
        self.starts = 0
        self.is_there = True
        self.is_slow = trio.Event()
        self.is_slow.set()
        self.is_held = trio.Event()
        self.is_held.set()
        self._news = trio.Event()
        self._ends: list[MemoryTransport] = []

    # --- what happens ------------------------------------------------------------------------------------------------

    def happen(self, thread: str, event: e.Event, at: float = NOW) -> None:
        """Record an event of a thread."""
        self.record(e.thread_stream(thread), event, at)

    def record(self, stream: str, event: e.Event, at: float = NOW) -> None:
        self.log.append(logged(self.health.events + len(self.log) + 1, stream, event, at))
        self._wake()

    def print(self, execution: str, text: str) -> None:
        """Let an execution print."""
        self.logs.setdefault(execution, []).append(text)
        self._wake()

    def replace(self, execution: str, text: str) -> None:
        """Let an execution's log be another one, whose first piece is this."""
        self.logs[execution] = [text]
        self._replaced = execution
        self._wake()

    def do(self, execution: str, kind: str, summary: str, **fields: object) -> None:
        """Let an execution be seen doing something."""
        steps = self.steps.setdefault(execution, [])
        known = {"execution_id": execution, "index": len(steps), "at": NOW, "kind": kind, "summary": summary}
        steps.append(msgspec.convert({**known, **fields}, ExecutionEvent))
        self._wake()

    def end(self, execution: str) -> None:
        """Let an execution print and do nothing more."""
        self.ended.add(execution)
        self._wake()

    async def die(self) -> None:
        """Go away as a killed process does."""
        self.is_there = False
        for end in self._ends:
            await end.aclose()
        self._ends.clear()

    def _wake(self) -> None:
        news, self._news = self._news, trio.Event()
        news.set()

    # --- how it is reached -------------------------------------------------------------------------------------------

    @asynccontextmanager
    async def reach(self) -> AsyncIterator[Session]:
        """See Reach."""
        await trio.lowlevel.checkpoint()
        if not self.is_there:
            raise SocketAbsent("there is no socket at s: the server is not running")
        ours, theirs = memory_transport_pair()
        self._ends.append(theirs)
        settings = ServerSettings(welcome=WelcomeInfo(server="compas/1", state="ready", epoch=self.health.epoch))
        async with trio.open_nursery() as serving:
            serving.start_soon(serve_connection, theirs, self.serve, settings)
            try:
                async with open_session(ours, client="test") as session:
                    failure = None
                    try:
                        yield session
                    except Exception as error:  # leaves as itself, not inside a group
                        failure = error
            finally:
                serving.cancel_scope.cancel()
        if failure is not None:
            raise failure

    @asynccontextmanager
    async def reach_and_start(self) -> AsyncIterator[Session]:
        """See Reach; it comes to life for whoever may start it."""
        self.starts += 1
        self.is_there = True
        async with self.reach() as session:
            yield session

    async def serve(self, call: Call) -> object:
        """Answer one call."""
        self.asked.append(call.op)
        if call.op in self.refused:
            raise CallError("unavailable", self.refused[call.op])
        match call.op:
            case "health":
                return msgspec.structs.replace(self.health, events=self.health.events + len(self.log))
            case "list_agents":
                return self.agents
            case "status" if self.is_older and (unknown := set(call.decode(dict)) - KNOWN_BEFORE):
                raise CallError("invalid", f"Object contains unknown field `{min(unknown)}`")
            case "status":
                await self.is_held.wait()
                return self._status(call.decode(StatusRequest))
            case "merge_status":
                return MergeStatusResponse(merges=tuple(self.merges), counts={}, held=self.held)
            case "metrics":
                return self.metrics
            case "costs":
                return self.costs
            case "settings":
                return self.settings
            case "tasks":
                await self.is_slow.wait()
                return self._tasks(call.decode(TasksRequest))
            case "events":
                return await self._push_events(call)
            case "log":
                return await self._push_log(call)
            case "execution_events":
                return await self._push_steps(call)
        if call.op in self.answers or call.op not in ("transcript", "diff"):
            return await self._answer(call)
        await self.is_slow.wait()
        asked: type[TranscriptRequest | DiffRequest] = TranscriptRequest if call.op == "transcript" else DiffRequest
        thread = call.decode(asked).thread_id
        if call.op == "transcript":
            return self.transcripts.get(thread, TranscriptResponse(thread_id=thread))
        if thread not in self.diffs:
            raise CallError("no_worktree", f"thread {thread!r} has no worktree, so there is nothing to compare")
        return self.diffs[thread]

    def _status(self, request: StatusRequest) -> StatusResponse:
        words = (request.text or "").casefold().split()
        found = [one for one in self.threads if all(word in str(one).casefold() for word in words)]
        total = len(found)
        if request.after is not None:
            found = found[[one.thread_id for one in found].index(request.after) + 1 :]
        shown = tuple(found[: request.limit])
        after = shown[-1].thread_id if len(found) > request.limit else None
        return StatusResponse(threads=shown, total=total, batches=tuple(self.batches), next_after=after)

    def _tasks(self, request: TasksRequest) -> TasksResponse:
        words = (request.text or "").casefold().split()
        found = [one for one in self.tasks if all(word in str(one).casefold() for word in words)]
        if request.after is not None:
            found = found[[one.execution_id for one in found].index(request.after) + 1 :]
        shown, more = found[: request.limit], len(found) > request.limit
        return TasksResponse(tasks=tuple(shown), more=more, next_after=shown[-1].execution_id if more else None)

    async def _answer(self, call: Call) -> object:
        """Give the answer that is set for an operation; what was to be written is noted, also when it is refused."""
        self.names.append((call.op, call.request_id))
        await self.is_slow.wait()
        if call.op != "dashboard_commands":
            self.written.append((call.op, _whole(call)))
        if call.op not in self.answers:
            raise CallError("unknown_operation", f"nobody has set what {call.op} answers")
        answer = self.answers[call.op]
        if isinstance(answer, CallError):
            raise answer
        return answer

    async def _push_steps(self, call: Call) -> dict[str, object]:
        request = call.decode(ExecutionEventsRequest)
        after = request.after
        while True:
            news = self._news
            for step in [step for step in self.steps.get(request.execution_id, []) if step.index > after]:
                await call.push(step)
                after = step.index
            if request.execution_id in self.ended:
                return {"execution_id": request.execution_id, "next_after": after, "missed": 0, "status": "completed"}
            await news.wait()

    async def _push_events(self, call: Call) -> EventsResponse:
        request = call.decode(EventsRequest)
        after = request.after
        while True:
            news = self._news
            for event in [event for event in self.log if event.position > after]:
                if request.thread_id is None or event.stream == e.thread_stream(request.thread_id):
                    await call.push(event)
                after = event.position
            await news.wait()

    async def _push_log(self, call: Call) -> dict[str, object]:
        request = call.decode(LogRequest)
        sent = request.offset
        while True:
            news = self._news
            if self._replaced == request.execution_id:
                self._replaced, sent = "", 0
            for number, text in itertools.islice(enumerate(self.logs.get(request.execution_id, [])), sent, None):
                sent = number + 1
                chunk = LogChunkItem(execution_id=request.execution_id, offset=number, next_offset=sent, text=text)
                await call.push(chunk)
            if not request.follow or request.execution_id in self.ended:
                return {"execution_id": request.execution_id, "next_offset": sent, "status": "executing"}
            await news.wait()


def _whole(call: Call) -> dict[str, object]:
    """Return a request with what it leaves out because it is as by default."""
    return arguments(call.decode(BY_NAME[call.op].request))
