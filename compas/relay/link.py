"""What relay and gateway say to each other over their socket, beside the messages that the relay brings.

The relay begins with one line of JSON about itself and its editor. Then each line it brings is a message with its issue
before it: a request's name, which stays the same when it is brought again, and how many seconds ago it came first. The
gateway answers in bare messages, and in notices, which begin with a byte that no message begins with.
"""

import json
from collections.abc import Mapping
from typing import NamedTuple

from compas.relay.tool_list import ToolSet, tool_set

PROTOCOL = 1
"""A supervisor may be newer than a relay, which runs as long as its editor."""

NOTICE = b"!"
READY = b"!ready"
"""The gateway has taken this relay in: only from here on can it be blamed for the loss of a request."""
TOOLS_CHANGED = b"!tools"
"""The list of tools may be another one now."""
_REFUSED = b"!refused "
_UNREADABLE = b"!unreadable "

NAMELESS = "-"
"""The issue of a message that is not answered."""

LONGEST_ANSWER_BYTES = 64 * 1024 * 1024


class Introduction(NamedTuple):
    """Who a relay speaks for: `meta` says inside which execution it runs, `cwd` where its editor started it.

    `tools` is the set that its editor is told of, where it was started for one; `is_attended` says whether a person may
    be at the editor. `origin` names this editor's connection, empty where an older relay does not say it;
    `named` are the places that its command line and environment name.
    """

    cwd: str
    meta: Mapping[str, str]
    protocol: int = PROTOCOL
    tools: ToolSet | None = None
    is_attended: bool = True
    origin: str = ""
    named: Mapping[str, str] = {}


def introduction_line(introduction: Introduction) -> bytes:
    """Return the first line of a relay."""
    return json.dumps(
        {**introduction._asdict(), "meta": dict(introduction.meta), "named": dict(introduction.named)}
    ).encode()


def read_introduction(line: bytes) -> Introduction | None:
    """Return who a relay speaks for, or None when the line does not say it."""
    try:
        found = json.loads(line)
        return Introduction(
            cwd=str(found["cwd"]),
            meta=dict(found["meta"]),
            protocol=int(found["protocol"]),
            tools=tool_set(found.get("tools")),
            is_attended=found.get("is_attended", True) is not False,
            origin=str(found.get("origin", "")),
            named={str(name): str(value) for name, value in found.get("named", {}).items()},
        )
    except (ValueError, TypeError, KeyError, AttributeError):
        return None


class Issue(NamedTuple):
    """What a relay says of a message that it brings: its `name`, and how many seconds ago it came first."""

    name: str
    seconds: int


def issued(issue: Issue, message: bytes) -> bytes:
    """Return a message as a relay brings it."""
    return f"{issue.name} {issue.seconds} ".encode() + message


def read_issued(line: bytes) -> tuple[Issue, bytes]:
    """Return the issue of a message, and the message. Raises ValueError."""
    name, seconds, message = line.split(b" ", 2)
    return Issue(name.decode(), int(seconds)), message


def refused(sentence: str) -> bytes:
    """Return the notice that this relay is not served, and why."""
    return _REFUSED + " ".join(sentence.split()).encode()


def unreadable(issue: Issue) -> bytes:
    """Return the notice that a message could not be read."""
    return _UNREADABLE + issue.name.encode()


def reason_of_refusal(notice: bytes) -> str | None:
    """Return why the gateway does not serve this relay, if that is what it says."""
    return notice.removeprefix(_REFUSED).decode() if notice.startswith(_REFUSED) else None


def name_of_unreadable(notice: bytes) -> str | None:
    """Return the name of the message that the gateway could not read, if that is what it says."""
    return notice.removeprefix(_UNREADABLE).decode() if notice.startswith(_UNREADABLE) else None
