"""What keeps a source from being merged although its branch could be: work that no commit of the branch has."""

from collections.abc import Collection, Sequence

from compas.git.command import Git
from compas.git.errors import GitRefused
from compas.git.naming import BRANCHES, thread_branch, thread_of
from compas.git.open_checkout import open_checkout
from compas.git.repository import Listed
from compas.git.status import read_entries
from compas.git.work.head import find_head
from compas.git.work.head_words import head_elsewhere
from compas.git.worktree.laid import read_laid
from compas.git.worktree.open import open_registered
from compas.git.worktree.registration import Registration, read_registration


async def refuse_unsaved(git: Git, common_dir: str, listed: Sequence[Listed], source: str) -> None:
    """Refuse while a checkout of the source holds something that no commit has; untracked counts (b row 80).

    The worktree of the thread whose branch it is also has to stand on it. Raises GitRefused `source_dirty`,
    `head_elsewhere`, and as `open_worktree` does.
    """
    thread = thread_of(source)
    made = read_registration(common_dir, thread) if thread is not None else None
    if made is not None and made.ready and not made.reading:
        await _look_at_worktree(git, common_dir, made)
    for checkout in listed:
        is_seen = made is not None and checkout.path == made.path
        if checkout.branch == BRANCHES + source and checkout.present and not is_seen:
            async with open_checkout(git, checkout.path) as there:
                await _refuse_entries(there)


async def _look_at_worktree(git: Git, common_dir: str, made: Registration) -> None:
    try:
        with open_registered(common_dir, made, git) as opened:
            branch = thread_branch(made.thread)
            head = await find_head(opened, branch)
            if head.elsewhere:
                raise GitRefused("head_elsewhere", head_elsewhere(opened.path, head.elsewhere, branch))
            await _refuse_entries(opened.git, read_laid(common_dir, made.thread).paths)
    except GitRefused as refused:
        if refused.code != "worktree_missing":  # somebody deleted it: the commits are all there is
            raise


async def _refuse_entries(there: Git, laid: Collection[bytes] = ()) -> None:
    entries = await read_entries(there, laid)
    if entries:
        names = ", ".join(entry.path for entry in entries[:10]) + (", …" if len(entries) > 10 else "")
        message = (
            f"{there.directory} has uncommitted changes ({len(entries)}: {names}); "
            "commit them there, or discard them, then merge again"
        )
        raise GitRefused("source_dirty", message)
