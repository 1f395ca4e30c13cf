"""Reads what `git merge-tree --write-tree -z` prints: the tree, the unmerged entries, git's messages."""

from collections.abc import Sequence
from dataclasses import dataclass

from compas.git.command import shown
from compas.git.protocol.merging import Conflict

_MARK = b"CONFLICT"


@dataclass(frozen=True, slots=True)
class Unmerged:
    """One side of an unmerged path: stage 1 is the common ancestor, 2 the target, 3 the source."""

    path: bytes
    stage: int
    mode: bytes
    blob: bytes


@dataclass(frozen=True, slots=True)
class Message:
    """What git says about some paths; `kind` is a fixed word or phrase, `text` is for people."""

    paths: tuple[bytes, ...]
    kind: bytes
    text: bytes


@dataclass(frozen=True, slots=True)
class MergedTree:
    """The outcome of a merge; `clean` says that nothing is left to decide, so that `tree` can be committed."""

    tree: str
    unmerged: tuple[Unmerged, ...]
    messages: tuple[Message, ...]
    clean: bool = False

    @property
    def says_conflict(self) -> bool:
        """Whether git speaks of a conflict, whatever it ended with."""
        return any(message.kind.startswith(_MARK) for message in self.messages)

    @property
    def text(self) -> str:
        """git's messages, one after the other."""
        return "".join(shown(message.text) for message in self.messages).strip()


def parse_merge_tree(printed: bytes) -> MergedTree:
    """Parse the whole output. Raises ValueError for what that format does not have.

    Behind it git prints advice about submodules that conflict, in sentences and without a NUL.
    """
    fields = printed.split(b"\0")
    advice = fields.pop()
    if not fields:
        raise ValueError(f"git merge-tree printed something without NUL: {printed[-80:]!r}")
    tree, rest = fields[0].decode("ascii"), fields[1:]
    end = rest.index(b"") if b"" in rest else len(rest)
    unmerged = tuple(parse_unmerged(rest[:end]))
    messages = _messages(rest[end + 1 :])
    if advice:
        messages.append(Message((), b"advice", advice))
    return MergedTree(tree, unmerged, tuple(messages))


def parse_unmerged(records: Sequence[bytes]) -> list[Unmerged]:
    """Parse `<mode> <object> <stage>\\t<path>` records, as `git ls-files --unmerged -z` prints them too."""
    found = []
    for record in records:
        about, _, path = record.partition(b"\t")
        mode, blob, stage = about.split(b" ")
        found.append(Unmerged(path, int(stage), mode, blob))
    return found


def _messages(fields: Sequence[bytes]) -> list[Message]:
    found, at = [], 0
    while at < len(fields):
        end = at + 1 + int(fields[at])
        found.append(Message(tuple(fields[at + 1 : end]), fields[end], fields[end + 1]))
        at = end + 2
    return found


def conflicts_of(merged: MergedTree) -> dict[bytes, Conflict]:
    """Return each conflicting path with its kind: git's own word where it says one, else what the stages show."""
    said: dict[bytes, str] = {}
    for message in merged.messages:
        if message.kind.startswith(_MARK):
            kind = shown(message.kind).removeprefix("CONFLICT").strip().strip("()")
            for path in message.paths:
                said.setdefault(path, kind)
    stages: dict[bytes, set[int]] = {}
    for entry in merged.unmerged:
        stages.setdefault(entry.path, set()).add(entry.stage)
    # A message may also name a path that was renamed away; it is a conflict only if nothing else is.
    paths = stages or {path: set() for path in said}
    return {path: Conflict(path=shown(path), kind=_kind(said.get(path), there)) for path, there in paths.items()}


def _kind(said: str | None, stages: set[int]) -> str:
    if said is None or said == "contents":
        return {
            frozenset({2, 3}): "add/add",
            frozenset({1, 2}): "modify/delete",
            frozenset({1, 3}): "modify/delete",
            frozenset({1}): "renamed away",
            frozenset({2}): "added by the target",
            frozenset({3}): "added by the source",
        }.get(frozenset(stages), said or "contents")
    return said
