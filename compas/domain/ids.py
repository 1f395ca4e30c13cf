"""Names of things: how they are made, and which ones a caller may use; a rule says what is wrong with one."""

import os
import re

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_THREAD_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_MADE_ID = re.compile(r"[A-Za-z0-9]{1,64}")
_REQUEST_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
_REFERENCE = re.compile(r"(?:db:)?([1-9][0-9]{0,17}|0)", re.ASCII)

THREAD_ID_FORM = (
    "1 to 64 letters, digits, '.', '_' or '-', beginning with a letter or digit but not with 'merge-', "
    "without '..', not ending in '.' or '.lock'"
)
LONGEST_LABEL = 200
LONGEST_PATH_BYTES = 4096
"""What Linux takes."""
_SHOWN = 60


def new_ulid(now: float, randomness: bytes | None = None) -> str:
    """Make a ULID: 26 characters that sort by `now` (UTC seconds), then by 80 random bits."""
    tail = int.from_bytes(os.urandom(10) if randomness is None else randomness[:10], "big")
    number = (int(now * 1000) << 80) | tail
    return "".join(_CROCKFORD[(number >> shift) & 31] for shift in range(125, -1, -5))


def shown(text: str) -> str:
    """Quote a text that somebody sent, so that it can stand in a sentence: on one line, and cut where it is long."""
    return repr(text) if len(text) <= _SHOWN else f"{text[:_SHOWN]!r}… ({len(text)} characters)"


def thread_id_problem(text: str) -> str | None:
    """Say what keeps `text` from being a thread id, or None.

    A thread id becomes a directory and a branch name, so only a short safe alphabet is allowed
    (b-mcp-cli-merge 19). Some file systems ignore case, so the reserved forms do too.
    """
    folded = text[:LONGEST_LABEL].lower()
    unsafe = ".." in folded or folded.startswith("merge-") or folded.endswith((".", ".lock"))
    if unsafe or not _THREAD_ID.fullmatch(text):
        return f"{shown(text)} cannot be a thread id: use {THREAD_ID_FORM}"
    return None


def made_id_problem(text: str) -> str | None:
    """Say what keeps `text` from being an id that compas made, of an execution or a merge, or None."""
    if not _MADE_ID.fullmatch(text):
        return f"{shown(text)} is no id: it has 1 to 64 letters and digits, as compas showed it"
    return None


def request_id_problem(text: str) -> str | None:
    """Say what keeps `text` from being a client's name of a request, or None.

    Names with ':' or '/' are those of requests that compas makes itself.
    """
    if not _REQUEST_ID.fullmatch(text):
        form = "1 to 128 letters, digits, '.', '_' or '-', beginning with a letter or digit"
        return f"{shown(text)} cannot be a request id: use {form}"
    return None


def label_problem(text: str) -> str | None:
    """Say what keeps `text` from being a short name of something, on one line, or None.

    Agents, batches, intents and senders are named so. An empty one names nothing, which is no harm.
    """
    if len(text) > LONGEST_LABEL:
        return f"{shown(text)} is too long for a name: use at most {LONGEST_LABEL} characters"
    if not text.isprintable():
        return f"{shown(text)} has characters that cannot be shown, such as line breaks: leave them out"
    return None


def path_problem(text: str) -> str | None:
    """Say what keeps `text` from being a path on this machine, or None. It begins at the root: nobody but the sender
    knows where it stands."""
    if "\0" in text:
        return f"{shown(text)} is no path: it has a NUL character in it"
    if not text.startswith("/"):
        return f"{shown(text)} is no path from the root: give the whole path, beginning with '/'"
    if len(text.encode(errors="replace")) > LONGEST_PATH_BYTES:
        return f"{shown(text)} is longer than a path can be ({LONGEST_PATH_BYTES} bytes)"
    return None


def repository_problem(text: str) -> str | None:
    """Say what keeps `text` from naming a repository, by a path from the root or by its name, or None."""
    if "/" in text or text in ("", ".", ".."):
        return path_problem(text)
    return label_problem(text)


def text_problem(text: str, longest: int) -> str | None:
    """Say what keeps `text` from being kept as it is, or None; it may have at most `longest` characters."""
    if len(text) > longest:
        return f"it has {len(text)} characters, more than {longest}: put the rest into a file, and name that"
    if "\0" in text:
        return "it has a NUL character in it, which no program can be given: leave it out"
    return None


def reference_problem(text: str) -> str | None:
    """Say what keeps `text` from being the number of a message, or None."""
    if parse_reference(text) is None:
        return f"{shown(text)} is no message reference; give db:<n> or <n>, as dispatch returned it"
    return None


def parse_reference(text: str) -> int | None:
    """Read a message number from `db:<n>` or `<n>`; None when it is neither (a-core 4)."""
    match = _REFERENCE.fullmatch(text)
    return int(match.group(1)) if match else None


def reference(number: int) -> str:
    """Write a message number the way it is shown: `db:<n>`."""
    return f"db:{number}"
