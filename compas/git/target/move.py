"""How a target came from where it was known to where it is: forward or not, and over whose commits."""

from dataclasses import dataclass
from typing import Final

import trio

from compas.domain.target import THREADS
from compas.git.command import LONG_LIMIT, Git, shown
from compas.git.naming import BRANCHES
from compas.git.protocol.targets import FindMove, Move, MovedCommit
from compas.git.repository import has_commit, is_ancestor, whereabouts
from compas.git.target.checkout_log import commits_made_in_checkouts

_FIELDS: Final = ("%H", "%P", "%D", "%s")
_SHOWN: Final = ("--no-color", "--no-show-signature", "--no-notes", "--encoding=UTF-8", "--decorate=full")


@dataclass(frozen=True, slots=True)
class Found:
    """A commit that neither the known one, nor anything published or fetched, contains; `threads` point at it."""

    parents: tuple[str, ...]
    threads: tuple[str, ...]
    subject: str


async def find_move(request: FindMove) -> Move:
    """Walk the target's own way, its first parents, back to the known commit, and name what threads made on it.

    A commit counts as a thread's where one of its branches, or a commit that the log knows of it, contains it; but not
    one that its branch began with, that compas has published, that was fetched from elsewhere, or that was made in a
    checkout of the operator's and taken over by the thread. One git process where the target has moved, two more where
    something is found.
    """
    git = Git(request.repo)
    if not await has_commit(git, request.known):
        return Move(is_forward=False, commits=())  # without a commit to start from, everything would be new
    is_forward = await is_ancestor(git, request.known, request.now)
    graph = await _new_commits(git, request)
    way = _first_parents(graph, request.now)
    makers = _makers(graph, way, request)
    if makers:
        _, common_dir = await whereabouts(git)
        made = await trio.to_thread.run_sync(commits_made_in_checkouts, common_dir)
        makers = {commit: thread for commit, thread in makers.items() if commit not in made}
    commits = tuple(
        MovedCommit(commit=one, thread=makers[one], subject=graph[one].subject) for one in way if one in makers
    )
    return Move(is_forward=is_forward, commits=commits)


async def _new_commits(git: Git, request: FindMove) -> dict[str, Found]:
    """Return what the target and the threads have beyond the known commit, published ones and what was fetched."""
    lines = [request.now, *(tip.commit for tip in request.threads)]
    lines += [f"^{commit}" for commit in (request.known, *request.published)]
    output = await git.run(
        "log", "-z", f"--format=tformat:{'%x00'.join(_FIELDS)}", *_SHOWN, f"--decorate-refs={BRANCHES}{THREADS}*",
        "--ignore-missing", "--stdin", f"--branches={THREADS}*",
        "--not", f"--exclude=*/{THREADS}*", "--remotes", "--",
        stdin="".join(f"{line}\n" for line in lines).encode(), time_limit=LONG_LIMIT,
    )  # fmt: skip
    fields = output.stdout.split(b"\0")
    width = len(_FIELDS)
    graph = {}
    for at in range(0, len(fields) - 1, width):
        commit, parents, refs, subject = (shown(one) for one in fields[at : at + width])
        graph[commit] = Found(tuple(parents.split()), _threads_of(refs), subject)
    return graph


def _threads_of(refs: str) -> tuple[str, ...]:
    prefix = BRANCHES + THREADS
    return tuple(ref.removeprefix(prefix) for ref in refs.split(", ") if ref.startswith(prefix))


def _first_parents(graph: dict[str, Found], tip: str) -> list[str]:
    way: list[str] = []
    at: str | None = tip
    while at is not None and at in graph:
        way.append(at)
        at = next(iter(graph[at].parents), None)
    return way


def _makers(graph: dict[str, Found], way: list[str], request: FindMove) -> dict[str, str]:
    """Return the commits on the way that a thread contains, and which thread."""
    tips = {(thread, commit) for commit, found in graph.items() for thread in found.threads}
    tips |= {(tip.thread, tip.commit) for tip in request.threads}
    # What was there before a thread began is none of its work, however it came into the target.
    begun = {tip.thread: _contained(graph, tip.base) for tip in request.threads if tip.base}
    on_the_way, makers = set(way), dict[str, str]()
    for thread, tip in sorted(tips):
        for commit in (_contained(graph, tip) - begun.get(thread, set())) & on_the_way:
            makers.setdefault(commit, thread)
    return makers


def _contained(graph: dict[str, Found], tip: str) -> set[str]:
    seen, waiting = set[str](), [tip]
    while waiting:
        commit = waiting.pop()
        if commit in graph and commit not in seen:
            seen.add(commit)
            waiting.extend(graph[commit].parents)
    return seen
