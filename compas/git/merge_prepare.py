"""Computes a merge without touching a branch or a checkout that a person looks at."""

import contextlib
import os
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final

from compas.failpoints import hit
from compas.git.command import LONG_LIMIT, Git, Output, shown
from compas.git.errors import GitError, GitRefused
from compas.git.merge_checkout import merge_in_checkout
from compas.git.merge_report import explain, refused_by
from compas.git.merge_tree import parse_merge_tree
from compas.git.messages import Prepared, PrepareMerge, PrepareResult, Refused
from compas.git.naming import BASES, BRANCHES, merge_directory
from compas.git.repository import (
    MERGE_HOOKS,
    active_hooks,
    branch_tip,
    hooks_directory,
    target_tip,
    tip_of,
    version,
    whereabouts,
    worktrees,
)
from compas.git.status import read_entries

STRATEGIES: Final = ("merge",)
WITHOUT_CHECKOUT: Final = (2, 38)
"""The first git whose `merge-tree` merges (design §6 rule 5)."""


@dataclass(frozen=True, slots=True)
class Sides:
    """What is merged into what, pinned to commits."""

    source: str
    target: str
    source_tip: str
    target_old: str
    message: str

    def prepared(self, kind: str, new: str, summary: str) -> Prepared:
        """Return the result of that kind."""
        return Prepared(
            kind=kind,  # type: ignore[arg-type]
            source=self.source,
            target=self.target,
            source_tip=self.source_tip,
            target_old=self.target_old,
            new=new,
            summary=summary,
        )


async def prepare_merge(request: PrepareMerge) -> PrepareResult:
    """Compute the merge, or say in full why there is none. A repeat computes it again; nothing has to be undone."""
    try:
        merge_directory("", request.op)
        git, common_dir = await whereabouts(Git(request.repo))
        sides = await _preflight(git, request)
        simple = await _without_merging(git, sides)
        result = simple or await _merge(git, common_dir, sides, request.op)
    except GitError as error:
        return refused_by(error)
    if isinstance(result, Prepared):
        hit("git.merge_prepared")
    return result


async def _preflight(git: Git, request: PrepareMerge) -> Sides:
    """Check everything that a person should hear before git is asked (reference b 5.2, W-15)."""
    if request.strategy not in STRATEGIES:
        known = ", ".join(STRATEGIES)
        raise GitRefused("bad_strategy", f"{request.strategy!r} is no merge strategy; choose one of {known}")
    target_old = await target_tip(git, request.target)
    source_tip = await _source_tip(git, request.source)
    if request.expected_source is not None and request.expected_source != source_tip:
        message = (
            f"{request.source} is at {source_tip[:12]}, not at {request.expected_source[:12]} as when the merge "
            "was asked for; look at what was added, and ask again"
        )
        raise GitRefused("source_moved", message)
    await _refuse_unsaved(git, request.source)
    message = request.message.strip() or f"Merge branch '{request.source}' into {request.target}"
    return Sides(request.source, request.target, source_tip, target_old, message)


async def _source_tip(git: Git, source: str) -> str:
    if not source.startswith("refs/"):
        return await branch_tip(git, source)
    tip = await tip_of(git, source) if await git.holds("check-ref-format", source) else None
    if tip is None:
        raise GitRefused("no_such_branch", f"{source!r} does not exist in {git.directory}")
    return tip


async def _refuse_unsaved(git: Git, source: str) -> None:
    """Refuse while a checkout of the source holds something that no commit has; untracked counts (b row 80)."""
    for checkout in await worktrees(git):
        if checkout.branch != BRANCHES + source or not checkout.present:
            continue
        entries = await read_entries(git.at(checkout.path))
        if entries:
            names = ", ".join(entry.path for entry in entries[:10]) + (", …" if len(entries) > 10 else "")
            message = (
                f"{checkout.path} has uncommitted changes ({len(entries)}: {names}); "
                "commit them there, or discard them, then merge again"
            )
            raise GitRefused("source_dirty", message)


async def _without_merging(git: Git, sides: Sides) -> Prepared | None:
    """Return the result where one side contains the other. Raises GitRefused `unrelated`."""
    base = await git.line("merge-base", sides.target_old, sides.source_tip)
    if base is None:
        message = f"{sides.source} and {sides.target} have no commit in common; merge them by hand if that is meant"
        raise GitRefused("unrelated", message)
    if base == sides.source_tip:
        return await _nothing_to_do(git, sides)
    if base == sides.target_old:
        summary = f"{sides.target} moves forward to {sides.source}"
        return sides.prepared("fast_forward", sides.source_tip, summary)
    return None


