"""Decides which submodules that a repository declares may be worked on: by their names and paths alone."""

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from compas.git.command import Git

DELETE: Final = 0x7F
_ABSENT: Final = b"unable to resolve config blob"
_QUESTION: Final = ("-z", "--get-regexp", r"^submodule\..*\.path$")


@dataclass(frozen=True, slots=True)
class Submodule:
    """One entry of .gitmodules: its name, and where it is in the checkout."""

    name: str
    path: str


@dataclass(frozen=True, slots=True)
class Declared:
    """What .gitmodules declares: what can be worked on, and a sentence for everything else, with the reason."""

    usable: tuple[Submodule, ...] = ()
    refused: tuple[str, ...] = ()


async def declared_submodules(git: Git) -> Declared:
    """Return what .gitmodules in HEAD declares. The file in the checkout is not read: anybody may have changed it."""
    output = await git.run("config", "--blob", "HEAD:.gitmodules", *_QUESTION, good=(0, 1, 128))
    if output.stderr.strip() and _ABSENT not in output.stderr:
        return Declared(refused=(f"the submodules are not checked out: .gitmodules cannot be read: {output.words}",))
    return judge(parse(output.stdout) if output.code == 0 else [])


def parse(listing: bytes) -> list[Submodule]:
    """Parse what `git config -z --get-regexp` prints of the paths of submodules."""
    found = []
    for entry in listing.split(b"\0"):
        key, _, path = entry.partition(b"\n")
        if key:
            name = os.fsdecode(key)[len("submodule.") : -len(".path")]
            found.append(Submodule(name, os.fsdecode(path)))
    return found


def judge(entries: Sequence[Submodule]) -> Declared:
    """Part entries into those that can be worked on and those that cannot (docs/decisions/0024).

    A name becomes part of a configuration key and of a directory in git's own, a path is handed to git: neither may
    mean anything else there. Two entries must not lay claim to one place.
    """
    names, paths = Counter(one.name for one in entries), Counter(one.path for one in entries)
    usable, refused = [], []
    for one in entries:
        fault = fault_of("name", one.name) or fault_of("path", one.path)
        if fault is None and (names[one.name] > 1 or paths[one.path] > 1):
            fault = "another entry has the same name or path"
        if fault is None:
            above = next((name for name in names if one.name.startswith(f"{name}/")), None)
            fault = None if above is None else f"its name lies inside that of the submodule {above!r}"
        if fault is None:
            usable.append(one)
        else:
            refused.append(
                f"the submodule {one.name!r} at {one.path!r} is not checked out: {fault}; correct .gitmodules"
            )
    return Declared(tuple(usable), tuple(refused))


def fault_of(what: str, text: str) -> str | None:
    """Say what is wrong with the name or path of a submodule; None when nothing is."""
    if not text:
        return f"it has no {what}"
    if any(ord(character) < ord(" ") or ord(character) == DELETE for character in text):
        return f"it has a newline or another control character in its {what}"
    if "=" in text and what == "name":
        return f"it has '=' in its {what}"
    if text[0] in "-/":
        return f"its {what} begins with {text[0]!r}"
    odd = next((part for part in text.split("/") if part in ("", ".", "..") or part.lower() == ".git"), None)
    return None if odd is None else f"it has {odd or '//'!r} in its {what}"
