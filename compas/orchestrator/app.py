"""Runs the supervisor: takes the locks, listens, recovers, serves, and ends in good order."""

import logging
import os
import sys
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack, closing
from pathlib import Path

import trio

from actors.errors import SystemFailed
from actors.remote.handshake import WelcomeInfo
from actors.remote.server import ServerSettings
from actors.system import ActorSystem, open_actor_system
from compas.backends.catalogue import build_backends
from compas.clock import wall_clock
from compas.config.config import Config, Loaded
from compas.config.load import load
from compas.distribution import installed_version
from compas.domain import events as e
from compas.domain.ids import new_ulid
from compas.errors import CompasError
from compas.orchestrator.config.configuration import Configuration
from compas.orchestrator.config.file import LocalConfigFile
from compas.orchestrator.gate.gate import Gate
from compas.orchestrator.handler_context import HandlerContext, Supervision
from compas.orchestrator.machine.git_slot import GitSlot
from compas.orchestrator.machine.runners import LocalRunners
from compas.orchestrator.machine.slots import Slot
from compas.orchestrator.process.activity import Activity
from compas.orchestrator.process.doorway import Doorway, open_doorway
from compas.orchestrator.process.held_lock import Holder
from compas.orchestrator.process.held_state import HeldState
from compas.orchestrator.process.live_environment import LiveEnvironment
from compas.orchestrator.process.logging import start_logging
from compas.orchestrator.process.place_keeper import keep_places
from compas.orchestrator.process.shutdown import IDLE_EXIT_SECS, Ending, watch_idleness, watch_signals, wind_down
from compas.orchestrator.process.state_directory import (
    AlreadyRunningError,
    StateDirectoryError,
    hold_socket_lock,
    hold_state_lock,
    prepare_state_directory,
)
from compas.orchestrator.services import Services, executions_directory
from compas.orchestrator.telemetry.file import open_or_replace
from compas.orchestrator.tree import build_root, local_workers
from compas.paths import RUNTIME_VARIABLE, STATE_VARIABLE, runtime_directory, socket_lock_path, socket_path
from compas.runner.launcher import ForkServerGone, Launcher
from compas.runner.machine import boot_id
from compas.store import log_file
from compas.store.codec import domain_codec
from compas.store.event_log import Store, open_store
from compas.store.projections.catalogue import PROJECTIONS
from compas.store.records import Append, NewEvent

log = logging.getLogger("compas.supervisor")

IDLE_VARIABLE = "COMPAS_IDLE_SECS"
"""Environment variable: after how many seconds without work and clients a supervisor ends that a client started."""
ALREADY_RUNNING_STATUS = 3
LAST_WORDS_SECS = 1.0
"""How long clients that are being served may keep the process after its end."""
LOG_NAME = "supervisor.log"
LISTENING = "listening"
READY = "ready"

Report = Callable[[str], None]
"""Tells whoever started this process that it listens, that it is ready, or why it is not."""


def run_supervisor(config_path: Path, *, detached: bool, idle_exit: bool, report: Report) -> int:
    """Run the supervisor of a config until it ends; return the exit status of its process.

    0: it ended in good order. 3: another one runs already. Every failure to start is raised as a CompasError, one
    sentence long.
    """
    directory = runtime_directory().absolute()
    where, runtime = str(socket_path(config_path, directory)), str(directory)
    own = Holder(pid=os.getpid(), config=str(config_path), since=wall_clock(), runtime=runtime, socket=where)
    try:
        with (
            hold_socket_lock(socket_lock_path(config_path, directory), own) as lock,
            open_doorway(config_path, lock) as doorway,
        ):
            trio.run(_Process(own, doorway, detached=detached, idle_exit=idle_exit, report=report).run)
    except AlreadyRunningError as err:
        report(f"already running: {err}")
        sys.stderr.write(f"{err}\n")
        return ALREADY_RUNNING_STATUS
    return 0


class GaveUpError(CompasError):
    """The actors of the supervisor crashed again and again; its log has the reason."""


