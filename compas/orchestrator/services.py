"""What every actor of the product is given: the config, the store, and the workers outside this process."""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import trio

from compas.backends.backend import Backend
from compas.backends.logins import how_to_log_in
from compas.backends.wanted import wanted_variables
from compas.clock import Clock
from compas.config.config import Config
from compas.domain.brought import Wanted
from compas.domain.decision import Moment
from compas.domain.dispatch import Rules
from compas.gateway.listed import listed_tools
from compas.gateway.tool_list import Agent
from compas.orchestrator.config.configuration import Configuration
from compas.orchestrator.machine.free_port import is_free
from compas.orchestrator.machine.git_slot import GitSlot
from compas.orchestrator.machine.programs import LocalPrograms, Programs
from compas.orchestrator.machine.runners import Runners
from compas.orchestrator.process.live_environment import LiveEnvironment
from compas.store.event_log import Store

ASK_TIMEOUT_SECS = 30.0
"""How long one actor waits for another before it takes it for broken and crashes, to begin again from the log."""

CONFIG = "config"
JOURNAL = "journal"
ADMISSION = "admission"
THREADS = "threads"
EXECUTIONS = "executions"
MERGES = "merges"
PORTS = "ports"
JANITOR = "janitor"
KEEPER = "keeper"
OUTBOX = "outbox"
SCHEDULES = "schedules"
TELEMETRY = "telemetry"


def thread_name(thread: str) -> str:
    """Return the registry name of a thread's actor."""
    return f"thread:{thread}"


def execution_name(execution: str) -> str:
    """Return the registry name of an execution's actor."""
    return f"execution:{execution}"


def backend_name(backend: str) -> str:
    """Return the registry name of a backend's actor."""
    return f"backend:{backend}"


def merge_name(repository: str, target: str) -> str:
    """Return the registry name of the actor that merges into a target branch."""
    return f"merge:{repository}:{target}"


def executions_directory(config: Config) -> Path:
    """Return where executions keep their files."""
    return Path(config.state_dir) / "executions"


class NewWork:
    """Whether executions may still be begun: one for all who let them in or begin them, and it outlives their crashes.

    Once the supervisor is ending, none may be.
    """

    def __init__(self) -> None:
        self.is_welcome = True

    def refuse(self) -> None:
        """Leave what is queued to the next supervisor."""
        self.is_welcome = False


@dataclass(frozen=True, kw_only=True)
class Services:
    """Handed down the tree when it is built; nothing here is global. `environ` is what agents may inherit from.

    `dispatching` is held by a dispatch that counts what is queued before it adds to it.

    The config may change at any time but within one decision: whoever decides reads it once, and nobody keeps it.
    """

    configuration: Configuration
    store: Store
    backends: Mapping[str, Backend]
    git: GitSlot
    runners: Runners
    clock: Clock
    new_id: Callable[[], str]
    environ: LiveEnvironment
    epoch: int
    new_work: NewWork = field(default_factory=NewWork)
    dispatching: trio.Lock = field(default_factory=trio.Lock)
    chance: Callable[[], float] = random.random
    is_free_port: Callable[[int], bool] = is_free
    programs: Programs = field(default_factory=LocalPrograms)

    @property
    def config(self) -> Config:
        """The configuration in force now."""
        return self.configuration.in_force

    @property
    def executions_directory(self) -> Path:
        """Where executions keep their files."""
        return executions_directory(self.config)

    def wanted_variables(self) -> Wanted:
        """Return which variables of an operator's shell the agents of the config can use now."""
        return wanted_variables(self.config.agents.values())

    def how_to_log_in(self, backend: str, alias: str) -> str:
        """Say what to do when the CLI of an agent is not let in."""
        agent = self.config.agents.get(alias)
        return how_to_log_in(backend, agent.env_pass if agent is not None else None, takes=self.environ.takes)

    def listed_tools(self) -> bytes:
        """Return the tools that editors are told of now, as their relays read them."""
        config = self.config
        workers = (agent for agent in config.agents.values() if agent.role == "worker")
        listed = [Agent(alias=one.alias, at_once=config.at_once(one)) for one in workers]
        return listed_tools(listed, config.tools)

    def missing_backend(self, name: str) -> str:
        """Say why a backend is not there: it waits for a restart, or nobody knows it."""
        if any(key == f"backend_definitions.{name} added" for key in self.configuration.standing.waiting):
            return f"the backend {name!r} takes `compas restart`: it is new in the config"
        known = ", ".join(sorted(self.backends)) or "none"
        return f"there is no backend {name!r} in this version of compas; it has: {known}"

    def worktree_files(self, instance: str) -> Path:
        """Return where the logs of a worktree's setup and teardown are."""
        return Path(self.config.state_dir) / "worktrees" / instance

    def moment(self) -> Moment:
        """Return the time of a decision, and where its new names come from."""
        return Moment(now=self.clock(), new_id=self.new_id, chance=self.chance())

    def rules(self) -> Rules:
        """Return what the config says now, prompts read (a-core 32)."""
        hashes = {
            alias: agent.prompt_hash(_prompt_text(agent.prompt_file)) for alias, agent in self.config.agents.items()
        }
        return Rules(
            agents=self.config.agents,
            trigger_intents=frozenset(self.config.trigger_intents),
            prompt_hashes=hashes,
        )


def _prompt_text(path: str | None) -> str | None:
    """Read a prompt file for its hash; one that is gone is reported when the agent starts, not here."""
    if path is None:
        return None
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
