"""Names of things: their types, how they are made, and which ones a caller may choose."""

import os
import re
from typing import NewType

ThreadId = NewType("ThreadId", str)
ExecutionId = NewType("ExecutionId", str)
MergeId = NewType("MergeId", str)
LineageId = NewType("LineageId", str)
RequestId = NewType("RequestId", str)

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_THREAD_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_REFERENCE = re.compile(r"(?:db:)?([1-9][0-9]{0,17}|0)", re.ASCII)

THREAD_ID_FORM = (
    "1 to 64 letters, digits, '.', '_' or '-', beginning with a letter or digit but not with 'merge-', "
    "without '..', not ending in '.' or '.lock'"
)


def new_ulid(now: float, randomness: bytes | None = None) -> str:
    """Make a ULID: 26 characters that sort by `now` (UTC seconds), then by 80 random bits."""
    tail = int.from_bytes(os.urandom(10) if randomness is None else randomness[:10], "big")
    number = (int(now * 1000) << 80) | tail
    return "".join(_CROCKFORD[(number >> shift) & 31] for shift in range(125, -1, -5))


def thread_id_problem(text: str) -> str | None:
    """Say what keeps `text` from being a thread id, or None.

    A thread id becomes a directory and a branch name, so only a short safe alphabet is allowed
    (b-mcp-cli-merge 19). Some file systems ignore case, so the reserved forms do too.
    """
    folded = text.lower()
    unsafe = ".." in text or folded.startswith("merge-") or folded.endswith((".", ".lock"))
    if unsafe or not _THREAD_ID.fullmatch(text):
        return f"{text!r} cannot be a thread id: use {THREAD_ID_FORM}"
    return None


def parse_reference(text: str) -> int | None:
    """Read a message number from `db:<n>` or `<n>`; None when it is neither (a-core 4)."""
    match = _REFERENCE.fullmatch(text)
    return int(match.group(1)) if match else None


def reference(number: int) -> str:
    """Write a message number the way it is shown: `db:<n>`."""
    return f"db:{number}"