class _Process:
    """One run of the supervisor, from the socket inwards."""

    def __init__(self, own: Holder, doorway: Doorway, *, detached: bool, idle_exit: bool, report: Report) -> None:
        self._own = own
        self._config_path = Path(own.config)
        self._doorway = doorway
        self._detached = detached
        self._idle_exit = idle_exit
        self._report = report
        self._activity = Activity()
        self._gate = Gate(self._activity)
        self._ending = Ending()
        self._epoch = 0

    async def run(self) -> None:
        """Listen first, so that clients are held instead of refused; then become ready; then serve until the end."""
        settings = ServerSettings(welcome=lambda hello: self._welcome())
        failure: CompasError | None = None
        async with trio.open_nursery() as door:
            await door.start(watch_signals, self._ending)
            await door.start(self._doorway.serve, self._gate.serve, settings)
            try:
                await self._serve()
            except (CompasError, SystemFailed) as err:
                if log.hasHandlers():  # else it failed before there was a log, and whoever started it is told
                    log.critical("the supervisor ends: %s", err, exc_info=err, extra={"action": "supervisor_failed"})
                failure = err if isinstance(err, CompasError) else GaveUpError(f"the supervisor gave up: {err}")
                self._gate.fail(failure)
            with trio.move_on_after(LAST_WORDS_SECS):
                await self._activity.wait_alone()
            door.cancel_scope.cancel()
        if failure is not None:
            raise failure

    def _welcome(self) -> WelcomeInfo:
        server = f"compas/{installed_version()}"
        return WelcomeInfo(server=server, state=self._gate.state, epoch=self._epoch, meta=self._gate.wanted())

    async def _serve(self) -> None:
        loaded = load(self._config_path)
        state = Path(loaded.config.state_dir)
        warnings = prepare_state_directory(state)
        with hold_state_lock(state, self._own) as lock:
            start_logging(state / LOG_NAME, to_terminal=not self._detached)
            for warning in (*loaded.warnings, *warnings):
                log.warning("%s", warning, extra={"action": "config_warning"})
            self._report(LISTENING)
            if (lost := log_file.missing_log(state)) is not None:
                raise StateDirectoryError(f"{lost}; restore the log from a backup, or move {state} away to begin anew")
            log_path = state / LOG_NAME
            async with AsyncExitStack() as stack:
                store_path = state / log_file.NAME
                store = await stack.enter_async_context(
                    open_store(store_path, events=domain_codec(), projections=PROJECTIONS)
                )
                telemetry = await open_or_replace(stack, state / "telemetry.sqlite")
                self._epoch = await store.begin_epoch(os.getpid(), boot_id(), installed_version())
                await _record_start(store, loaded)
                worker_log = stack.enter_context(log_path.open("ab"))
                launcher: Slot[Launcher] = Slot("fork server", ForkServerGone)
                services = self._services(loaded, store, launcher)
                await _hold_runners(services)
                workers = local_workers(services, launcher, self._doorway.gateway, self._activity, worker_log.fileno())
                root = build_root(services, telemetry, workers, LocalConfigFile(self._config_path, services.environ))
                async with open_actor_system("compas", root) as system:
                    with closing(HeldState(lock, store_path)) as held:
                        await self._supervise(system, services, warnings, held)

    def _services(self, loaded: Loaded, store: Store, launcher: Slot[Launcher]) -> Services:
        config = loaded.config
        return Services(
            configuration=Configuration(loaded, wall_clock()),
            store=store,
            backends=build_backends(config.backends.values()),
            git=GitSlot(),
            runners=LocalRunners(executions_directory(config), launcher),
            clock=wall_clock,
            new_id=lambda: new_ulid(wall_clock()),
            environ=LiveEnvironment({**os.environ, **self._found_by(config)}, takes=self._detached),
            epoch=self._epoch,
        )

    def _found_by(self, config: Config) -> dict[str, str]:
        """Return by what agents and hooks find this supervisor, wherever they stand: XDG_RUNTIME_DIR may have decided
        it, and does not reach all of them."""
        state = {STATE_VARIABLE: config.state_dir} if os.environ.get(STATE_VARIABLE) else {}
        return {RUNTIME_VARIABLE: self._own.runtime, **state}

    async def _supervise(
        self, system: ActorSystem, services: Services, warnings: tuple[str, ...], held: HeldState
    ) -> None:
        """Open the door, and stand by it until somebody wants the end, or the state directory is lost."""
        supervision = Supervision(
            pid=os.getpid(),
            version=installed_version(),
            since=wall_clock(),
            log_path=str(Path(services.config.state_dir) / LOG_NAME),
            warnings=warnings,
            stop=self._ending.wish,
            ends_when_idle=self._idle_exit,
        )
        context = HandlerContext(services=services, registry=system.registry, bus=system.bus, supervision=supervision)
        supervision.state = "ready"
        self._gate.open(context)
        self._report(READY)
        log.info("ready (pid %d, epoch %d)", os.getpid(), services.epoch, extra={"action": "ready"})
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._leave_when_lost, nursery.cancel_scope)
            nursery.start_soon(self._watch_epoch, services.store)
            nursery.start_soon(keep_places, self._doorway, held, self._ending.give_up)
            if self._idle_exit:
                nursery.start_soon(watch_idleness, context, self._activity, self._ending, _idle_secs(os.environ))
            mode = await self._ending.wait_wished()
            supervision.state, supervision.ending = "stopping", mode
            log.info("ending (%s)", mode, extra={"action": "ending"})
            await wind_down(context, self._ending)
            nursery.cancel_scope.cancel()
        if self._ending.loss is not None:
            raise self._ending.loss

    async def _leave_when_lost(self, standing_by: trio.CancelScope) -> None:
        """Answer nobody as if all were well, and leave without winding down: the log takes no word of it."""
        await self._ending.wait_given_up()
        assert self._ending.loss is not None
        self._gate.fail(self._ending.loss)
        if self._detached:
            sys.stderr.write(f"{self._ending.loss}\n")  # the start-up log has it; the supervisor.log may be gone
        standing_by.cancel()

    async def _watch_epoch(self, store: Store) -> None:
        self._ending.give_up(await store.wait_lost())


def _idle_secs(environ: Mapping[str, str]) -> float:
    """Read the idle time from the environment; what is no number of seconds is passed over with a warning."""
    text = environ.get(IDLE_VARIABLE)
    try:
        return IDLE_EXIT_SECS if text is None else float(text)
    except ValueError:
        log.warning("%s is %r, which is no number of seconds", IDLE_VARIABLE, text, extra={"action": "bad_idle_secs"})
        return IDLE_EXIT_SECS


async def _hold_runners(services: Services) -> None:
    """Let the runners know, before anybody speaks to one, which supervisor they belong to."""
    try:
        await services.runners.begin(services.epoch)
    except OSError as err:
        place = services.executions_directory
        raise StateDirectoryError(f"cannot record this supervisor in {place}: {err.strerror or err}") from err


async def _record_start(store: Store, loaded: Loaded) -> None:
    started = e.SupervisorStarted(pid=os.getpid(), boot_id=boot_id(), version=installed_version())
    events = (started, e.ConfigLoaded(digest=loaded.digest))
    await store.append_all([Append(events=tuple(NewEvent(stream=e.SUPERVISOR_STREAM, event=one) for one in events))])
