"""One merge of two commits, and one commit: the two things of which every strategy is made."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from compas.git.command import LONG_LIMIT, Git, Output, shown
from compas.git.errors import GitError, killed_by, signal_name
from compas.git.merge.tree import MergedTree, parse_merge_tree
from compas.git.protocol.merging import Refused
from compas.git.work.commit import has_identity

ANY_CODE: Final = range(-64, 256)
USAGE: Final = 129
"""What git ends with when it does not know an option: it is older than that option."""


class TooOldError(GitError):
    """This git cannot merge without a checkout; it can from 2.38 on (design §6 rule 5)."""


async def merge_commits(there: Git, ours: str, theirs: str, *options: str) -> MergedTree | Refused:
    """Merge two commits without a checkout; what conflicts is part of the result. Raises TooOldError.

    Where a rename collides, git 2.39 says so, leaves conflict markers in the file, and calls it a clean merge. What it
    says counts here: markers are never published.
    """
    command = ("merge-tree", "--write-tree", "--messages", "-z", *options, "--end-of-options", ours, theirs)
    output = await there.run(*command, good=ANY_CODE, time_limit=LONG_LIMIT)
    if output.code == USAGE:
        raise TooOldError("this git has no `merge-tree --write-tree`; install git 2.38 or later")
    name = signal_name(output.code)
    if name is not None:
        return killed(name, output)
    if output.code not in (0, 1):
        return failed("merge_failed", "git could not compute the merge", output)
    merged = parse_merge_tree(output.stdout)
    return replace(merged, clean=output.code == 0 and not merged.says_conflict)


async def commit_tree(
    git: Git, tree: str, parents: Sequence[str], message: bytes, author: Mapping[str, str] | None = None
) -> str | Refused:
    """Make a commit in the operator's name, signed where the repository signs; `author` keeps somebody else's work his.

    An identity that nobody configured is refused, not guessed from the machine.
    """
    signs = await git.line("config", "--type=bool", "--get", "commit.gpgSign") == "true"
    arguments = [part for parent in parents for part in ("-p", parent)] + (["-S"] if signs else [])
    there = strict(git).configured(("i18n.commitEncoding", "UTF-8")).having(**(author or {}))
    made = await there.run("commit-tree", *arguments, "-F", "-", "--end-of-options", tree, stdin=message, good=ANY_CODE)
    if made.code == 0:
        return shown(made.stdout).strip()
    return await commit_refused(git, made)


def strict(git: Git) -> Git:
    """Return git that makes no name up where none is configured."""
    return git.configured(("user.useConfigOnly", "true"))


async def commit_refused(git: Git, output: Output) -> Refused:
    """Say why a commit was not made: nobody to make it as, or git's own words, such as those of a signing program."""
    name = signal_name(output.code)
    if name is not None:
        return killed(name, output)
    if await has_identity(git):
        return failed("commit_failed", "git could not make the merge commit", output)
    sentence = (
        f"nobody is configured to commit as in {git.directory}, so nothing was merged; set a name and an address with "
        "`git config user.name` and `git config user.email`, then merge again"
    )
    return Refused(code="no_identity", sentence=sentence, output=output.words)


def failed(code: str, what: str, output: Output) -> Refused:
    """Return a refusal with git's own words."""
    return Refused(code=code, sentence=f"{what}: {output.words or 'it printed nothing'}", output=output.words)


def killed(name: str, output: Output) -> Refused:
    """Refuse for a git that a signal has ended: nothing is known of the merge, and nothing was changed."""
    said = f" It had printed: {output.words}" if output.words else ""
    sentence = f"git {killed_by(name)}, in the middle of the merge, so nothing was changed; merge again.{said}"
    return Refused(code="git_killed", sentence=sentence, output=output.words)
