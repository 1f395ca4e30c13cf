"""The supervision tree of compas: who is there, in which order they start, and what falls with whom (design §3)."""

import math
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from functools import partial
from pathlib import Path

from actors.actor import Actor
from actors.restart import Backoff, Strategy
from actors.spec import ChildSpec
from actors.supervisor import Supervisor
from compas.git.protocol.client import GitWorker, open_git_worker
from compas.git.protocol.thread_worktree import Owner
from compas.orchestrator.backends.actor import BackendActor
from compas.orchestrator.config.file import ConfigFile
from compas.orchestrator.config.watcher import ConfigWatcher
from compas.orchestrator.executions.supervisor import Executions
from compas.orchestrator.journal import Journal
from compas.orchestrator.machine.gateway import GatewayDoor, GatewayHost
from compas.orchestrator.machine.slots import Slot, WorkerHost
from compas.orchestrator.merges.directory import MergeDirectory, Merges
from compas.orchestrator.outbox.actor import Outbox
from compas.orchestrator.process.activity import Activity
from compas.orchestrator.process.state_directory import name_of_state_directory
from compas.orchestrator.retention.keeper import Keeper
from compas.orchestrator.schedules.actor import ScheduleKeeper
from compas.orchestrator.services import Services
from compas.orchestrator.telemetry.actor import TelemetryActor
from compas.orchestrator.telemetry.log_retention import LogRetention
from compas.orchestrator.telemetry.retention import TelemetryRetention
from compas.orchestrator.threads.admission import Admission, limits_of
from compas.orchestrator.threads.directory import ThreadDirectory, Threads
from compas.orchestrator.worktrees.janitor import Janitor
from compas.orchestrator.worktrees.pool import PoolActor
from compas.orchestrator.worktrees.ports import Ports
from compas.relay.silence import patience_of
from compas.runner.launcher import Launcher, open_fork_server
from compas.store.telemetry import Telemetry

BACKOFF = Backoff(minimum=0.1, maximum=5.0, jitter=0.2)
CROWD = 4096
"""Mailbox of an actor that every thread speaks to."""


def build_root(
    services: Services, telemetry: Telemetry, workers: Sequence[ChildSpec], config_file: ConfigFile
) -> ChildSpec:
    """Describe the whole tree; `workers` are the hosts of the processes that work for it.

    The root is rest_for_one: nothing goes on without the journal, and without its workers the core would only fail.
    """
    core = [
        ChildSpec("telemetry", lambda: TelemetryActor(telemetry), mailbox=CROWD),
        ChildSpec("ports", lambda: Ports(services), mailbox=CROWD),
        _group("backends", lambda: _patient(_backends(services))),
        _group("work", lambda: _patient(_work(services), strategy="one_for_all")),
        _group("merges", lambda: _patient(_merging(services), strategy="rest_for_one")),
        ChildSpec("config", lambda: ConfigWatcher(services, config_file)),
        ChildSpec("schedules", lambda: ScheduleKeeper(services)),
        ChildSpec("outbox", lambda: Outbox(services)),
        ChildSpec("janitor", lambda: Janitor(services)),
        ChildSpec("keeper", lambda: Keeper(services)),
        ChildSpec("log-retention", lambda: LogRetention(services)),
        ChildSpec("telemetry-retention", lambda: TelemetryRetention(services, telemetry)),
        ChildSpec("pool", lambda: PoolActor(services)),
    ]
    return _group(
        "root",
        lambda: Supervisor(
            [
                ChildSpec("journal", lambda: Journal(services.store), mailbox=CROWD),
                _group("workers", lambda: Supervisor(workers, backoff=BACKOFF)),
                _group("core", lambda: _patient(core)),
            ],
            strategy="rest_for_one",
        ),
    )


def _patient(children: Sequence[ChildSpec], strategy: Strategy = "one_for_one") -> Supervisor:
    """Supervise with patience: what crashes now and then begins again from the log, and nobody else notices."""
    return Supervisor(children, strategy=strategy, intensity=10, period=60.0, backoff=BACKOFF)


def _group(name: str, factory: Callable[[], Actor]) -> ChildSpec:
    """Describe a supervisor: it stops when its children have, each within a grace of its own."""
    return ChildSpec(name, factory, shutdown=math.inf)


def local_workers(
    services: Services, launcher: Slot[Launcher], door: GatewayDoor, activity: Activity, worker_log: int | None
) -> tuple[ChildSpec, ...]:
    """Describe the hosts of the fork server, the git worker and the MCP gateway; the last two print to `worker_log`."""
    git = services.git
    patience = patience_of(services.environ)
    state = services.config.state_dir
    owner = Owner(path=state, name=name_of_state_directory(Path(state)))

    def open_git() -> AbstractAsyncContextManager[GitWorker]:
        return open_git_worker(
            epoch=services.epoch, owner=owner, log_fd=worker_log, on_exit=lambda _: git.discard_current()
        )

    return (
        ChildSpec("fork-server", lambda: WorkerHost(launcher, open_fork_server)),
        ChildSpec("git-worker", lambda: WorkerHost(git, open_git)),
        ChildSpec("gateway", lambda: GatewayHost(door, services.listed_tools, activity, worker_log, patience)),
    )


def _backends(services: Services) -> list[ChildSpec]:
    return [ChildSpec(backend.name, partial(BackendActor, backend, services)) for backend in services.backends.values()]


def _work(services: Services) -> list[ChildSpec]:
    """Threads and what they run. Each holds in memory what it agreed on with the others, so they are restarted
    together; then the directory brings back every thread that has work, which adopts its executions."""
    return [
        ChildSpec("admission", lambda: Admission(lambda: limits_of(services.config), services), mailbox=CROWD),
        _group("executions", lambda: Executions(intensity=20, period=60.0, backoff=BACKOFF)),
        _group("threads", lambda: Threads(intensity=20, period=60.0, backoff=BACKOFF)),
        ChildSpec("directory", lambda: ThreadDirectory(services), mailbox=CROWD),
    ]


def _merging(services: Services) -> list[ChildSpec]:
    return [
        _group("targets", lambda: Merges(intensity=20, period=60.0, backoff=BACKOFF)),
        ChildSpec("directory", lambda: MergeDirectory(services)),
    ]
