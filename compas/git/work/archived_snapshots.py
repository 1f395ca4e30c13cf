"""Gathers the snapshots of ended threads below one ref, so that a repository never has thousands of ours."""

from collections.abc import Mapping, Sequence

from compas.failpoints import hit
from compas.git.command import Git, shown
from compas.git.errors import GitRefused
from compas.git.locks import hold
from compas.git.naming import ARCHIVED_SNAPSHOTS, SNAPSHOTS, snapshot_ref
from compas.git.protocol.worktrees import ArchivedSnapshots, ArchiveSnapshots
from compas.git.whereabouts import common_directory
from compas.git.work.snapshot import OURS

_UNKNOWN_OPTION = 129
"""How git ends that does not know `pack-refs --include` yet (before 2.43)."""


async def archive_snapshots(request: ArchiveSnapshots) -> ArchivedSnapshots:
    """Make one commit the child of all these snapshots and of those gathered before, then delete their own refs.

    The commits stay reachable at every moment, under the ids that the log knows. A ref that names anything else than
    the log says is left alone. A repeat after a crash anywhere ends the same. Raises GitRefused `archive_taken_over`
    where the ref is a symbolic one, `bad_id`, `busy`, and GitFailed.
    """
    wanted = {snapshot_ref(execution): (execution, commit) for execution, commit in request.snapshots.items()}
    common = await common_directory(request.repo)
    async with hold(Git(common), common, "archived-snapshots") as git:
        there = await _refs(git, sorted(wanted))
        found = {ref: commit for ref, (_, commit) in wanted.items() if there.get(ref) == commit}
        archive = (await _refs(git, [ARCHIVED_SNAPSHOTS])).get(ARCHIVED_SNAPSHOTS)
        if found:
            archive = await _gather(git, archive, found)
            hit("git.snapshots_gathered")
            await _delete(git, found)
        if request.is_last:
            await git.run("pack-refs", f"--include={SNAPSHOTS}*", good=(0, _UNKNOWN_OPTION))
    return ArchivedSnapshots(
        ref=ARCHIVED_SNAPSHOTS,
        commit=archive,
        archived=tuple(wanted[ref][0] for ref in found),
        absent=tuple(execution for ref, (execution, _) in wanted.items() if ref not in there),
        left=tuple(execution for ref, (execution, commit) in wanted.items() if there.get(ref, commit) != commit),
    )


async def _refs(git: Git, refs: Sequence[str]) -> dict[str, str]:
    """Return what these refs name; what a symbolic one names counts for nothing."""
    if not refs:
        return {}
    asked = ("for-each-ref", "--format=%(refname) %(objectname) %(objecttype) %(symref)", "--end-of-options")
    listed = await git.text(*asked, *refs)
    rows = [line.split(" ") for line in listed.splitlines()]
    return {
        name: commit if (kind, symbolic) == ("commit", "") else f"{kind} {symbolic}"
        for name, commit, kind, symbolic in rows
        if name in set(refs)
    }


async def _gather(git: Git, archive: str | None, found: Mapping[str, str]) -> str:
    if archive is not None and " " in archive:
        message = (
            f"{ARCHIVED_SNAPSHOTS} is not what compas made it: it names {archive.strip()}. Nothing but compas writes "
            "there; no snapshot was moved"
        )
        raise GitRefused("archive_taken_over", message)
    parents = dict.fromkeys([*([archive] if archive else []), *found.values()])
    empty = shown((await git.run("hash-object", "-t", "tree", "-w", "--stdin")).stdout).strip()
    names = "\n".join(ref.removeprefix(SNAPSHOTS) for ref in found)
    fixed = git.having(**OURS).configured(("i18n.commitEncoding", "UTF-8"))
    making = ("commit-tree", *(part for parent in parents for part in ("-p", parent)), "-F", "-", "--end-of-options")
    message = f"compas: snapshots of ended threads\n\n{names}\n"
    commit = shown((await fixed.run(*making, empty, stdin=message.encode())).stdout).strip()
    moving = ("update-ref", "--no-deref", "--create-reflog", "-m", "compas: archive snapshots", "--end-of-options")
    await git.run(*moving, ARCHIVED_SNAPSHOTS, commit, archive or "")
    return commit


async def _delete(git: Git, found: Mapping[str, str]) -> None:
    lines = [f"option no-deref\ndelete {ref} {commit}\n" for ref, commit in found.items()]
    await git.run("update-ref", "--stdin", stdin="".join(lines).encode())
