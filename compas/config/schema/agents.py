"""The `agents` list, `agent_defaults` and `handoff`."""

from typing import Annotated, ClassVar, Literal

from compas.config.schema.key import Effect, Key, Section
from compas.domain.specs import CommitMode, OnCrash, Role, Workspace

_ROUTES = "list who gets the reply under on_response"

May = Literal["dispatch", "merge", "close", "abandon", "reopen", "cancel"]


class Handoff(Section, frozen=True, kw_only=True):
    """Who gets an agent's reply by itself."""

    LENIENT: ClassVar[bool] = True
    REMOVED: ClassVar[dict[str, str]] = {
        "on_review_request": _ROUTES,
        "on_escalation": _ROUTES,
        "on_changes_requested": _ROUTES,
    }

    on_response: Annotated[
        str | tuple[str, ...] | None,
        Key(
            doc="The agent that gets the reply, a list of agents, or `operator` to end the chain.",
            default="nobody",
        ),
    ] = None
    handoff_prompt: Annotated[str | None, Key(doc="Text put before the reply that is handed on.")] = None
    max_chain_depth: Annotated[int, Key(doc="How many handoffs a chain may have.", ge=1, le=20)] = 3
    until: Annotated[
        Literal["approved"] | None,
        Key(doc="What a reviewer has to answer for the chain to end early."),
    ] = None
    join: Annotated[str | None, Key(doc="The agent that gets all replies of a fan-out as one.")] = None


class AgentBudget(Section, frozen=True, kw_only=True):
    """What one execution of an agent may use."""

    usd: Annotated[float | None, Key(doc="US dollars.", ge=0)] = None
    minutes: Annotated[float | None, Key(doc="Minutes of running.", ge=0)] = None
    turns: Annotated[int | None, Key(doc="Turns of the agent.", ge=1)] = None


class AgentDefaults(Section, frozen=True, kw_only=True):
    """Values for every agent that has none of its own; `null` on an agent counts as absent and takes the default."""

    REMOVED: ClassVar[dict[str, str]] = {
        "alias": "every agent has its own; set it under agents",
        "role": "it is not inherited; set it under agents",
    }

    backend: Annotated[
        str | None,
        Key(doc="What runs the agent: a built-in backend or one of `backend_definitions`.", form="nonblank"),
    ] = None
    safety_mode: Annotated[
        Literal["auto_approve"] | None,
        Key(doc="Acknowledges that the agent's CLI runs with its permission prompts off."),
    ] = None
    model: Annotated[str | None, Key(doc="The model, passed to the backend as it is.", default="the CLI's own")] = None
    prompt: Annotated[str | None, Key(doc="The agent's system prompt.")] = None
    prompt_file: Annotated[
        str | None,
        Key(doc="A file with the system prompt, read at each execution; beats `prompt` beside it.", path=True),
    ] = None
    timeout_secs: Annotated[
        int | None,
        Key(doc="Seconds after which an attempt is ended.", ge=1, default="`execution_timeout_secs`"),
    ] = None
    backend_args: Annotated[
        tuple[str, ...] | None,
        Key(
            doc="Further arguments for the CLI; an empty list overrides the default.",
            form="nonblank",
            default="none",
        ),
    ] = None
    env: Annotated[
        dict[str, str] | None,
        Key(doc="Environment variables of the agent, joined with those of the defaults.", form="variable"),
    ] = None
    workdir: Annotated[
        str | None,
        Key(
            doc="The directory the agent works in. Below a repository's root, the agent starts at the same place in "
            "its worktree.",
            path=True,
            default="`default_workdir`",
        ),
    ] = None
    workspace: Annotated[
        Workspace | None,
        Key(doc="`worktree`: a git worktree of the thread's own. `shared`: always the directory itself."),
    ] = None
    max_retries: Annotated[
        int | None, Key(doc="How often a failed attempt is repeated.", ge=0, le=1000, default="0")
    ] = None
    retry_backoff_secs: Annotated[
        int | None, Key(doc="Seconds before the first repetition; doubles each time.", ge=0, default="30")
    ] = None
    handoff: Annotated[Handoff | None, Key(doc="Who gets the reply by itself; replaces the default as a whole.")] = None
    commit: Annotated[
        CommitMode | None,
        Key(doc="`auto`: what the agent leaves uncommitted is committed for it.", default="agent"),
    ] = None
    may: Annotated[
        tuple[May, ...] | None,
        Key(doc="What calls from inside this agent may do, beside reading.", default="[dispatch]"),
    ] = None
    max_concurrent: Annotated[
        int | None,
        Key(doc="How many executions of this agent run at once.", ge=1, default="`max_triggers_per_agent`"),
    ] = None
    on_crash: Annotated[
        OnCrash | None,
        Key(
            doc="What happens to an attempt that a crash of the machine or of compas ended.",
            default="`on_crash`",
        ),
    ] = None
    env_pass: Annotated[
        tuple[str, ...] | None,
        Key(
            doc="Which variables of compas' own environment the agent gets; a trailing `*` stands for the rest.",
            form="variable",
            default="a safe list",
        ),
    ] = None


class AgentEntry(AgentDefaults, frozen=True, kw_only=True):
    """One agent."""

    REMOVED: ClassVar[dict[str, str]] = {
        "models": "an agent has one; write it as model",
        "preferred_models": "an agent has one; write it as model",
    }

    alias: Annotated[str, Key(doc="The agent's name; unique, also when case is ignored.", form="alias")]
    role: Annotated[Role, Key(doc="An `operator` agent stands for a person and is never started.")] = "worker"
    script: Annotated[str | None, Key(doc="The transcript to play; only for the backend `scripted`.", path=True)] = None
    fallback: Annotated[
        str | None,
        Key(doc="The agent that takes over while this one's backend is parked.", effect=Effect.LATER),
    ] = None
    budget: Annotated[AgentBudget | None, Key(doc="What one execution may use.", effect=Effect.LATER)] = None
