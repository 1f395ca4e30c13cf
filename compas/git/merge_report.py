"""Explains a conflict: which files, of what kind, and which commits of either side touched them."""

import os
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from compas.git.command import Git, shown
from compas.git.errors import GitError, GitFailed, GitRefused, GitTimedOut
from compas.git.merge_tree import MergedTree, conflicts_of
from compas.git.messages import Conflicts, Refused, SideCommit

COMMITS: Final = 20
FILES_ASKED: Final = 200
TEXT: Final = 20_000


def refused_by(error: GitError) -> Refused:
    """Return, as a value, why nothing was changed."""
    match error:
        case GitRefused():
            return Refused(code=error.code, sentence=error.message)
        case GitTimedOut():
            return Refused(code="timed_out", sentence=f"{error}; nothing was changed")
        case GitFailed():
            return Refused(code="git_failed", sentence=f"{error}; nothing was changed", output=error.output)
        case _:
            return Refused(code="git_failed", sentence=f"{error}; nothing was changed")


async def explain(
    git: Git, source: str, target: str, source_tip: str, target_old: str, merged: MergedTree
) -> Conflicts:
    """Return the conflict for people, with both sides' commits (design §6 rule 7)."""
    files = conflicts_of(merged)
    paths = list(files)[:FILES_ASKED]
    # Merged by commit, git calls the sides by their object names; people know them by their branches.
    names = {source_tip: source, target_old: target}
    return Conflicts(
        source=source,
        target=target,
        source_tip=source_tip,
        target_old=target_old,
        files=tuple(msgspec.structs.replace(file, path=_named_path(file.path, names)) for file in files.values()),
        ours=await _commits(git, source_tip, target_old, paths),
        theirs=await _commits(git, target_old, source_tip, paths),
        text=_named(merged.text, names)[:TEXT],
    )


def _named(text: str, names: Mapping[str, str]) -> str:
    for commit, name in names.items():
        text = text.replace(commit, name)
    return text


def _named_path(path: str, names: Mapping[str, str]) -> str:
    """Where both sides want one name, git sets one side's file aside as `name~side`, slashes flattened."""
    for commit, name in names.items():
        path = path.replace(f"~{commit}", f"~{name.replace('/', '_')}")
    return path


async def _commits(git: Git, without: str, tip: str, paths: Sequence[bytes]) -> tuple[SideCommit, ...]:
    """Return the newest commits of one side that touch these paths."""
    names = [os.fsdecode(path) for path in paths]
    output = await git.having(GIT_LITERAL_PATHSPECS="1").run(
        "log",
        f"--max-count={COMMITS}",
        "--no-color",
        "--format=%H%x00%s%x00%an%x00",
        f"{without}..{tip}",
        "--",
        *names,
    )
    fields = [field.removeprefix(b"\n") for field in output.stdout.split(b"\0")]
    return tuple(
        SideCommit(commit=shown(commit), subject=shown(subject), author=shown(author))
        for commit, subject, author in zip(fields[::3], fields[1::3], fields[2::3], strict=False)
    )
