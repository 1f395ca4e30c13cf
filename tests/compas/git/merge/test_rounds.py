"""Eight threads merge into two branches while an operator commits and rebases: whatever is done, nothing is lost."""

import random
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest
import trio

from compas.git.merge.sides import STRATEGIES
from compas.git.protocol.client import GitWorker
from compas.git.protocol.merging import Conflicts, Prepared, PrepareMerge, Published, PublishMerge, Refused, TargetMoved
from tests.kit.ceiling import CEILING
from tests.kit.git.git_operator import Repo

pytestmark = pytest.mark.system

THREADS = 8
TARGETS = ("main", "develop")
SHARED = "shared.txt"
TRIES = 40
SPARE = "untouched.txt"
"""A file that only the operator edits, and never commits."""


@dataclass
class Place:
    """A repository whose two targets are checked out, main in its own checkout and develop beside it."""

    repo: Repo
    beside: Path
    number: int = 0
    subjects: list[str] = field(default_factory=list)
    """Every commit that the operator made on a target."""
    merged: list[tuple[str, str, str]] = field(default_factory=list)
    """Target, new commit and the thread's own file, of every merge that was published."""
    outcomes: dict[str, int] = field(default_factory=dict)

    def checkout_of(self, target: str) -> Path:
        return self.repo.path if target == "main" else self.beside

    def count(self, what: str) -> None:
        self.outcomes[what] = self.outcomes.get(what, 0) + 1


def make_place(repo: Repo, beside: Path) -> Place:
    repo.commit("begin", **{SHARED.replace(".", "_"): "0\n", SPARE.replace(".", "_"): "as it was\n"})
    repo.git("branch", "develop")
    repo.git("worktree", "add", "-q", str(beside), "develop")
    return Place(repo, beside)


def branch_off(place: Place, chance: random.Random) -> list[str]:
    """Make a branch for each thread with one to three commits; some of them change what others change too."""
    stream, branches = "", []
    for thread in range(THREADS):
        name = f"r{place.number}-t{thread}"
        branches.append(name)
        start = chance.choice(TARGETS)
        for number in range(chance.randint(1, 3)):
            path, text = f"{name}.txt", f"{name} {number}\n"
            begin = f"from refs/heads/{start}\n" if number == 0 else ""
            subject = f"{name} {number}"
            stream += f"commit refs/heads/compas/{name}\ncommitter T <t@e> {place.number} +0000\n"
            stream += f"data {len(subject)}\n{subject}\n{begin}M 100644 inline {path}\ndata {len(text)}\n{text}\n"
            if chance.random() < 0.1:
                stream += f"M 100644 inline {SHARED}\ndata {len(name) + 1}\n{name}\n\n"
    place.repo.git("fast-import", "--quiet", stdin=stream)
    return branches


async def merge_all(place: Place, worker: GitWorker, target: str, wanted: list[tuple[str, str]]) -> None:
    """Merge these branches one after the other, as the actor of a target does."""
    for branch, strategy in wanted:
        op = f"{branch}-{target}"
        for _ in range(TRIES):
            found = await worker.ask(
                PrepareMerge(
                    repo=str(place.repo), op=op, source=f"compas/{branch}", target=target, message="", strategy=strategy
                )
            )
            if not isinstance(found, Prepared) or found.new == found.target_old:
                place.count(type(found).__name__.lower())
                assert isinstance(found, Prepared | Conflicts), found
                break
            published = await worker.ask(PublishMerge(repo=str(place.repo), op=op, prepared=found))
            if isinstance(published, Published):
                assert published.stale == (), published
                place.merged.append((target, found.new, f"{branch}.txt"))
                place.count(found.kind)
                break
            assert isinstance(published, TargetMoved | Refused)
            place.count("moved" if isinstance(published, TargetMoved) else published.code)
        else:
            place.count("given up")


def operate(place: Place, chance: random.Random, target: str, step: int) -> None:
    """Do something on a target by hand; what git refuses, because compas is at work there, is tried again or left."""
    at = place.checkout_of(target)
    subject = f"operator {place.number}.{step} on {target}"
    name = f"op-{place.number}-{step}-{target}.txt"
    if chance.random() < 0.3:
        place.repo.write(SPARE, f"{subject}\n", at=at)
    if chance.random() < 0.7:
        commit_by_hand(place, at, name, subject)
    else:
        rebase_by_hand(place, at, target, name, subject)


