"""Shows what changed between two revisions, as text for people and as numbers per file."""

from collections.abc import Iterator
from typing import Final

from compas.git.command import Git, shown
from compas.git.errors import GitRefused
from compas.git.protocol.reading import Diff, DiffText, FileStat
from compas.git.repository import commit_of

MAX_BYTES: Final = 8_000_000
PLAIN: Final = ("--no-color", "--no-ext-diff", "--no-textconv", "--find-renames")
"""Nothing that a repository configures is executed to show a diff."""


async def diff(request: Diff) -> DiffText:
    """Return patch or diffstat, cut at `max_bytes` with a mark. Raises GitRefused `unknown_revision`, `unrelated`."""
    git = Git(request.repo)
    base, tip = await commit_of(git, request.base), await commit_of(git, request.tip)
    if request.from_merge_base:
        found = await git.line("merge-base", "--end-of-options", base, tip)
        if found is None:
            message = f"{request.base} and {request.tip} have no commit in common; ask for their plain difference"
            raise GitRefused("unrelated", message)
        base = found
    paths = ("--", *request.paths)
    literal = git.having(GIT_LITERAL_PATHSPECS="1")
    form = ("--stat=120",) if request.stat else ("--patch",)
    keep = max(1, min(request.max_bytes, MAX_BYTES))
    text, is_cut = "", False
    if not request.only_numbers:
        shape = await literal.run(
            "diff", *PLAIN, *form, "--end-of-options", base, tip, *paths, keep=keep, cut=True, time_limit=120
        )
        text, is_cut = shape.stdout.decode("utf-8", "replace"), shape.truncated
    numbers = await literal.run(
        "diff", *PLAIN, "--numstat", "-z", "--end-of-options", base, tip, *paths, time_limit=120
    )
    return DiffText(
        base=base,
        tip=tip,
        text=text,
        truncated=is_cut,
        files=tuple(parse_numstat(numbers.stdout)),
    )


def parse_numstat(listing: bytes) -> Iterator[FileStat]:
    """Parse `--numstat -z`: added, deleted, name; for a rename an empty name, then the old and the new one."""
    fields = iter(listing.split(b"\0"))
    for record in fields:
        if not record:
            continue
        added, deleted, name = record.split(b"\t", 2)
        old = None
        if not name:
            old, name = shown(next(fields)), next(fields)
        yield FileStat(path=shown(name), old_path=old, added=_count(added), deleted=_count(deleted))


def _count(number: bytes) -> int | None:
    return None if number == b"-" else int(number)
