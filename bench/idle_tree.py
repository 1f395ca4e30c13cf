"""Runs the supervisor's actors in this process, without a socket, and counts what they do while nobody asks."""

import os
from contextlib import AsyncExitStack, closing
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import trio

from actors.system import open_actor_system
from compas.backends.catalogue import build_backends
from compas.clock import wall_clock
from compas.config.load import load
from compas.domain.ids import new_ulid
from compas.orchestrator.config.configuration import Configuration
from compas.orchestrator.config.file import LocalConfigFile
from compas.orchestrator.machine.gateway import GatewayDoor
from compas.orchestrator.machine.git_slot import GitSlot
from compas.orchestrator.machine.runners import LocalRunners
from compas.orchestrator.machine.slots import Slot
from compas.orchestrator.process.activity import Activity
from compas.orchestrator.process.live_environment import LiveEnvironment
from compas.orchestrator.process.state_directory import prepare_state_directory
from compas.orchestrator.services import Services, executions_directory
from compas.orchestrator.tree import build_root, local_workers
from compas.runner.launcher import Launcher, LaunchError
from compas.runner.machine import boot_id
from compas.store.codec import domain_codec
from compas.store.event_log import open_store
from compas.store.projections.catalogue import PROJECTIONS
from compas.store.telemetry import open_telemetry


class IdleTree(msgspec.Struct, frozen=True, kw_only=True):
    """What happened in the loop and in the log over some seconds."""

    wakeups: int
    task_steps: int
    statements: int
    transactions: int


class _Counter(trio.abc.Instrument):
    def __init__(self) -> None:
        self.wakeups = 0
        self.steps = 0

    def after_io_wait(self, timeout: float) -> None:
        self.wakeups += 1

    def before_task_step(self, task: trio.lowlevel.Task) -> None:
        self.steps += 1


def watch_idle_tree(config: Path, settle_secs: float, seconds: float) -> IdleTree:
    """Start the tree of a config, leave it alone, and count from `settle_secs` on for `seconds`.

    The end of that time is itself one wake-up and one step, which are not counted.
    """
    return trio.run(_watch, config, settle_secs, seconds)


async def _watch(config_path: Path, settle_secs: float, seconds: float) -> IdleTree:
    loaded = load(config_path)
    config = loaded.config
    state = Path(config.state_dir)
    prepare_state_directory(state)
    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(
            open_store(state / "compas.sqlite", events=domain_codec(), projections=PROJECTIONS)
        )
        telemetry = await stack.enter_async_context(open_telemetry(state / "telemetry.sqlite"))
        epoch = await store.begin_epoch(os.getpid(), boot_id(), "bench")
        launcher: Slot[Launcher] = Slot("fork server", LaunchError)
        services = Services(
            configuration=Configuration(loaded, wall_clock()),
            store=store,
            backends=build_backends(config.backends.values()),
            git=GitSlot(),
            runners=LocalRunners(executions_directory(config), launcher),
            clock=wall_clock,
            new_id=lambda: new_ulid(wall_clock()),
            environ=LiveEnvironment(os.environ),
            epoch=epoch,
        )
        sockets = Path(stack.enter_context(TemporaryDirectory(prefix="cpb-", dir="/tmp")))
        door = GatewayDoor(sockets / "supervisor", sockets / "gateway", sockets / "tools")
        stack.enter_context(closing(door))
        root = build_root(
            services,
            telemetry,
            local_workers(services, launcher, door, Activity(), None),
            LocalConfigFile(config_path, services.environ),
        )
        await stack.enter_async_context(open_actor_system("idle", root))
        await trio.sleep(settle_secs)
        counter = _Counter()
        before = store.statistics()
        trio.lowlevel.add_instrument(counter)
        await trio.sleep(seconds)
        trio.lowlevel.remove_instrument(counter)
        after = store.statistics()
        return IdleTree(
            wakeups=counter.wakeups - 1,
            task_steps=counter.steps - 1,
            statements=after.statements - before.statements,
            transactions=after.transactions - before.transactions,
        )
