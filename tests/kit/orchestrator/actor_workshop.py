"""A whole supervisor without processes: real actors, rules, store and protocol; runners and git are fakes."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import count
from typing import TypeVar

import msgspec
import trio

from actors.ref import ActorRef
from actors.remote.errors import RequestFailed
from actors.remote.handshake import WelcomeInfo
from actors.remote.server import ServerSettings, serve_connection
from actors.remote.session import Session, open_session
from actors.remote.transport import memory_transport_pair
from actors.system import ActorSystem, open_actor_system
from compas.api import configuration, lifecycle, merges, supervision, threads, waiting
from compas.api.dispatch import DISPATCH, DispatchResponse
from compas.api.operation import Operation
from compas.backends.catalogue import build_backends
from compas.config.config import Config, Loaded
from compas.domain import events as e
from compas.domain.specs import SCRIPTED_BACKEND, AgentSpec, HandoffSpec
from compas.orchestrator.config.configuration import Configuration
from compas.orchestrator.gate.gate import Gate
from compas.orchestrator.handler_context import HandlerContext, Supervision
from compas.orchestrator.machine.git_slot import GitSlot
from compas.orchestrator.process.activity import Activity
from compas.orchestrator.process.live_environment import LiveEnvironment
from compas.orchestrator.process.shutdown import Ending, wind_down
from compas.orchestrator.services import Services
from compas.orchestrator.tree import build_root
from compas.runner.messages import Spec
from compas.store.connection import Reader
from compas.store.event_log import Store
from compas.store.projections.execution_queries import is_work_unsettled
from compas.store.telemetry import open_telemetry
from tests.kit.orchestrator.disk import Disk, open_store_on_disk
from tests.kit.orchestrator.fake_config_file import FakeConfigFile
from tests.kit.orchestrator.fake_git import FakeGit
from tests.kit.orchestrator.fake_programs import FakePrograms
from tests.kit.orchestrator.fake_repository import FakeRepo
from tests.kit.orchestrator.fake_runners import FakeRunners, open_fake_runners
from tests.kit.orchestrator.troupe import Role, Troupe

REPO = "/repo"
BEGAN = 1_700_000_000.0
LIMIT_SECS = 7200
"""Virtual seconds after which a test that still waits has failed."""

Res = TypeVar("Res", bound=msgspec.Struct)
Tables = dict[str, list[tuple[object, ...]]]


def wall_clock() -> float:
    """Return UTC seconds, as the virtual clock has them."""
    return BEGAN + trio.current_time()


class Watch:
    """The wall clock of a workshop. It is `ahead` of the timers when they stood still, or when somebody has set it."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        """Return UTC seconds."""
        return wall_clock() + self.ahead


def agent(alias: str, *, to: str | None = None, depth: int = 3, **settings: object) -> AgentSpec:
    """Configure an agent; `to` gets its replies."""
    handoff = HandoffSpec(targets=(to,), max_chain_depth=depth) if to is not None else None
    fields: dict[str, object] = {"workspace": "shared", "handoff": handoff, **settings}
    return AgentSpec(alias=alias, backend=SCRIPTED_BACKEND, script=alias, workdir=REPO, **fields)


class Supervisor:
    """One run of the supervisor, with a client's connection to it."""

    def __init__(
        self,
        system: ActorSystem,
        context: HandlerContext,
        ending: Ending,
        new_id: Callable[[], str],
        config_file: FakeConfigFile,
    ) -> None:
        self.system = system
        self.config_file = config_file
        self.context = context
        self.ending = ending
        self.activity = Activity()
        self.gate = Gate(self.activity)
        self.session: Session
        self._new_id = new_id

    # --- as a client -------------------------------------------------------------------------------------------------

    async def ask(
        self, operation: Operation[msgspec.Struct, Res], request_id: str | None = None, **fields: object
    ) -> Res:
        """Send one request over the protocol; RequestFailed carries the refusal."""
        name = self._new_id() if request_id is None else request_id
        request = operation.request(**fields)
        return await self.session.request(operation.name, request, operation.response, request_id=name)

    async def dispatch(
        self, to: str, body: str, *, request_id: str | None = None, **fields: object
    ) -> DispatchResponse:
        """Give an agent a task."""
        return await self.ask(DISPATCH, request_id, to=to, body=body, **fields)

    async def wait(self, thread: str, *, timeout: float = LIMIT_SECS, **fields: object) -> waiting.WaitResponse:
        """Wait for an answer."""
        return await self.ask(waiting.WAIT, thread_id=thread, timeout_secs=timeout, **fields)

    async def chain(self, posted: DispatchResponse) -> waiting.WaitResponse:
        """Wait until all that follows from a dispatch has settled."""
        return await self.wait(posted.thread_id, since_reference=posted.reference, await_chain=True)

    async def abandon(self, thread: str) -> lifecycle.AbandonResponse:
        """Give a thread up."""
        return await self.ask(lifecycle.ABANDON, thread_id=thread)

    async def close(self, thread: str, status: str = "completed") -> lifecycle.CloseResponse:
        """End a thread."""
        return await self.ask(lifecycle.CLOSE, thread_id=thread, status=status)

    async def transcript(self, thread: str) -> threads.TranscriptResponse:
        """Read a thread."""
        return await self.ask(threads.TRANSCRIPT, thread_id=thread)

    async def merge(self, thread: str, **fields: object) -> merges.MergeResponse:
        """Merge a thread."""
        return await self.ask(merges.MERGE, thread_id=thread, **fields)

    async def wait_merge(self, op: str, timeout: float = LIMIT_SECS) -> waiting.WaitMergeResponse:
        """Wait for the end of a merge."""
        return await self.ask(waiting.WAIT_MERGE, op_id=op, timeout_secs=timeout)

    async def reload(self) -> configuration.ReloadResponse:
        """Ask for the config file to be looked at now."""
        return await self.ask(configuration.RELOAD)

    async def stop(self, mode: str) -> supervision.StopResponse:
        """Ask the supervisor to end."""
        return await self.ask(supervision.STOP, mode=mode)

    @asynccontextmanager
    async def connected(self, **meta: str) -> AsyncIterator["Supervisor"]:
        """Return another client, whose greeting says this of it."""
        client = Supervisor(self.system, self.context, self.ending, self._new_id, self.config_file)
        ours, theirs = memory_transport_pair()
        settings = ServerSettings(welcome=WelcomeInfo(server="test/1"), max_in_flight=1000)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(serve_connection, theirs, self.gate.serve, settings)
            async with open_session(ours, client="another", meta=meta) as client.session:
                yield client
            nursery.cancel_scope.cancel()

    # --- as an agent -------------------------------------------------------------------------------------------------

    @asynccontextmanager
    async def called_by(self, spec: Spec, **meta: str) -> AsyncIterator["Supervisor"]:
        """Return a client whose calls come from inside an execution."""
        async with self.connected(**{"execution": spec.execution, "token": spec.token, **meta}) as caller:
            yield caller

    @asynccontextmanager
    async def standing_in(self, directory: str) -> AsyncIterator["Supervisor"]:
        """Return a client of a person who stands in a directory."""
        async with self.connected(cwd=directory) as caller:
            yield caller

    # --- as nobody can ----------------------------------------------------------------------------------------------

    def actor(self, name: str) -> ActorRef:
        """Return an actor by its registered name."""
        found = self.system.registry.find(name)
        assert found is not None, f"no actor {name}; there are {self.system.registry.names()}"
        return found

    async def insist(
        self, operation: Operation[msgspec.Struct, Res], request_id: str | None = None, **fields: object
    ) -> Res:
        """Send one request, and again under the same name while it cannot be served, as a client does."""
        name = self._new_id() if request_id is None else request_id
        for _ in range(20):
            try:
                return await self.ask(operation, name, **fields)
            except RequestFailed as failure:
                if failure.code != "unavailable":
                    raise
        raise AssertionError(f"{operation.name} is unavailable for good")

    @asynccontextmanager
    async def when(self, kind: type[e.Event], act: Callable[[e.Recorded], None]) -> AsyncIterator[None]:
        """Call `act` whenever such an event is published: it is committed, and nobody has acted on it yet."""

        def see(event: object) -> bool:
            if isinstance(event, e.Recorded) and isinstance(event.event, kind):
                act(event)
            return False

        async with self.system.bus.subscribe(see):
            yield

    async def end(self) -> None:
        """Wind down once somebody has asked for it, as the process does."""
        told = self.context.supervision
        told.state, told.ending = "stopping", await self.ending.wait_wished()
        await wind_down(self.context, self.ending)

    async def crash(self) -> None:
        """End the whole tree where it stands, as kill -9 does."""
        self.system.root.kill()
        await self.system.wait_stopped()


