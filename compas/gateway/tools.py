"""The tools: which operations a model may ask for, under which names, and what it is told of each."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from compas.api.catalogue import BY_NAME as OPERATIONS
from compas.api.waiting import LONGEST_TIMEOUT_SECS
from compas.gateway import answers
from compas.gateway.tool import Tool

MOST_EVENTS = 500
MOST_SEEN = 1000
MOST_LOG_LINES = 1000

Seconds = Annotated[
    int, Meta(ge=0, le=LONGEST_TIMEOUT_SECS, description="seconds to wait at most; the longest wait by default")
]


class WaitAsWell(msgspec.Struct, frozen=True, kw_only=True):
    """What `orch_dispatch` takes beside the operation's request."""

    wait: Annotated[bool, Meta(description="wait for the answer too, of the whole chain")] = False
    timeout_secs: Seconds | None = None


class WaitLimit(msgspec.Struct, frozen=True, kw_only=True):
    """How long `orch_wait` waits: None is the ceiling, which comes from the config."""

    timeout_secs: Seconds | None = None


class EventsPage(msgspec.Struct, frozen=True, kw_only=True):
    """How many events a model gets at a time."""

    limit: Annotated[int, Meta(ge=1, description=f"events at most, up to {MOST_EVENTS}")] = 50


class SeenPage(msgspec.Struct, frozen=True, kw_only=True):
    """How much of what an agent was seen doing a model gets at a time."""

    limit: Annotated[int, Meta(ge=1, description=f"events at most, up to {MOST_SEEN}")] = 100


class LogPart(msgspec.Struct, frozen=True, kw_only=True):
    """How much of an execution's output a model gets at a time, and what its offset counts."""

    limit: Annotated[int, Meta(ge=1, description=f"lines at most, up to {MOST_LOG_LINES}")] = 200
    tail: Annotated[bool, Meta(description="the last lines instead")] = False
    unit: Annotated[Literal["lines", "bytes"], Meta(description="what offset counts")] = "lines"