def commit_by_hand(place: Place, at: Path, name: str, subject: str) -> None:
    place.repo.write(name, f"{subject}\n", at=at)
    for _ in range(TRIES):
        place.repo.git("add", name, at=at, check=False)
        place.repo.git("commit", "-q", "-m", subject, "--", name, at=at, check=False)
        if subject in place.repo.git("log", "-3", "--format=%s", at=at).split("\n"):
            place.subjects.append(subject)
            return
    raise AssertionError(f"{subject} could not be committed")


def rebase_by_hand(place: Place, at: Path, target: str, name: str, subject: str) -> None:
    """Work on a branch in a third checkout, rebase it onto the target, and take it over where that moves forward."""
    desk = place.beside.parent / f"desk-{target}"
    if not desk.exists():
        place.repo.git("worktree", "add", "-q", "--detach", str(desk), target)
    place.repo.git("checkout", "-q", "--detach", f"{target}~1", at=desk, check=False)
    place.repo.write(name, f"{subject}\n", at=desk)
    place.repo.git("add", name, at=desk)
    place.repo.git("commit", "-q", "-m", subject, at=desk)
    for _ in range(TRIES):
        place.repo.git("rebase", "-q", target, at=desk)
        tip = place.repo.git("rev-parse", "HEAD", at=desk)
        place.repo.git("merge", "-q", "--ff-only", tip, at=at, check=False)
        if place.repo.contains(target, tip):
            place.subjects.append(subject)
            return
    raise AssertionError(f"{subject} could not be taken over")


async def play_round(place: Place, worker: GitWorker, chance: random.Random) -> None:
    place.number += 1
    wanted: dict[str, list[tuple[str, str]]] = {target: [] for target in TARGETS}
    for branch in branch_off(place, chance):
        wanted[chance.choice(TARGETS)].append((branch, chance.choice(STRATEGIES)))

    async def by_hand(target: str) -> None:
        for step in range(chance.randint(1, 3)):
            await trio.to_thread.run_sync(partial(operate, place, random.Random(chance.random()), target, step))

    async with trio.open_nursery() as nursery:
        for target in TARGETS:
            nursery.start_soon(merge_all, place, worker, target, wanted[target])
        for target in chance.sample(TARGETS, chance.randint(1, 2)):
            nursery.start_soon(by_hand, target)
    check_round(place)


def check_round(place: Place) -> None:
    log = {target: place.repo.git("log", "--format=%H %s", target).split("\n") for target in TARGETS}
    subjects = {line.split(" ", 1)[1] for lines in log.values() for line in lines}
    assert [subject for subject in place.subjects if subject not in subjects] == [], "an operator's commit is gone"
    commits = {target: {line.split(" ", 1)[0] for line in lines} for target, lines in log.items()}
    assert [one for one in place.merged if one[1] not in commits[one[0]]] == [], "a merged commit is gone"
    for target in TARGETS:
        at = place.checkout_of(target)
        files = set(place.repo.git("ls-tree", "-r", "--name-only", target).split("\n"))
        assert {name for into, _, name in place.merged if into == target} <= files, "a merge was reverted"
        changed = place.repo.status(at=at).split("\n")
        assert set(changed) <= {"", f" M {SPARE}"}, f"the checkout of {target} looks like something else"


async def play(repo: Repo, beside: Path, worker: GitWorker, rounds: int, seed: int) -> dict[str, int]:
    place, chance = make_place(repo, beside), random.Random(seed)
    for _ in range(rounds):
        with trio.fail_after(CEILING):
            await play_round(place, worker, chance)
    assert not (repo.path / ".git" / "compas-merge").exists()
    return place.outcomes


async def test_nothing_is_lost_between_merges_and_an_operator_at_work(
    repo: Repo, worker: GitWorker, tmp_path: Path
) -> None:
    outcomes = await play(repo, tmp_path / "beside", worker, 10, seed=0)
    assert sum(outcomes.get(kind, 0) for kind in ("merge", "rebase", "squash", "fast_forward")) > 40, outcomes


@pytest.mark.long
@pytest.mark.parametrize("part", range(1, 11))
async def test_nothing_is_lost_in_hundreds_of_rounds(repo: Repo, worker: GitWorker, tmp_path: Path, part: int) -> None:
    outcomes = await play(repo, tmp_path / "beside", worker, 50, seed=part)
    assert outcomes.get("given up", 0) == 0, outcomes
