"""The tools: which operations a model may ask for, under which names, and what it is told of each."""

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from compas.api.catalogue import BY_NAME as OPERATIONS
from compas.api.operation import Operation
from compas.api.waiting import LONGEST_TIMEOUT_SECS
from compas.gateway import answers

MOST_EVENTS = 500
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


class LogPart(msgspec.Struct, frozen=True, kw_only=True):
    """How much of an execution's output a model gets at a time."""

    limit: Annotated[int, Meta(ge=1, description=f"lines at most, up to {MOST_LOG_LINES}")] = 200
    tail: Annotated[bool, Meta(description="the last lines; offset does not count then")] = False


class Tool(msgspec.Struct, frozen=True, kw_only=True):
    """One tool: an operation as a model sees it.

    `hidden` are request fields that the tool does not offer, `beside` declares parameters of its own, `answer`
    replaces the operation's response. `destructive` and `idempotent` are the hints a client is given.
    """

    name: str
    operation: Operation[Any, Any]
    doc: str
    hidden: tuple[str, ...] = ()
    beside: type[msgspec.Struct] | None = None
    answer: type[msgspec.Struct] | None = None
    destructive: bool = False
    idempotent: bool = False

    @property
    def answer_type(self) -> type[msgspec.Struct]:
        """What the tool answers with."""
        response: type[msgspec.Struct] = self.answer or self.operation.response
        return response

    @property
    def is_read_only(self) -> bool:
        """Whether nothing is changed by a call."""
        return self.operation.kind != "write"


