"""What a target is: a branch of people's, moved by people and by compas, and never by an agent unseen."""

import re
import shlex
from typing import Final

import msgspec

from compas.domain import events as e
from compas.domain.advice import Said, advise, say
from compas.domain.decision import Refusal

THREADS: Final = "compas/"
"""What the branches of threads begin with."""
THREAD_BRANCH: Final = "thread_branch"
"""The code of a refusal of one as a target."""
NAMED: Final = 5
"""How many commits a refusal names."""

_COMMIT: Final = re.compile(r"[0-9a-f]{7,64}")


def is_thread_branch(branch: str) -> bool:
    """Say whether a branch, by its short or full name, is reserved for threads.

    The spelling does not count: some file systems know no case, and there the names are one branch.
    """
    name = branch.casefold()
    for prefix in ("refs/", "heads/"):
        name = name.removeprefix(prefix)
    return name.startswith(THREADS)


def refuse_thread_branch(target: str, leads_to: str = "") -> Refusal:
    """Refuse a target that belongs to a thread; `leads_to` is the branch of which it is only another name."""
    return Refusal(code=THREAD_BRANCH, message=why_thread_branch(target, leads_to))


def why_thread_branch(target: str, leads_to: str = "") -> str:
    """Say so in words."""
    what = f"{target} is another name of {leads_to}, a branch" if leads_to else f"{target} is a branch"
    return f"{what} that a thread works on, and nothing is merged into those; name a branch of your own (--target)"


class Sight(msgspec.Struct, frozen=True, kw_only=True):
    """A target as git shows it beside what the log knew of it at that moment.

    `known` is empty where the log knows nothing; `start` is then where the first worktree began, if any did. It went
    forward where `now` contains `start`; `commits` are those on its own way since then (first parents) that a thread
    has made, the newest first, and that compas has not published.
    """

    known: str
    now: str
    start: str = ""
    is_forward: bool = True
    commits: tuple[e.ThreadCommit, ...] = ()


def judge(sight: Sight) -> e.TargetSeen | e.TargetHeld:
    """Say whether a target is where people or compas have brought it (docs/decisions/0022)."""
    if sight.now == sight.known:
        return e.TargetSeen(commit=sight.now, how="back")
    if sight.is_forward and not sight.commits:
        return e.TargetSeen(commit=sight.now, how="forward" if sight.known else "first")
    return e.TargetHeld(
        known=sight.start or sight.known,
        found=sight.now,
        why="thread_commits" if sight.is_forward else "rewound",
        commits=sight.commits[:NAMED],
        count=len(sight.commits),
    )


def is_held(sight: Sight) -> bool:
    """Say whether nothing is merged into a target as it is now, unless somebody accepts that."""
    return isinstance(judge(sight), e.TargetHeld)


def refuse_acceptance(accepted: str, target: str, now: str) -> Refusal | None:
    """Say why the commit that somebody accepts is not the one the target is at; None where it is."""
    given = accepted.lower()
    if _COMMIT.fullmatch(given) is None:
        sentence = f"{accepted!r} names no commit; give the one {target} is at, by 7 or more of its digits"
        return Refusal(code="bad_commit", message=sentence)
    if not now.startswith(given):
        sentence = f"{target} is at {now}, not at {accepted}; look at what was added since, then decide about that"
        return Refusal(code="not_the_tip", message=sentence)
    return None


def refuse_held(held: e.TargetHeld, *, repository: str, target: str, thread: str) -> Refusal:
    """Say from where to where a target was moved, whose commits it is on now, and how a person decides about it."""
    remedies = _remedies(held, repository, target, thread)
    return Refusal(code="target_moved", message=say(f"{why_held(held, target)} ", remedies))


def why_held(held: e.TargetHeld, target: str) -> str:
    """Say in words what was found of a target that was moved by nobody compas knows."""
    moved = f"nothing is merged into {target}: it was moved from {held.known[:12]} to {held.found[:12]}, not by compas"
    threads = ", ".join(sorted({one.thread for one in held.commits}))
    if held.count == 0:
        return f"{moved}, and does not contain {held.known[:12]} any longer."
    listed = "; ".join(f"{one.commit[:12]} {one.subject}".strip() for one in held.commits)
    more = f" and {held.count - len(held.commits)} more" if held.count > len(held.commits) else ""
    lost = f", and does not contain {held.known[:12]} any longer" if held.why == "rewound" else ""
    work = f"work of thread {threads} that was never merged ({held.count} commits: {listed}{more})"
    return f"{moved}{lost}. It is on {work} now."


def _remedies(held: e.TargetHeld, repository: str, target: str, thread: str) -> Said:
    put_back = f"git -C {shlex.quote(repository)} update-ref refs/heads/{shlex.quote(target)} {held.known} {held.found}"
    return say(
        "The operator decides, nobody else. To put it back: "
        f"`{put_back}`; a checkout of {target} that shows the difference as changes nobody made is clean again then. "
        "To keep it as it is: `",
        advise("merge", thread_id=thread, target_branch=target, accept_target=held.found[:12]),
        "`.",
    )
