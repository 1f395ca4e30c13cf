"""The whole config file: its top level."""

from typing import Annotated, ClassVar

from compas.config.schema.agents import AgentDefaults, AgentEntry
from compas.config.schema.backends import BackendDefinition
from compas.config.schema.dashboard import Dashboard
from compas.config.schema.hooks import Hooks
from compas.config.schema.key import Effect, Key, Section
from compas.config.schema.notifications import Notifications
from compas.config.schema.orchestration import Orchestration
from compas.config.schema.planned import Budgets, Database, Model
from compas.config.schema.repositories import Repository
from compas.config.schema.retention import Retention
from compas.config.schema.schedules import Schedule
from compas.domain.specs import OnCrash, Requires, ToolSet

DEFAULT_STATE_DIR = "~/.compas/state"


class ConfigFile(Section, frozen=True, kw_only=True):
    """The config file: one YAML document. Relative paths start at the directory it is in."""

    REMOVED: ClassVar[dict[str, str]] = {
        "project_root": "write it as default_workdir",
        "db_path": "the database is compas.sqlite in state_dir and cannot be moved out of it",
    }

    default_workdir: Annotated[
        str,
        Key(
            doc="The directory agents work in unless they have a `workdir`, or the caller stands in another one of the "
            "`repositories`; it must exist.",
            path=True,
            aliases=("target_repo_root",),
        ),
    ]
    state_dir: Annotated[
        str | None,
        Key(
            doc="Where the database, logs and records are; COMPAS_STATE_DIR beats it.",
            path=True,
            default=f"`{DEFAULT_STATE_DIR}`",
            effect=Effect.RESTART,
            shapes="state_dir",
        ),
    ] = None
    worktree_dir: Annotated[
        str | None,
        Key(doc="Where worktrees are made.", path=True, default="`.compas-worktrees` in the repository's root"),
    ] = None
    on_crash: Annotated[
        OnCrash, Key(doc="What happens to an attempt that a crash of the machine or of compas ended.")
    ] = "resume"
    merge_requires: Annotated[
        Requires,
        Key(
            doc="What a merge needs: that nobody has asked for changes to it, or an approval of every reviewer or of "
            "a person."
        ),
    ] = "no_objection"
    tools: Annotated[
        ToolSet,
        Key(
            doc="The tools that editors are told of: those of the daily work, or every one, which costs each "
            "conversation more; the others work all the same. `compas mcp-server --tools` beats it."
        ),
    ] = "core"
    agent_defaults: Annotated[AgentDefaults | None, Key(doc="Values for agents that have none of their own.")] = None
    agents: Annotated[tuple[AgentEntry, ...], Key(doc="The agents; at least one.")]
    orchestration: Annotated[Orchestration, Key(doc="How much runs, for how long, and how work is merged.")] = (
        Orchestration()
    )
    backend_definitions: Annotated[
        tuple[BackendDefinition, ...],
        Key(doc="Agent CLIs that compas does not know by itself.", effect=Effect.RESTART, shapes="backends"),
    ] = ()
    repositories: Annotated[
        tuple[Repository, ...], Key(doc="How worktrees are made usable and merges are verified.")
    ] = ()
    retention: Annotated[Retention, Key(doc="How long things are kept.")] = Retention()
    dashboard: Annotated[Dashboard, Key(doc="What is yours in the dashboard.", shapes="dashboard_commands")] = (
        Dashboard()
    )
    budgets: Annotated[Budgets, Key(doc="What may be spent.", effect=Effect.LATER)] = Budgets()
    schedules: Annotated[tuple[Schedule, ...], Key(doc="Dispatches at set times.")] = ()
    hooks: Annotated[Hooks, Key(doc="Programs that are run when something has happened.")] = Hooks()
    notifications: Annotated[Notifications, Key(doc="What people are told of, and how.")] = Notifications()
    models: Annotated[
        tuple[str | Model, ...],
        Key(
            doc="A list of models, for people to read.",
            effect=Effect.NEVER,
            why="nothing reads the list; write the model that an agent works with as its `model`",
        ),
    ] = ()
    poll_interval_secs: Annotated[
        int,
        Key(
            doc="The original's polling interval.",
            ge=1,
            le=3600,
            effect=Effect.NEVER,
            why="compas does not poll, so there is no interval to set; leave it out",
        ),
    ] = 1
    database: Annotated[
        Database,
        Key(
            doc="The original's connection pool.",
            aliases=("apalis",),
            effect=Effect.NEVER,
            why="compas has one connection that writes and no pool to size; leave it out",
        ),
    ] = Database()
