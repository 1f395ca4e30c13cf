"""What is to be said of a thread's worktree before anybody relies on what its branch holds."""

from compas.git.errors import GitRefused
from compas.git.protocol.reading import AskHead
from compas.git.work.head_words import head_elsewhere
from compas.orchestrator.executions.workspace import tree_of
from compas.orchestrator.handler_context import HandlerContext
from compas.store.projections.worktrees import WorktreeRow


async def head_remark(context: HandlerContext, thread: str, tree: WorktreeRow) -> str:
    """Say that the worktree stands elsewhere, or is not as it was made: then work may be there that no diff shows.

    Empty where nothing is to be said. Raises GitError where git cannot be asked.
    """
    if tree.path is None or tree.reading:
        return ""
    of = tree_of(thread, tree)
    try:
        found = await context.services.git.ask(AskHead(of=of))
    except GitRefused as refused:
        return "" if refused.code == "worktree_missing" else refused.message
    return head_elsewhere(of.path, found.head_on, tree.branch) if found.head_on else ""