TOOLS: tuple[Tool, ...] = (
    Tool(
        name="orch_dispatch",
        title="Dispatch a task",
        is_core=True,
        operation=OPERATIONS["dispatch"],
        doc="Give an agent a task, in a new thread or, with thread_id, an existing one. It works alone in a git "
        "worktree and sees only `body`: say all it needs. Returns at once; then call orch_wait as next_step says, or "
        "pass wait=true to get the answer from this call.",
        beside=WaitAsWell,
        answer=answers.DispatchAnswer,
    ),
    Tool(
        name="orch_wait",
        title="Wait for an answer",
        is_core=True,
        operation=OPERATIONS["wait"],
        doc="Block until a thread has an answer, or none will come; returns the whole message. Pass since_reference "
        "from orch_dispatch, and await_chain=true where agents hand on. found=false with reason=timeout: call it again "
        "with the same arguments. Any other reason: nothing will come; see orch_why.",
        hidden=("after", "timeout_secs", "progress"),
        beside=WaitLimit,
        answer=answers.WaitAnswer,
    ),
    Tool(
        name="orch_status",
        title="List threads",
        is_core=True,
        operation=OPERATIONS["status"],
        doc="List threads, newest first; go on with after=next_after. To wait use orch_wait.",
        hidden=("details", "diffs", "open_first", "text"),
    ),
    Tool(
        name="orch_transcript",
        title="Read a thread",
        is_core=True,
        operation=OPERATIONS["transcript"],
        doc="Read a thread's messages and executions. With `limit`, go on with before=earlier_before.",
    ),
    Tool(
        name="orch_poll",
        title="Look for messages",
        operation=OPERATIONS["poll"],
        doc="Look for messages of a thread now, by their beginnings. To wait for an answer use orch_wait.",
    ),
    Tool(
        name="orch_read",
        title="Read messages",
        is_core=True,
        operation=OPERATIONS["read"],
        doc="Read one message whole, or the messages of a thread after since_reference.",
    ),
    Tool(
        name="orch_diff",
        title="Show a diff",
        is_core=True,
        operation=OPERATIONS["diff"],
        doc="Show what a thread's work changes against where it began. Read it before you propose a merge. A long "
        "patch is cut (truncated=true); stat=true lists the files only.",
    ),
    Tool(
        name="orch_commit",
        title="Commit a worktree",
        operation=OPERATIONS["commit"],
        doc="Commit everything in a thread's worktree, where its agent has left changes. Only between executions.",
        idempotent=True,
    ),
    Tool(
        name="orch_approve",
        title="Approve work",
        operation=OPERATIONS["approve"],
        doc="Record that the operator approves a thread's work. Only on the operator's word.",
        hidden=("note",),
        idempotent=True,
    ),
    Tool(
        name="orch_request_changes",
        title="Request changes",
        operation=OPERATIONS["request_changes"],
        doc="Record that the operator wants changes, and give them to the thread's agent. Only on the operator's word; "
        "for remarks of your own use orch_dispatch.",
    ),
    Tool(
        name="orch_merge",
        title="Merge a thread",
        is_core=True,
        operation=OPERATIONS["merge"],
        doc="Queue the merge of a thread's branch into its target. Ask the operator before; call orch_wait_merge with "
        "the op_id after.",
    ),
    Tool(
        name="orch_wait_merge",
        title="Wait for a merge",
        is_core=True,
        operation=OPERATIONS["wait_merge"],
        doc="Block until a merge is over and say how it ended, conflicts by file. found=false: call it again. "
        "Completed: call orch_close.",
    ),
    Tool(
        name="orch_merge_status",
        title="List merges",
        operation=OPERATIONS["merge_status"],
        doc="Show one merge, or the newest ones, with why it failed and what to do. To wait for one use "
        "orch_wait_merge instead.",
        answer=answers.MergeStatusAnswer,
    ),
    Tool(
        name="orch_merge_cancel",
        title="Withdraw a merge",
        operation=OPERATIONS["merge_cancel"],
        doc="Withdraw a merge that has not been published yet.",
        idempotent=True,
    ),
    Tool(
        name="orch_close",
        title="Close a thread",
        is_core=True,
        operation=OPERATIONS["close"],
        doc="End a thread: completed when its work is merged or it has none, failed otherwise. With merge={} its "
        "branch is merged first; ask the operator before, and call orch_wait_merge with merge_op_id after.",
        idempotent=True,
    ),
    Tool(
        name="orch_abandon",
        title="Abandon a thread",
        is_core=True,
        operation=OPERATIONS["abandon"],
        doc="Give a thread up: end what runs in it, start nothing more. Its commits are kept. Ask the operator before.",
        destructive=True,
        idempotent=True,
    ),
    Tool(
        name="orch_worktrees",
        title="List worktrees",
        operation=OPERATIONS["worktrees"],
        doc="List threads' worktrees, with what is not committed or merged.",
        hidden=("sizes",),
    ),
    Tool(
        name="orch_worktree_remove",
        title="Remove a worktree",
        operation=OPERATIONS["worktree_remove"],
        doc="Remove a thread's worktree; unmerged commits are archived. Ask the operator before.",
        hidden=("force",),
        destructive=True,
        idempotent=True,
    ),
    Tool(
        name="orch_verdict",
        title="Give a verdict",
        operation=OPERATIONS["verdict"],
        doc="For a reviewer at work: say whether the work it was given is good.",
    ),
    Tool(
        name="orch_reopen",
        title="Reopen a thread",
        operation=OPERATIONS["reopen"],
        doc="Reopen a thread that has ended. Starts nothing; orch_dispatch reopens by itself.",
    ),
    Tool(
        name="orch_batch_status",
        title="Show a batch",
        operation=OPERATIONS["batch_status"],
        doc="Show how the threads of a batch stand: counts of all, and a list.",
        hidden=("details",),
    ),
    Tool(
        name="orch_abandon_batch",
        title="Abandon a batch",
        operation=OPERATIONS["abandon_batch"],
        doc="Give up every thread of a batch that has not ended, and end what runs in them. Ask the operator before.",
        destructive=True,
        idempotent=True,
    ),
    Tool(
        name="orch_why",
        title="Explain a thread",
        is_core=True,
        operation=OPERATIONS["why"],
        doc="Explain where a thread stands, how it came to that, and what to do next. For threads that failed or seem "
        "stuck.",
    ),
    Tool(
        name="orch_diagnose",
        title="Diagnose a thread",
        operation=OPERATIONS["diagnose"],
        doc="Say what keeps a thread from going on, and what to do about it.",
    ),
    Tool(
        name="orch_session_info",
        title="List CLI sessions",
        operation=OPERATIONS["session_info"],
        doc="Name the CLI conversations of a thread's agents, with the commands by which the operator resumes them.",
    ),
    Tool(
        name="orch_read_log",
        title="Read a log",
        is_core=True,
        operation=OPERATIONS["log"],
        doc="Read what an agent printed, from line `offset` on, or its last lines. Go on with offset=next_offset.",
        hidden=("unit", "tail", "limit", "follow"),
        beside=LogPart,
        answer=answers.LogAnswer,
    ),
    Tool(
        name="orch_events",
        title="Read the event log",
        operation=OPERATIONS["events"],
        doc="Read the event log, the oldest first, of all or of one thread. Go on with after=next_after. orch_why "
        "tells it in words.",
        hidden=("limit", "follow"),
        beside=EventsPage,
        answer=answers.EventsAnswer,
    ),
    Tool(
        name="orch_execution_events",
        title="Show an agent's activity",
        operation=OPERATIONS["execution_events"],
        doc="Show what an agent did: tool calls, results, messages. Go on with after=next_after.",
        hidden=("which", "limit", "follow"),
        beside=SeenPage,
        answer=answers.ActivityAnswer,
    ),
    Tool(
        name="orch_tasks",
        title="List executions",
        operation=OPERATIONS["tasks"],
        doc="List executions, the newest of each thread, or with every=true all. Go on with after=next_after.",
        hidden=("text",),
    ),
    Tool(
        name="orch_schedules",
        title="List schedules",
        operation=OPERATIONS["schedules"],
        doc="List the schedules: when each dispatches next, and how its last run ended.",
    ),
    Tool(
        name="orch_list_agents",
        title="List agents",
        is_core=True,
        operation=OPERATIONS["list_agents"],
        doc="List the agents you can dispatch to, how busy they are, and who gets their replies.",
    ),
    Tool(
        name="orch_metrics",
        title="Show metrics",
        operation=OPERATIONS["metrics"],
        doc="Sum up what is queued, running and done, per agent and backend: durations, costs, retries.",
    ),
    Tool(
        name="orch_tool_stats",
        title="Count tool calls",
        operation=OPERATIONS["tool_stats"],
        doc="Count which tools agents called, how often that failed, and what agents cost.",
    ),
    Tool(
        name="orch_hooks",
        title="List hooks",
        operation=OPERATIONS["hooks"],
        doc="List the operator's hooks and notifications, and how the last ones ended.",
    ),
    Tool(
        name="orch_health",
        title="Check health",
        operation=OPERATIONS["health"],
        doc="Show how the supervisor is, and which agents can start. ping=true also asks their models for one "
        "word, which costs money: only where the operator wants to know.",
        hidden=("is_brief",),
        open_world=True,
    ),
)

BY_NAME: dict[str, Tool] = {tool.name: tool for tool in TOOLS}
BY_OPERATION: dict[str, Tool] = {tool.operation.name: tool for tool in TOOLS}
