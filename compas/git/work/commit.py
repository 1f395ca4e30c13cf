"""Commits everything in a worktree the way its owner would have: identity, hooks and signing of the repository."""

from compas.git.command import LONG_LIMIT, Git
from compas.git.errors import GitRefused, killed_by, signal_name
from compas.git.in_progress import operation_in
from compas.git.naming import thread_branch
from compas.git.nested.repositories import stage_all
from compas.git.protocol.worktrees import CommitAll, Committed, NothingToCommit
from compas.git.repository import COMMIT_HOOKS, active_hooks, branch_tip, hooks_directory
from compas.git.whereabouts import common_directory
from compas.git.work.head import Head, bring_back
from compas.git.work.head_words import head_elsewhere
from compas.git.work.own_head import open_own_head
from compas.git.work.snapshot import OURS
from compas.git.worktree.laid import read_laid
from compas.git.worktree.open import Opened, open_worktree


async def commit_all(request: CommitAll) -> Committed | NothingToCommit:
    """Stage and commit everything but ignored files, repositories inside the worktree, and what compas laid there.

    Raises GitRefused: `hook_refused` and `commit_failed` with git's output in the details, `git_killed`, `in_progress`
    while a merge or rebase is unfinished, `bad_message`, `empty_repository`. Everything stays staged then.
    """
    if not request.message.strip():
        raise GitRefused("bad_message", "the commit message is empty; write one")
    with open_worktree(await common_directory(request.of.repo), request.of) as opened:
        head = await _head_on_branch(opened, thread_branch(request.of.thread))
        git = opened.git
        left_out = await stage_all(git, read_laid(opened.common_dir, request.of.thread).paths)
        was = head.commit or ""
        staged = ("diff", "--cached", "--quiet", "--no-ext-diff", "--ignore-submodules=dirty", "--end-of-options")
        if await git.holds(*staged, was, "--"):
            return NothingToCommit(head=was, head_moved=head.moved)
        branch = thread_branch(request.of.thread)
        with open_own_head(opened, branch) as there:
            await _commit(there, request.message)
        commit = await branch_tip(git, branch)
        changed = ("diff-tree", "-r", "-z", "--name-only", "--no-renames", "--end-of-options")
        names = await git.run(*changed, was, commit, "--")
    return Committed(commit=commit, files=names.stdout.count(b"\0"), left_out=tuple(left_out), head_moved=head.moved)


async def _head_on_branch(opened: Opened, branch: str) -> Head:
    """Return HEAD, on the thread's branch. Raises GitRefused `in_progress`, `empty_repository`, `head_elsewhere`."""
    operation = operation_in(opened.git_dir)
    if operation is not None:
        message = f"{opened.path} is in the middle of a {operation}; finish it, or abort it, then commit"
        raise GitRefused("in_progress", message)
    head = await bring_back(opened, branch)
    if head.commit is None:
        raise GitRefused("empty_repository", f"{opened.path} stands on no commit; restore {branch}")
    if head.elsewhere:
        raise GitRefused("head_elsewhere", head_elsewhere(opened.path, head.elsewhere, branch))
    return head


async def _commit(git: Git, message: str) -> None:
    committer = git if await has_identity(git) else git.having(**OURS)
    output = await committer.run(
        "commit", "--quiet", "--file=-", stdin=message.encode(), good=range(-64, 256), time_limit=LONG_LIMIT
    )
    if output.code == 0:
        return
    name = signal_name(output.code)
    if name is not None:
        raise GitRefused("git_killed", f"git {killed_by(name)}, so nothing is committed in {git.directory}; try again")
    hooks = active_hooks(await hooks_directory(git), COMMIT_HOOKS)
    code, what = ("hook_refused", f"a hook ({', '.join(hooks)})") if hooks else ("commit_failed", "git")
    text = f"{what} refused the commit in {git.directory}: {output.words or 'it printed nothing'}"
    raise GitRefused(code, text, {"output": output.words})


async def has_identity(git: Git) -> bool:
    """Say whether a name and an address are configured, rather than guessed from the machine."""
    strict = git.configured(("user.useConfigOnly", "true"))
    return (await strict.run("var", "GIT_COMMITTER_IDENT", good=(0, 1, 128))).code == 0