class Workshop:
    """What outlives a supervisor: its store, the runners, the repository. Made by `open_workshop`."""

    def __init__(
        self,
        config: Config,
        store: Store,
        disk: Disk,
        runners: FakeRunners,
        git: FakeGit,
        troupe: Troupe,
        watch: Watch,
    ) -> None:
        self.config = config
        self.watch = watch
        self.store = store
        self.disk = disk
        self.git = git
        self.troupe = troupe
        self.runners = runners
        self.programs = FakePrograms()
        self.has_lost_backends = False
        self._ids = count(1)

    @property
    def repo(self) -> FakeRepo:
        """The repository that agents work in."""
        return self.git.repo(REPO)

    def plays(self, alias: str, role: Role) -> None:
        """Say how an agent behaves; without a role it echoes."""
        self.troupe.roles[alias] = role

    def new_id(self) -> str:
        """Name something."""
        return f"id{next(self._ids):06d}"

    @asynccontextmanager
    async def supervisor(self, *, is_open: bool = True) -> AsyncIterator[Supervisor]:
        """Start a supervisor over what is here, and connect a client; unless `is_open`, its gate is left shut."""
        epoch = await self.store.begin_epoch(1, "boot-1", "test")
        await self.runners.begin(epoch)
        config_file = FakeConfigFile(self.config)
        services = Services(
            configuration=Configuration(Loaded(config=self.config, digest=config_file.digest), self.watch()),
            store=self.store,
            backends={} if self.has_lost_backends else build_backends(self.config.backends.values()),
            git=GitSlot(),
            runners=self.runners,
            clock=self.watch,
            new_id=self.new_id,
            environ=LiveEnvironment({"PATH": "/bin"}, takes=True),
            epoch=epoch,
            chance=lambda: 0.0,
            programs=self.programs,
        )
        async with AsyncExitStack() as stack:
            outside = await stack.enter_async_context(trio.open_nursery())
            stack.callback(outside.cancel_scope.cancel)
            outside.start_soon(_keep_git, services.git, self.git)
            telemetry = await stack.enter_async_context(open_telemetry(None))
            root = build_root(services, telemetry, (), config_file)
            system = await stack.enter_async_context(open_actor_system("compas", root))
            ending = Ending()
            context = HandlerContext(
                services=services, registry=system.registry, bus=system.bus, supervision=_told(ending)
            )
            supervisor = Supervisor(system, context, ending, self.new_id, config_file)
            gate = supervisor.gate
            if is_open:
                gate.open(context)
            ours, theirs = memory_transport_pair()
            settings = ServerSettings(welcome=WelcomeInfo(server="test/1", state=gate.state), max_in_flight=1000)
            outside.start_soon(serve_connection, theirs, gate.serve, settings)
            supervisor.session = await stack.enter_async_context(open_session(ours, client="test"))
            yield supervisor

    async def events(self, thread: str | None = None) -> tuple[e.Event, ...]:
        """Return the log, or one thread's stream."""
        found = await self.store.read_all(limit=100_000) if thread is None else await self.stream(thread)
        return tuple(one.event for one in found)

    async def stream(self, thread: str) -> tuple[e.Recorded, ...]:
        """Return a thread's stream."""
        return await self.store.read_stream(e.thread_stream(thread))

    async def wait_settled(self, supervisor: Supervisor) -> None:
        """Wait until nothing is queued or running."""
        async with supervisor.system.bus.subscribe(lambda event: isinstance(event, e.Recorded)) as events:
            while await self.store.query(is_work_unsettled):
                await events.receive()

    async def tables_and_rebuilt_tables(self) -> tuple[Tables, Tables]:
        """Return every table as it is, and as a rebuild from the log makes it."""
        before = await self.store.query(_tables)
        await self.store.rebuild()
        return before, await self.store.query(_tables)


