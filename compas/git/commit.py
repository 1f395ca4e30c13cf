"""Commits everything in a worktree the way its owner would have: identity, hooks and signing of the repository."""

from compas.git.command import LONG_LIMIT, Git, shown
from compas.git.errors import GitRefused
from compas.git.messages import CommitAll, Committed, NothingToCommit
from compas.git.repository import COMMIT_HOOKS, active_hooks, hooks_directory, path_of, tip_of
from compas.git.snapshot import OURS
from compas.git.status import operation_in


async def commit_all(request: CommitAll) -> Committed | NothingToCommit:
    """Stage and commit everything but ignored files and repositories inside the worktree.

    Raises GitRefused: `hook_refused` and `commit_failed` with git's output in the details, `in_progress` while a merge
    or rebase is unfinished, `bad_message`, `empty_repository`. Everything stays staged then.
    """
    git = Git(request.worktree)
    if not request.message.strip():
        raise GitRefused("bad_message", "the commit message is empty; write one")
    operation = operation_in(await path_of(git, "--git-dir"))
    if operation not in (None, "bisect"):
        message = f"{git.directory} is in the middle of a {operation}; finish it, or abort it, then commit"
        raise GitRefused("in_progress", message)
    head = await tip_of(git, "HEAD")
    if head is None:
        raise GitRefused("empty_repository", f"{git.directory} has no commit yet; make a first one")
    left_out = await _stage(git)
    if await git.holds("diff", "--cached", "--quiet", "--no-ext-diff", "--end-of-options", head, "--"):
        return NothingToCommit(head=head)
    await _commit(git, request.message)
    commit = await git.text("rev-parse", "--verify", "HEAD")
    names = await git.run(
        "diff-tree", "-r", "-z", "--name-only", "--no-renames", "--end-of-options", head, commit, "--"
    )
    return Committed(commit=commit, files=names.stdout.count(b"\0"), left_out=tuple(left_out))


async def _stage(git: Git) -> list[str]:
    """Stage everything; a repository inside the worktree is taken out again, because only its commit's name is kept."""
    added = await git.run("add", "--all", "--ignore-errors", "--", ":/", good=(0, 1), time_limit=LONG_LIMIT)
    staged = await git.run("diff", "--cached", "--raw", "-z", "--no-renames", "--no-abbrev", "HEAD", "--")
    fields = staged.stdout.split(b"\0")
    embedded = [
        path
        for about, path in zip(fields[::2], fields[1::2], strict=False)
        if about.startswith(b":") and about[1:7] != b"160000" and about.split(b" ")[1] == b"160000"
    ]
    known = await _submodules(git) if embedded else set()
    embedded = [path for path in embedded if path not in known]
    if embedded:
        listing = b"\0".join(embedded)
        top = git.at(await path_of(git, "--show-toplevel")).having(GIT_LITERAL_PATHSPECS="1")
        await top.run("reset", "--quiet", "--pathspec-from-file=-", "--pathspec-file-nul", stdin=listing)
    return [shown(path) for path in embedded] + ([added.words] if added.code else [])


async def _submodules(git: Git) -> set[bytes]:
    """Return the paths that a .gitmodules declares: these are meant to be committed."""
    top = git.at(await path_of(git, "--show-toplevel"))
    declared = await top.run(
        "config", "--file", ".gitmodules", "-z", "--get-regexp", r"^submodule\..*\.path$", good=(0, 1)
    )
    return {entry.split(b"\n", 1)[1] for entry in declared.stdout.split(b"\0") if b"\n" in entry}


async def _commit(git: Git, message: str) -> None:
    committer = git if await has_identity(git) else git.having(**OURS)
    output = await committer.run(
        "commit", "--quiet", "--file=-", stdin=message.encode(), good=range(-64, 256), time_limit=LONG_LIMIT
    )
    if output.code == 0:
        return
    hooks = active_hooks(await hooks_directory(git), COMMIT_HOOKS)
    code, what = ("hook_refused", f"a hook ({', '.join(hooks)})") if hooks else ("commit_failed", "git")
    text = f"{what} refused the commit in {git.directory}: {output.words or 'it printed nothing'}"
    raise GitRefused(code, text, {"output": output.words})


async def has_identity(git: Git) -> bool:
    """Say whether a name and an address are configured, rather than guessed from the machine."""
    strict = git.configured(("user.useConfigOnly", "true"))
    return (await strict.run("var", "GIT_COMMITTER_IDENT", good=(0, 1, 128))).code == 0