async def _nothing_to_do(git: Git, sides: Sides) -> Prepared:
    start = await tip_of(git, BASES + sides.source.removeprefix(BRANCHES).removeprefix("compas/"))
    if start == sides.source_tip:
        summary = f"No commits to merge: {sides.source} has none of its own"
        return sides.prepared("nothing", sides.target_old, summary)
    summary = f"No commits to merge: {sides.source} is contained in {sides.target}"
    return sides.prepared("already_merged", sides.target_old, summary)


async def _merge(git: Git, common_dir: str, sides: Sides, op: str) -> PrepareResult:
    hooks = active_hooks(await hooks_directory(git), MERGE_HOOKS)
    place = await _place(git, common_dir, sides)
    if hooks or place is None or await version(git) < WITHOUT_CHECKOUT:
        path = merge_directory(common_dir, op)
        outcome = await merge_in_checkout(git, common_dir, path, sides.target_old, sides.source_tip, sides.message)
        if isinstance(outcome, str):
            return sides.prepared("merge", outcome, f"Merged {sides.source} into {sides.target}")
        if isinstance(outcome, Refused):
            return outcome
        return await explain(git, sides.source, sides.target, sides.source_tip, sides.target_old, outcome)
    async with place as there:
        return await _merge_trees(there, git, sides)


async def _merge_trees(there: Git, git: Git, sides: Sides) -> PrepareResult:
    output = await there.run(
        "merge-tree", "--write-tree", "-z", sides.target_old, sides.source_tip,
        good=range(-64, 256), time_limit=LONG_LIMIT,
    )  # fmt: skip
    if output.code not in (0, 1):
        return _failed("merge_failed", "git could not compute the merge", output)
    merged = parse_merge_tree(output.stdout)
    if output.code == 1:
        return await explain(git, sides.source, sides.target, sides.source_tip, sides.target_old, merged)
    sign = ("-S",) if await git.line("config", "--type=bool", "--get", "commit.gpgSign") == "true" else ()
    parents = ("-p", sides.target_old, "-p", sides.source_tip)
    made = await git.run(
        "commit-tree", merged.tree, *parents, *sign, "-F", "-",
        stdin=f"{sides.message}\n".encode(), good=range(-64, 256),
    )  # fmt: skip
    if made.code:
        return _failed("commit_failed", "git could not make the merge commit", made)
    return sides.prepared("merge", shown(made.stdout).strip(), f"Merged {sides.source} into {sides.target}")


def _failed(code: str, what: str, output: Output) -> Refused:
    return Refused(code=code, sentence=f"{what}: {output.words or 'it printed nothing'}", output=output.words)


async def _place(git: Git, common_dir: str, sides: Sides) -> contextlib.AbstractAsyncContextManager[Git] | None:
    """Choose where `merge-tree` runs, because it reads attributes, and merge drivers their scripts, from there.

    Without drivers an empty directory with the target's attribute files does: what the operator's checkout holds at
    this moment plays no part. Drivers get a checkout of the target. None where there is none: one has to be made.
    """
    if await git.line("config", "--get-regexp", r"^merge\..*\.driver$") is None:
        return _attributes_only(git, common_dir, sides.target_old)
    for checkout in await worktrees(git):
        if checkout.branch == BRANCHES + sides.target and checkout.present:
            return contextlib.nullcontext(git.at(checkout.path))
    return None


@contextlib.asynccontextmanager
async def _attributes_only(git: Git, common_dir: str, commit: str) -> AsyncIterator[Git]:
    listed = await git.run("ls-tree", "-r", "-z", "--name-only", "--full-tree", commit)
    names = [name for name in listed.stdout.split(b"\0") if name.rsplit(b"/", 1)[-1] == b".gitattributes"]
    with tempfile.TemporaryDirectory(prefix="compas-merge-") as directory:
        for name in names:
            content = await git.run("cat-file", "blob", f"{commit}:{os.fsdecode(name)}")
            _write(os.path.join(directory, os.fsdecode(name)), content.stdout)
        yield git.at(directory).having(GIT_DIR=common_dir, GIT_WORK_TREE=directory)


def _write(path: str, content: bytes) -> None:
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(content)
