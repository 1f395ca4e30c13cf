"""Operations that look at messages without waiting: `poll` and `read`."""

from typing import Annotated

import msgspec
from msgspec import Meta

from compas.api.operation import Operation, Request
from compas.api.parameters import ThreadName

Since = Annotated[str, Meta(description="only messages after this one (db:<n> or <n>)")]


class PollRequest(Request, frozen=True, kw_only=True):
    """Which messages to look for."""

    thread_id: ThreadName
    intent: Annotated[str | None, Meta(description="only messages with exactly this intent")] = None
    since_reference: Since | None = None
    limit: Annotated[int, Meta(ge=1, le=1000, description="messages to list at most, the oldest first")] = 20


class PolledMessage(msgspec.Struct, frozen=True, kw_only=True):
    """A message with the beginning of its body."""

    id: int
    reference: str
    sender: str = msgspec.field(name="from")
    to: str
    intent: str
    body_preview: str
    created_at: float


class PollResponse(msgspec.Struct, frozen=True, kw_only=True):
    """What is there now. `matched_messages` counts all that match, `messages` has the oldest of them.

    `latest_*` are of the newest match, and None when there is none; `execution_status` is of the thread's newest
    execution. Without an intent and without a starting point, tasks for agents are no messages (b-mcp-cli-merge 53).
    """

    thread_id: str
    thread_status: str
    summary: str | None
    matched_messages: int
    latest_message_id: int | None
    latest_message_ref: str | None
    latest_intent: str | None
    latest_body_preview: str | None
    execution_status: str | None
    messages: tuple[PolledMessage, ...]
    more: bool


POLL = Operation(
    name="poll",
    request=PollRequest,
    response=PollResponse,
    doc="Look for new messages in a thread, without waiting.",
    kind="read",
    positional=("thread_id",),
    flags={"since_reference": "--since"},
    details="Bodies are shown by their beginning; `read` shows them whole. To wait for an answer use `wait`.",
)


class ReadRequest(Request, frozen=True, kw_only=True):
    """Which messages to read: one, or those of a thread."""

    reference: Annotated[str | None, Meta(description="the message to read (db:<n> or <n>)")] = None
    thread_id: Annotated[str | None, Meta(description="read the messages of this thread instead")] = None
    since_reference: Since | None = None
    limit: Annotated[int, Meta(ge=1, le=1000, description="messages of a thread to read at most")] = 20


class WholeMessage(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A message with all of its body. `execution_id` is the run that wrote it."""

    id: int
    reference: str
    thread_id: str
    sender: str = msgspec.field(name="from")
    to: str
    intent: str
    body: str
    created_at: float
    execution_id: str | None = None


class ReadResponse(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The one message that was asked for, or `messages` of a thread, the oldest first.

    With `more`, the next ones are read with `since_reference` set to `next_reference`.
    """

    id: int | None = None
    reference: str | None = None
    thread_id: str | None = None
    sender: str | None = msgspec.field(name="from", default=None)
    to: str | None = None
    intent: str | None = None
    body: str | None = None
    created_at: float | None = None
    execution_id: str | None = None
    messages: tuple[WholeMessage, ...] = ()
    next_reference: str | None = None
    more: bool = False


READ = Operation(
    name="read",
    request=ReadRequest,
    response=ReadResponse,
    doc="Read a message whole, or the messages of a thread.",
    kind="read",
    positional=("reference",),
    flags={"thread_id": "--thread", "since_reference": "--since"},
)
