"""What the commit of a merge says: the operator's text, what was squashed, and whose work it is."""

import re
from collections.abc import Sequence
from typing import Final

SUBJECTS: Final = 100
"""How many squashed subjects a message lists; it always says how many there were."""

_TRAILER: Final = re.compile(r"[A-Za-z0-9-]+: \S.*")


def compose_message(text: str, trailer: str, squashed: Sequence[str] = ()) -> str:
    """Compose a commit message. A text that ends in trailers of its own keeps them last, the new one behind them."""
    body, trailers = _parted(text.strip())
    if squashed:
        listed = [f"* {subject}" for subject in squashed[:SUBJECTS]]
        if len(squashed) > SUBJECTS:
            listed.append(f"* … and {len(squashed) - SUBJECTS} more")
        body.append("\n".join(listed))
    if trailer:
        trailers.append(trailer)
    return "\n\n".join([*body, "\n".join(trailers)] if trailers else body) + "\n"


def _parted(text: str) -> tuple[list[str], list[str]]:
    """Part a text into its paragraphs and the trailers at its end; the subject is never one."""
    head, separator, last = text.rpartition("\n\n")
    lines = last.split("\n")
    if separator and all(_TRAILER.fullmatch(line) for line in lines):
        return [head.rstrip("\n")], lines
    return [text], []
