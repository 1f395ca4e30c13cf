"""The judge of the hostile suite is shown faults that were planted, and has to name each of them."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.kit.system.workshop import Workshop
from tests.system.hostile import judge
from tests.system.hostile.flows import Case
from tests.system.hostile.hostile_stage import Place, Stage, open_stage
from tests.system.hostile.judge import Landing
from tests.system.hostile.kinds.kind import Kind

pytestmark = pytest.mark.system

HARMLESS = Kind("nothing-hostile", "nothing", ":", "honest")
REFUSED = Kind("nothing-hostile-but-to-be-refused", "nothing", ":", "refused", ("unheard of",))


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


PLANTS: dict[str, Callable[[Place], object]] = {
    "refs: refs/heads/main": lambda place: judge.git(place.repo, "update-ref", "refs/heads/main", "release"),
    "refs: refs/heads/evil": lambda place: judge.git(place.repo, "branch", "evil"),
    "refs: refs/heads/release": lambda place: judge.git(place.repo, "branch", "-D", "release"),
    "settings: HEAD": lambda place: judge.git(place.repo, "symbolic-ref", "HEAD", "refs/heads/release"),
    "settings: index": lambda place: judge.git(place.repo, "rm", "-q", "--cached", "README"),
    "settings: config": lambda place: judge.git(place.repo, "config", "core.fsmonitor", "x"),
    "settings: hooks/pre-commit": lambda place: write(place.repo / ".git" / "hooks" / "pre-commit", "x"),
    "settings: info/attributes": lambda place: write(place.repo / ".git" / "info" / "attributes", "x"),
    "checkout: README": lambda place: write(place.repo / "README", "changed"),
    "checkout: mine.txt": lambda place: (place.repo / "mine.txt").unlink(),
    "checkout: edited.txt": lambda place: (place.repo / "edited.txt").chmod(0o777),
    "checkout: new/file": lambda place: write(place.repo / "new" / "file", "x"),
    "checkout: second.txt": lambda place: link_in_place_of(place.repo / "second.txt"),
    "etc/passwd": lambda place: (place.out / "etc" / "passwd").unlink(),
    "a canary ran": lambda place: write(place.marks, "canary by git\n"),
}


def link_in_place_of(path: Path) -> None:
    path.rename(path.with_suffix(".old"))
    path.symlink_to(path.with_suffix(".old"))


class Faulty(Stage):
    """A stage on which compas does what it must not, in the moment in which it goes on."""

    def __init__(self, shop: Workshop, kind: Kind, plant: Callable[[Place], object]) -> None:
        self.plant = plant
        super().__init__(shop, [kind], "auto")

    def open_gate(self, kind: Kind) -> None:
        self.plant(self.place(kind))
        super().open_gate(kind)


@pytest.mark.parametrize("named", PLANTS)
def test_each_planted_change_is_named(tmp_path: Path, workshop: Workshop, named: str) -> None:
    stage = Stage(workshop, [HARMLESS], "auto")
    stage.make_place(HARMLESS)
    place = stage.place(HARMLESS)
    before = judge.record(place.repo, (place.out,), "compas/t1")
    assert judge.changes(before, judge.record(place.repo, (place.out,), "compas/t1")) == []
    PLANTS[named](place)
    after = judge.record(place.repo, (place.out,), "compas/t1")
    found = judge.changes(before, after) + [f"a canary ran: {mark}" for mark in judge.marks(place.marks)]
    assert any(named in fault for fault in found), found
    # A merge into main may move main and nothing else of this.
    after_landing = judge.changes(before, after, moved=(), landed=True) + judge.marks(place.marks)
    assert after_landing or named in ("refs: refs/heads/main", "settings: index")


def test_a_fault_of_compas_is_named_when_a_hostile_agents_work_is_judged(tmp_path: Path, workshop: Workshop) -> None:
    stage = Faulty(workshop, HARMLESS, lambda place: judge.git(place.repo, "update-ref", "refs/heads/evil", "main"))
    case = Case(stage, HARMLESS)
    case.begin()
    assert [fault for fault in case.faults if "refs/heads/evil was None" in fault]


def test_work_that_lands_and_words_that_are_missing_are_named(tmp_path: Path) -> None:
    with open_stage(tmp_path, [REFUSED]) as stage:
        case = Case(stage, REFUSED)
        case.begin()
        case.diff()
        case.merge()
        case.finish()
    assert "it landed, and had to be refused" in case.faults
    assert any("names any of ('unheard of',)" in fault for fault in case.faults)
    assert len(case.faults) == 2


@pytest.mark.parametrize(
    ("paths", "shown_tip", "shown_diff", "named"),
    [
        ({"work.txt": "fine\n"}, "landed", "", ""),
        ({"work.txt": "EVIL\n"}, "landed", "+EVIL", ""),
        ({"work.txt": "EVIL\n"}, "landed", "", "nobody was shown"),
        ({"work.txt": "OPERATOR\n"}, "landed", "+OPERATOR", "not committed"),
        ({"evil/x": "fine\n"}, "landed", "", "path evil/x"),
        ({"work.txt": "fine\n"}, "main", "", "people were shown"),
        ({"work.txt": "fine\n"}, "", "", "nobody was shown"),
    ],
)
def test_what_lands_is_compared_with_what_was_shown(
    workshop: Workshop, paths: dict[str, str], shown_tip: str, shown_diff: str, named: str
) -> None:
    repo = workshop.repo
    workshop.git("switch", "-q", "-c", "landed")
    for path, text in paths.items():
        write(repo / path, text)
    workshop.git("add", "-A")
    workshop.git("commit", "-q", "-m", "landed")
    old, new = workshop.git("rev-parse", "main"), workshop.git("rev-parse", "landed")
    shown = workshop.git("rev-parse", shown_tip) if shown_tip else ""
    faults = judge.landing_faults(repo, Landing(old, new, shown, shown_diff))
    assert [named in fault for fault in faults] == ([True] if named else [])


def test_a_target_that_lost_a_commit_is_named(workshop: Workshop) -> None:
    workshop.git("commit", "-q", "--allow-empty", "-m", "second")
    old, new = workshop.git("rev-parse", "main"), workshop.git("rev-parse", "main~1")
    assert any("lost" in fault for fault in judge.landing_faults(workshop.repo, Landing(old, new, new, "")))


def test_a_canary_tells_an_agent_from_anybody_else(workshop: Workshop) -> None:
    stage = Stage(workshop, [HARMLESS], "auto")
    stage.make_place(HARMLESS)
    place = stage.place(HARMLESS)
    canary = os.fspath(place.root / "canary")
    workshop.run([canary, "clean"], env={"COMPAS_EXECUTION": "x"})
    assert judge.marks(place.marks) == []
    workshop.run([canary, "clean"])
    (mark,) = judge.marks(place.marks)
    assert f"{canary} clean by" in mark