TOOLS: tuple[Tool, ...] = (
    Tool(
        name="orch_dispatch",
        operation=OPERATIONS["dispatch"],
        doc="Give an agent a task, in a new thread or, with thread_id, an existing one. It works alone in a git "
        "worktree and sees only `body`: say all it needs. Returns at once; then call orch_wait as next_step says, or "
        "pass wait=true to get the answer from this call.",
        beside=WaitAsWell,
        answer=answers.DispatchAnswer,
    ),
    Tool(
        name="orch_wait",
        operation=OPERATIONS["wait"],
        doc="Block until a thread has an answer, or none will come; returns the whole message. Pass since_reference "
        "from orch_dispatch, and await_chain=true where agents hand on. found=false with reason=timeout: call it again "
        "with the same arguments. Any other reason: nothing will come; see orch_why.",
        hidden=("after", "timeout_secs"),
        beside=WaitLimit,
        answer=answers.WaitAnswer,
    ),
    Tool(
        name="orch_status",
        operation=OPERATIONS["status"],
        doc="List threads with their newest execution, the newest first. To wait for an answer use orch_wait instead.",
    ),
    Tool(
        name="orch_transcript",
        operation=OPERATIONS["transcript"],
        doc="Read all messages and executions of a thread.",
    ),
    Tool(
        name="orch_poll",
        operation=OPERATIONS["poll"],
        doc="Look for messages of a thread now, by their beginnings. To wait for an answer use orch_wait.",
    ),
    Tool(
        name="orch_read",
        operation=OPERATIONS["read"],
        doc="Read one message whole, or the messages of a thread after since_reference.",
    ),
    Tool(
        name="orch_diff",
        operation=OPERATIONS["diff"],
        doc="Show what a thread's work changes against where it began. Read it before you propose a merge. A long "
        "patch is cut (truncated=true); stat=true lists the files only.",
    ),
    Tool(
        name="orch_commit",
        operation=OPERATIONS["commit"],
        doc="Commit everything in a thread's worktree, where its agent has left changes. Only between executions.",
        idempotent=True,
    ),
    Tool(
        name="orch_approve",
        operation=OPERATIONS["approve"],
        doc="Record that the operator approves a thread's work. Only on the operator's word.",
        hidden=("note",),
        idempotent=True,
    ),
    Tool(
        name="orch_request_changes",
        operation=OPERATIONS["request_changes"],
        doc="Record that the operator wants changes, and give them to the thread's agent. Only on the operator's word; "
        "for remarks of your own use orch_dispatch.",
    ),
    Tool(
        name="orch_merge",
        operation=OPERATIONS["merge"],
        doc="Queue the merge of a thread's branch into its target. Ask the operator before; call orch_wait_merge with "
        "the op_id after.",
    ),
    Tool(
        name="orch_wait_merge",
        operation=OPERATIONS["wait_merge"],
        doc="Block until a merge is over and say how it ended, conflicts by file. found=false: call it again. "
        "Completed: call orch_close.",
    ),
    Tool(
        name="orch_merge_status",
        operation=OPERATIONS["merge_status"],
        doc="Show one merge, or the newest ones, with why it failed and what to do. To wait for one use "
        "orch_wait_merge instead.",
    ),
    Tool(
        name="orch_merge_cancel",
        operation=OPERATIONS["merge_cancel"],
        doc="Withdraw a merge that has not been published yet.",
        idempotent=True,
    ),
    Tool(
        name="orch_close",
        operation=OPERATIONS["close"],
        doc="End a thread: completed when its work is merged or it has none, failed otherwise. With merge={} its "
        "branch is merged first; ask the operator before, and call orch_wait_merge with merge_op_id after.",
        idempotent=True,
    ),
    Tool(
        name="orch_abandon",
        operation=OPERATIONS["abandon"],
        doc="Give a thread up: end what runs in it, start nothing more. Its commits are kept. Ask the operator before.",
        destructive=True,
        idempotent=True,
    ),
    Tool(
        name="orch_worktrees",
        operation=OPERATIONS["worktrees"],
        doc="List the worktrees of threads, with what in each is not committed or not merged.",
        hidden=("sizes",),
    ),
    Tool(
        name="orch_worktree_remove",
        operation=OPERATIONS["worktree_remove"],
        doc="Remove a thread's worktree where nothing is lost by it; unmerged commits are archived. Ask the operator "
        "before.",
        hidden=("force",),
        destructive=True,
        idempotent=True,
    ),
    Tool(
        name="orch_verdict",
        operation=OPERATIONS["verdict"],
        doc="For a reviewer at work: say whether the work it was given is good.",
    ),
    Tool(
        name="orch_reopen",
        operation=OPERATIONS["reopen"],
        doc="Make a thread that has ended active again. Starts nothing; orch_dispatch reopens by itself.",
    ),
    Tool(
        name="orch_batch_status",
        operation=OPERATIONS["batch_status"],
        doc="Show how the threads of a batch stand: counts of all, and a list.",
    ),
    Tool(
        name="orch_abandon_batch",
        operation=OPERATIONS["abandon_batch"],
        doc="Give up every thread of a batch that has not ended, and end what runs in them. Ask the operator before.",
        destructive=True,
        idempotent=True,
    ),
    Tool(
        name="orch_why",
        operation=OPERATIONS["why"],
        doc="Explain where a thread stands, how it came to that, and what to do next. For threads that failed or seem "
        "stuck.",
    ),
    Tool(
        name="orch_diagnose",
        operation=OPERATIONS["diagnose"],
        doc="Say what keeps a thread from going on, and what to do about it.",
    ),
    Tool(
        name="orch_session_info",
        operation=OPERATIONS["session_info"],
        doc="Name the CLI conversations of a thread's agents, with the commands by which the operator resumes them.",
    ),
    Tool(
        name="orch_read_log",
        operation=OPERATIONS["log"],
        doc="Read what an agent printed, from byte `offset` on, or its last lines. Go on with offset=next_offset.",
        hidden=("tail", "limit", "follow"),
        beside=LogPart,
        answer=answers.LogAnswer,
    ),
    Tool(
        name="orch_events",
        operation=OPERATIONS["events"],
        doc="Read the event log, the oldest first, of all or of one thread. Go on with after=next_after. orch_why "
        "tells it in words.",
        hidden=("limit", "follow"),
        beside=EventsPage,
        answer=answers.EventsAnswer,
    ),
    Tool(
        name="orch_execution_events",
        operation=OPERATIONS["execution_events"],
        doc="Show what an agent was seen doing: tool calls and results, messages, requests sent again. Go on with "
        "after=next_after.",
        hidden=("limit", "follow"),
        beside=EventsPage,
        answer=answers.ActivityAnswer,
    ),
    Tool(
        name="orch_tasks",
        operation=OPERATIONS["tasks"],
        doc="List executions, the newest of each thread, or with every=true all. Go on with after=next_after.",
    ),
    Tool(
        name="orch_list_agents",
        operation=OPERATIONS["list_agents"],
        doc="List the agents you can dispatch to, how busy they are, and who gets their replies.",
    ),
    Tool(
        name="orch_metrics",
        operation=OPERATIONS["metrics"],
        doc="Sum up what is queued, running and done, per agent and backend: durations, costs, retries.",
    ),
    Tool(
        name="orch_tool_stats",
        operation=OPERATIONS["tool_stats"],
        doc="Count which tools agents called, how often that failed, and what agents cost.",
    ),
    Tool(
        name="orch_health",
        operation=OPERATIONS["health"],
        doc="Show how the supervisor is, and which agents can be started. ping=true also asks their models for one "
        "word, which costs money: only where the operator wants to know.",
        hidden=("is_brief",),
    ),
)

BY_NAME: dict[str, Tool] = {tool.name: tool for tool in TOOLS}
BY_OPERATION: dict[str, Tool] = {tool.operation.name: tool for tool in TOOLS}