async def _keep_git(slot: GitSlot, git: FakeGit) -> None:
    """Put the worker back whenever it is taken for dead."""
    while True:
        await slot.occupy(git)


def _told(ending: Ending) -> Supervision:
    told = Supervision(
        pid=1, version="test", since=wall_clock(), log_path="supervisor.log", warnings=(), stop=ending.wish
    )
    told.state = "ready"
    return told


def _tables(reader: Reader) -> Tables:
    listed = reader.rows("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
    names = sorted(str(name) for (name,) in listed)
    return {name: sorted((tuple(row) for row in reader.rows(f'SELECT * FROM "{name}"')), key=repr) for name in names}


@asynccontextmanager
async def open_workshop(
    *agents: AgentSpec, limit_secs: float = LIMIT_SECS, **settings: object
) -> AsyncIterator[Workshop]:
    """Make a repository, a log in memory and a troupe, for as many supervisors, one after the other, as a test needs.

    Everything in it takes virtual time only; after `limit_secs` of that, two hours, the test fails.
    """
    fields: dict[str, object] = {"effective_concurrency": 4, "max_triggers_per_agent": 2, **settings}
    config = Config(
        config_path="/config.yaml",
        default_workdir=REPO,
        state_dir="/state",
        agents={one.alias: one for one in agents or (agent("dev"),)},
        **fields,
    )
    git = FakeGit()
    troupe, watch = Troupe(git.repo(REPO)), Watch()
    with trio.fail_after(limit_secs):
        async with (
            open_store_on_disk(watch) as (store, disk),
            open_fake_runners(troupe.play, watch) as runners,
        ):
            yield Workshop(config, store, disk, runners, git, troupe, watch)
