"""What the git worker found, as what the log keeps of it: how an operation ended, in words."""

import os
import shlex

from compas.api.advice import in_commands
from compas.domain import events as e
from compas.domain.conflict_report import ConflictReport, in_words
from compas.domain.decision import Refusal
from compas.domain.publication import WITHDRAWN
from compas.git.protocol.merging import (
    Conflicts,
    Prepared,
    Published,
    Refused,
    SideCommit,
    StaleCheckout,
    SubmodulesBehind,
    Verified,
)

Ended = e.MergeCompleted | e.MergeFailed


def nothing_to_do(queued: e.MergeQueued, prepared: Prepared) -> Ended:
    """What the target contains already is merged; a branch without a commit of its own is not (b-mcp-cli-merge 90)."""
    if prepared.kind == "already_merged":
        return e.MergeCompleted(op=queued.op, new_commit=prepared.target_old, summary=prepared.summary)
    reason = prepared.summary or f"No commits to merge: {queued.source} has nothing that {queued.target} does not have"
    return e.MergeFailed(op=queued.op, code="no_commits", reason=reason)


def kind_of(prepared: Prepared) -> e.MergeKind:
    """Return the kind of a merge that moves the target."""
    if prepared.kind in ("already_merged", "nothing"):
        raise ValueError(f"{prepared.kind} moves nothing")
    return prepared.kind  # type: ignore[return-value]


def published(queued: e.MergeQueued, summary: str, found: Published | Refused) -> Ended:
    """Return the end of an operation that was to be published."""
    if isinstance(found, Refused):
        return refused(queued, found)
    notes = stale_note(found.stale) + behind_note(found.behind)
    return e.MergeCompleted(op=queued.op, new_commit=found.new, summary=summary + notes)


def refused(queued: e.MergeQueued, found: Refused) -> e.MergeFailed:
    """Return the end of an operation that changed nothing, with git's own words."""
    where = f" (in {found.worktree})" if found.worktree and found.worktree not in found.sentence else ""
    said = found.output.strip()
    output = f"\n{said}" if said and said not in found.sentence else ""
    conflicts = tuple(e.Conflict(path=path, kind="in the way") for path in found.files)
    return e.MergeFailed(op=queued.op, code=found.code, reason=f"{found.sentence}{where}{output}", conflicts=conflicts)


def not_published(queued: e.MergeQueued, refusal: Refusal) -> e.MergeCancelled | e.MergeFailed:
    """Return the end of an operation that may not be published; a thread that has ended withdraws it."""
    reason = in_commands(refusal.message)
    if refusal.code in WITHDRAWN:
        return e.MergeCancelled(op=queued.op, reason=reason)
    return e.MergeFailed(op=queued.op, code=refusal.code, reason=reason)


def report_of(queued: e.MergeQueued, found: Conflicts) -> ConflictReport:
    """Return the conflict with both sides' commits (design §6 rule 7)."""
    return ConflictReport(
        source=queued.source,
        target=queued.target,
        strategy=queued.strategy,
        files=tuple(e.Conflict(path=one.path, kind=one.kind) for one in found.files),
        ours=tuple(_line(side) for side in found.ours),
        theirs=tuple(_line(side) for side in found.theirs),
        picked=None if found.picked is None else _line(found.picked),
    )


def _line(side: SideCommit) -> str:
    return f"{side.commit[:10]} {side.subject} ({side.author})"


def conflicts(queued: e.MergeQueued, report: ConflictReport, hand_back: str) -> e.MergeFailed:
    """Return the end of an operation that conflicts; `hand_back` is what its agent is to be told, if it is."""
    reason = in_words(report)
    return e.MergeFailed(op=queued.op, code="conflict", reason=reason, conflicts=report.files, hand_back=hand_back)


def unverified(queued: e.MergeQueued, command: str, found: Verified) -> e.MergeFailed:
    """Return the end of an operation whose check did not pass."""
    if found.outcome == "timed_out":
        code, how = "verify_timed_out", f"did not end within {found.seconds:.0f} s (merge_verify_timeout_secs)"
    else:
        code, how = "verify_failed", f"ended with {found.code}"
    reason = (
        f"`{command}` {how} on {queued.source} merged into {queued.target}, so nothing was published. "
        f"What it printed is in {found.log}; it ends with:\n{found.tail or '(nothing)'}"
    )
    return e.MergeFailed(op=queued.op, code=code, reason=reason)


def stale_note(stale: tuple[StaleCheckout, ...]) -> str:
    """Say which checkouts were not moved along, and what to do about it (design §6 rule 6)."""
    return "".join(f". The checkout {os.fspath(one.worktree)} was not moved along: {one.reason}" for one in stale)


def behind_note(behind: tuple[SubmodulesBehind, ...]) -> str:
    """Say which submodules of a checkout the operator has to update: nothing in them is touched by compas."""
    return "".join(
        f". In the checkout {one.worktree} {_listed(one.paths)} as before, and the merge names another commit: run "
        f"`git submodule update -- {' '.join(map(shlex.quote, one.paths))}` there"
        for one in behind
    )


def _listed(paths: tuple[str, ...]) -> str:
    return f"the submodule {paths[0]} is" if len(paths) == 1 else f"the submodules {', '.join(paths)} are"
