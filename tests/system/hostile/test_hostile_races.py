"""An agent exchanges things in another thread's worktree while compas works there: main and the checkout stay."""

import json
import sys
from pathlib import Path

import pytest

from tests.kit.system.workshop import Workshop
from tests.system.hostile import judge
from tests.system.hostile.attacker import ATTACKS

pytestmark = pytest.mark.system


def race(workshop: Workshop, attack: str, rounds: int) -> None:
    """Have a thread work, be looked at and committed, round after round, beside an attacker; judge after each."""
    repo, stop, outside = workshop.repo, workshop.root / "stop", workshop.root / "outside"
    tree = repo / ".compas-worktrees" / "victim"
    outside.mkdir()
    (outside / "file").write_text("OPERATOR\n")
    (repo / "README").write_text("OPERATOR edits\n")
    (repo / "mine.txt").write_text("OPERATOR\n")
    turns = [[{"write": f"work-{n}.txt", "text": f"{n}\n"}, {"reply": "Done."}] for n in range(rounds + 1)]
    program = f"'{sys.executable}' '{Path(__file__).parent / 'attacker.py'}' {attack} '{repo}' '{tree}' '{stop}'"
    workshop.configure(
        [
            workshop.agent("victim", *turns, workspace="worktree", commit="auto"),
            workshop.agent("attacker", [{"run": program}, {"reply": "Done."}], workspace="worktree"),
        ]
    )
    workshop.ask("dispatch", "victim", "work", "--thread", "victim", "--wait")
    before = judge.record(repo, (outside,), "compas/victim")
    main = judge.tip_of_main(repo)
    workshop.ask("dispatch", "attacker", "attack", "--thread", "attacker")
    workshop.until("execution.started", thread="attacker")
    # The attacker's own branch stands still, and is made by its dispatch.
    before.refs["refs/heads/compas/attacker"] = judge.git(repo, "rev-parse", "compas/attacker")
    faults = []
    for _ in range(rounds):
        said = [
            workshop("dispatch", "victim", "work", "--thread", "victim", "--wait", "--timeout", "50"),
            workshop("diff", "victim", "--stat"),
            workshop("commit", "victim", "by hand"),
            workshop("worktrees"),
        ]
        faults += [result.err for result in said if "Traceback" in result.err or "crashed" in result.err]
        faults += judge.changes(before, judge.record(repo, (outside,), "compas/victim"))
        assert faults == []
    stop.touch()
    workshop.ask("wait", "--thread-id", "attacker", "--timeout", "50")
    merged(workshop, repo, main)
    after = judge.record(repo, (outside,), "compas/victim")
    moved = judge.changed_paths(repo, main or "", judge.tip_of_main(repo) or "")
    assert judge.changes(before, after, moved=moved, landed=True) == []


def merged(workshop: Workshop, repo: Path, main: str | None) -> None:
    """Merge what the attacked thread has; only what was shown may land."""
    shown = workshop("diff", "victim", "--json")
    queued = workshop("merge", "victim", "--json")
    if queued.code == 0:
        workshop("wait-merge", "--op-id", json.loads(queued.out)["op_id"])
    now = judge.tip_of_main(repo)
    if now != main:
        answer = json.loads(shown.out)
        landing = judge.Landing(main or "", now or "", answer["tip"], answer["text"])
        assert judge.landing_faults(repo, landing) == []


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_exchange_at_the_wrong_moment_touches_nothing_of_the_operators(workshop: Workshop, attack: str) -> None:
    race(workshop, attack, rounds=2)


@pytest.mark.long
@pytest.mark.parametrize("attack", ATTACKS)
def test_an_exchange_at_any_moment_touches_nothing_of_the_operators(workshop: Workshop, attack: str) -> None:
    race(workshop, attack, rounds=60)
