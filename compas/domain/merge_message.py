"""What the commit of a merge says: the operator's template, filled in."""

import re
from collections.abc import Mapping

PLACES = ("thread", "summary", "source", "target", "strategy")
"""What a template may name in braces; anything else in braces is a slip."""

_PLACE = re.compile(r"\{([A-Za-z_]\w*)\}")


def unknown_places(template: str) -> tuple[str, ...]:
    """Return the names in braces that mean nothing, each once."""
    return tuple(dict.fromkeys(name for name in _PLACE.findall(template) if name not in PLACES))


def merge_message(
    template: str | None, *, thread: str, summary: str | None, source: str, target: str, strategy: str
) -> str:
    """Return the message of a merge: the template, else the thread's summary, else what is merged into what
    (b-mcp-cli-merge 87). The values are put in as they are: braces in a summary mean nothing."""
    verb = "Squash merge" if strategy == "squash" else "Merge"
    said = (summary or "").strip() or f"{verb} {source} into {target}"
    if template is None:
        return said
    values: Mapping[str, str] = {
        "thread": thread, "summary": said, "source": source, "target": target, "strategy": strategy
    }  # fmt: skip
    return _PLACE.sub(lambda found: values.get(found[1], found[0]), template).strip() or said


def thread_trailer(thread: str) -> str:
    """Return the line that says which thread a commit came from."""
    return f"Compas-Thread: {thread}"
