"""How a client brings variables of its shell along with a request; imports the standard library alone.

The supervisor's welcome names those that its agents can use. An operator's client sends them beside the requests that
start or look at agents, and no other. They stand beside the arguments: what keeps a request does not keep them.
"""

import json
from collections.abc import Mapping

WANTED = "variables"
"""In the welcome: the names, separated by blanks, a trailing `*` standing for the rest of a name."""
BROUGHT = "variables"
"""Beside a request: an object of JSON."""
ONLY_MISSING = "variables_only_missing"
"""Beside a request, of a client that runs for long: its variables may be older than those of the supervisor."""

OPERATIONS = frozenset(
    {"dispatch", "health", "merge", "merge_cancel", "reopen", "request_changes", "schedule_run", "schedule_resume"}
)
"""What starts agents or looks at them."""

LARGEST = 128 * 1024
"""Characters of all that a client brings."""


def brought_along(op: str, welcome: Mapping[str, str], environ: Mapping[str, str]) -> dict[str, str]:
    """Return what a client says beside a request for `op`: the variables that the supervisor has asked for."""
    names = welcome.get(WANTED, "").split()
    if not names or op not in OPERATIONS:
        return {}
    exact = {name for name in names if not name.endswith("*")}
    beginnings = tuple(name[:-1] for name in names if name.endswith("*"))
    asked_for = ((name, value) for name, value in environ.items() if name in exact or name.startswith(beginnings))
    found = {name: value for name, value in asked_for if _can_be_set(name, value)}
    return {BROUGHT: json.dumps(found)} if found else {}


def read_brought(meta: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that stand beside a request; none where they are not what they should be."""
    text = meta.get(BROUGHT, "")
    if not text or len(text) > LARGEST:
        return {}
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(found, dict):
        return {}
    return {name: value for name, value in found.items() if isinstance(value, str) and _can_be_set(name, value)}


def _can_be_set(name: str, value: str) -> bool:
    """Say whether a program can be given this variable."""
    try:
        f"{name}{value}".encode()
    except UnicodeEncodeError:
        return False
    return bool(name) and "=" not in name and "\0" not in name and "\0" not in value
