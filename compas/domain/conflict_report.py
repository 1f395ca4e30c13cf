"""What is said of a merge that conflicts: to people, and to the agent that is to resolve it."""

from collections.abc import Sequence

import msgspec

from compas.domain import events as e


class ConflictReport(msgspec.Struct, frozen=True, kw_only=True):
    """Who conflicts where. `ours` and `theirs` are lines that each name a commit, on the target and on the source.

    `picked` names the one commit that does not apply, where each is made again on the target.
    """

    source: str
    target: str
    strategy: str
    files: tuple[e.Conflict, ...]
    ours: tuple[str, ...] = ()
    theirs: tuple[str, ...] = ()
    picked: str | None = None


def in_words(report: ConflictReport) -> str:
    """Return the report for people (design §6 rule 7)."""
    count = len(report.files)
    at = f", at {report.picked}" if report.picked else ""
    verb = {"rebase": "Rebase", "squash": "Squash merge"}.get(report.strategy, "Merge")
    lines = [f"{verb} conflict in {count} file(s){at}; {report.target} and {report.source} are as they were."]
    lines += [f"  {one.path}: {one.kind}" for one in report.files]
    lines += [f"  on {report.target}: {line}" for line in report.ours]
    lines += [f"  on {report.source}: {line}" for line in report.theirs]
    if report.strategy == "rebase":
        lines.append(f"Rebase {report.source} onto {report.target} and resolve it there, then merge again.")
    else:
        lines.append(f"Merge {report.target} into {report.source} and resolve it there, then merge again.")
    return "\n".join(lines)


def resolve_command(target: str, strategy: str) -> str:
    """Return the command that brings the target's changes onto the branch, so that this strategy applies then."""
    return f"git rebase {target}" if strategy == "rebase" else f"git merge {target}"


def resolve_task(source: str, target: str, strategy: str, paths: Sequence[str]) -> str:
    """Return the task in one line, ready to dispatch."""
    files = f" in {', '.join(paths[:10])}{', …' if len(paths) > 10 else ''}" if paths else ""
    return (
        f"Run `{resolve_command(target, strategy)}` on {source} and resolve the conflicts{files}, keeping what both "
        "sides meant; check that it still works, and commit."
    )


def for_agent(report: ConflictReport) -> str:
    """Return the text that hands the conflict back: what happened, who changed what, and what to do."""
    lines = [f"Your branch {report.source} could not be merged into {report.target}: both changed the same places."]
    if report.picked:
        lines.append(f"It stopped at your commit {report.picked}.")
    lines += ["", "Conflicts:", *(f"- {one.path} ({one.kind})" for one in report.files)]
    if report.ours:
        lines += ["", f"On {report.target} since you began:", *(f"- {line}" for line in report.ours)]
    if report.theirs:
        lines += ["", f"On {report.source}:", *(f"- {line}" for line in report.theirs)]
    lines += [
        "",
        "What to do:",
        f"1. Run `{resolve_command(report.target, report.strategy)}` in this worktree.",
        "2. Resolve every conflict so that both sides keep what they meant, and run what checks your work.",
        f"3. Commit the result on {report.source}. Leave {report.target} alone: it is merged once more after you.",
    ]
    return "\n".join(lines)
