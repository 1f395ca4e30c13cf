"""Computes a merge without touching a branch or a checkout that a person looks at."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from compas.failpoints import hit
from compas.git.command import LONG_LIMIT, Git, shown
from compas.git.errors import GitError
from compas.git.merge.compute import TooOldError, commit_tree, merge_commits
from compas.git.merge.message import compose_message
from compas.git.merge.place import Place, attributes_only, has_drivers, has_hooks, place_of
from compas.git.merge.replay import replay
from compas.git.merge.report import explain, refused_by
from compas.git.merge.sides import Sides, merge_base, nothing_to_do, preflight
from compas.git.merge.temporary_checkout import merge_there, open_merge_checkout, rebase_there, squash_there
from compas.git.naming import merge_directory
from compas.git.protocol.merging import Prepared, PrepareMerge, PrepareResult, Refused
from compas.git.repository import MERGE_HOOKS, REBASE_HOOKS, SQUASH_HOOKS, whereabouts_with_worktrees


async def prepare_merge(request: PrepareMerge) -> PrepareResult:
    """Compute the merge, or say in full why there is none. A repeat computes it again; nothing has to be undone."""
    try:
        merge_directory("", request.op)
        git, common_dir, listed = await whereabouts_with_worktrees(Git(request.repo))
        sides = await preflight(git, common_dir, listed, request)
        result = await _prepare(git, common_dir, sides, request)
    except GitError as error:
        return refused_by(error)
    if isinstance(result, Prepared):
        hit("git.merge_prepared")
    return result


async def _prepare(git: Git, common_dir: str, sides: Sides, request: PrepareMerge) -> PrepareResult:
    strategy = _STRATEGIES[request.strategy]
    base = await merge_base(git, sides)
    if base == sides.source_tip:
        return nothing_to_do(common_dir, sides)
    if base == sides.target_old and strategy.moves_forward:
        return sides.prepared("fast_forward", sides.source_tip, f"{sides.target} moves forward to {sides.source}")
    if not await has_hooks(git, strategy.hooks):
        place = await strategy.place(git, common_dir, sides)
        try:
            if place is not None:
                async with place as there:
                    return await strategy.without_checkout(there, git, sides)
        except TooOldError:
            pass  # then git itself does it, in a checkout
    async with open_merge_checkout(git, common_dir, merge_directory(common_dir, request.op), sides) as made:
        return await strategy.in_checkout(made, git, sides)


async def _merge(there: Git, git: Git, sides: Sides) -> PrepareResult:
    merged = await merge_commits(there, sides.target_old, sides.source_tip)
    if isinstance(merged, Refused):
        return merged
    if not merged.clean:
        return await explain(git, sides, merged)
    message = compose_message(sides.message, sides.trailer).encode()
    made = await commit_tree(git, merged.tree, [sides.target_old, sides.source_tip], message)
    if isinstance(made, Refused):
        return made
    return sides.prepared("merge", made, f"Merged {sides.source} into {sides.target}")


async def _squash(there: Git, git: Git, sides: Sides) -> PrepareResult:
    """Make one commit of all that the source changes (b-mcp-cli-merge 92)."""
    merged = await merge_commits(there, sides.target_old, sides.source_tip)
    if isinstance(merged, Refused):
        return merged
    if not merged.clean:
        return await explain(git, sides, merged)
    if merged.tree == await git.text("rev-parse", "--verify", "--end-of-options", f"{sides.target_old}^{{tree}}"):
        return _squashed_already(sides)
    message = compose_message(sides.message, sides.trailer, await _subjects(git, sides)).encode()
    made = await commit_tree(git, merged.tree, [sides.target_old], message)
    return made if isinstance(made, Refused) else _squashed(sides, made)


async def _squash_there(made: Git, git: Git, sides: Sides) -> PrepareResult:
    message = compose_message(sides.message, sides.trailer, await _subjects(git, sides))
    result = await squash_there(made, git, sides, message)
    if result is None:
        return _squashed_already(sides)
    return _squashed(sides, result) if isinstance(result, str) else result


def _squashed(sides: Sides, commit: str) -> Prepared:
    return sides.prepared("squash", commit, f"Squash merged {sides.source} into {sides.target}")


def _squashed_already(sides: Sides) -> Prepared:
    summary = f"No commits to merge: {sides.target} has every change of {sides.source} already"
    return sides.prepared("already_merged", sides.target_old, summary)


async def _subjects(git: Git, sides: Sides) -> list[str]:
    """Return the subjects of what is squashed, the oldest first."""
    form = ("-z", "--format=tformat:%s", "--encoding=UTF-8", "--no-color", "--no-show-signature", "--reverse")
    span = f"{sides.target_old}..{sides.source_tip}"
    output = await git.run(
        "log", *form, "--topo-order", "--no-merges", "--end-of-options", span, "--", time_limit=LONG_LIMIT
    )
    return [shown(subject) for subject in output.stdout.split(b"\0") if subject]


async def _place_of_replay(git: Git, common_dir: str, sides: Sides) -> Place | None:
    """None where attributes or merge drivers may be others at each commit: then a checkout has to show each."""
    if await has_drivers(git):
        return None
    span = f"{sides.target_old}..{sides.source_tip}"
    touching = await git.text(
        "rev-list", "--max-count=1", "--end-of-options", span, "--", ":(top,glob)**/.gitattributes"
    )
    return None if touching else attributes_only(git, common_dir, sides.target_old)


Compute = Callable[[Git, Git, Sides], Awaitable[PrepareResult]]


@dataclass(frozen=True, slots=True)
class _Strategy:
    """How one strategy is done; with `moves_forward` a source that is ahead is taken as it is."""

    hooks: tuple[str, ...]
    moves_forward: bool
    place: Callable[[Git, str, Sides], Awaitable[Place | None]]
    without_checkout: Compute
    in_checkout: Compute


_STRATEGIES: Final = {
    "merge": _Strategy(MERGE_HOOKS, True, place_of, _merge, merge_there),
    "rebase": _Strategy(REBASE_HOOKS, False, _place_of_replay, replay, rebase_there),
    "squash": _Strategy(SQUASH_HOOKS, False, place_of, _squash, _squash_there),
}
