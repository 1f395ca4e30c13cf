"""Explains a conflict: which files, of what kind, and which commits of either side touched them."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

from compas.git.command import Git, shown
from compas.git.errors import GitError, GitFailed, GitRefused, GitTimedOut
from compas.git.merge.sides import Sides
from compas.git.merge.tree import MergedTree, conflicts_of
from compas.git.protocol.merging import Conflicts, Refused, SideCommit

COMMITS: Final = 20
FILES_ASKED: Final = 200
TEXT: Final = 20_000
HEAD: Final = "HEAD"
"""What git calls the target where it merges in a checkout."""


def refused_by(error: GitError) -> Refused:
    """Return, as a value, why nothing was changed."""
    match error:
        case GitRefused():
            files = tuple(filter(None, error.details.get("files", "").split("\0")))
            return Refused(code=error.code, sentence=error.message, files=files)
        case GitTimedOut():
            return Refused(code="timed_out", sentence=f"{error}; nothing was changed")
        case GitFailed():
            return Refused(code="git_failed", sentence=f"{error}; nothing was changed", output=error.output)
        case _:
            return Refused(code="git_failed", sentence=f"{error}; nothing was changed")


@dataclass(frozen=True, slots=True)
class Labels:
    """What people call the sides that git, merging by commit, calls by their object names."""

    names: Mapping[str, str]

    def in_text(self, text: str) -> str:
        """Return git's text with the names in it."""
        for commit, name in self.names.items():
            if commit != HEAD:  # a word that may mean something else in a sentence
                text = text.replace(commit, name)
        return text

    def in_path(self, path: str) -> str:
        """Where both sides want one name, git sets one side's file aside as `name~side`, slashes flattened."""
        for commit, name in self.names.items():
            path = path.replace(f"~{commit}", f"~{name.replace('/', '_')}")
        return path


async def explain(
    git: Git, sides: Sides, merged: MergedTree, labels: Labels | None = None, picked: SideCommit | None = None
) -> Conflicts:
    """Return the conflict for people, with both sides' commits (design §6 rule 7).

    `picked` is the commit of the source that could not be made again on the target, where one by one is.
    """
    files = conflicts_of(merged)
    paths = list(files)[:FILES_ASKED]
    labels = labels or Labels({sides.source_tip: sides.source, sides.target_old: sides.target})
    return Conflicts(
        source=sides.source,
        target=sides.target,
        source_tip=sides.source_tip,
        target_old=sides.target_old,
        files=tuple(msgspec.structs.replace(file, path=labels.in_path(file.path)) for file in files.values()),
        ours=await _commits(git, sides.source_tip, sides.target_old, paths),
        theirs=await _commits(git, sides.target_old, sides.source_tip, paths) if picked is None else (picked,),
        picked=picked,
        text=labels.in_text(merged.text)[:TEXT],
    )


async def _commits(git: Git, without: str, tip: str, paths: Sequence[bytes]) -> tuple[SideCommit, ...]:
    """Return the newest commits of one side that touch these paths."""
    names = [os.fsdecode(path) for path in paths]
    output = await git.having(GIT_LITERAL_PATHSPECS="1").run(
        "log",
        f"--max-count={COMMITS}",
        "--no-color",
        "--format=%H%x00%s%x00%an%x00",
        "--end-of-options",
        f"{without}..{tip}",
        "--",
        *names,
    )
    fields = [field.removeprefix(b"\n") for field in output.stdout.split(b"\0")]
    return tuple(
        SideCommit(commit=shown(commit), subject=shown(subject), author=shown(author))
        for commit, subject, author in zip(fields[::3], fields[1::3], fields[2::3], strict=False)
    )
