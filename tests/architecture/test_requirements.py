"""Requirements and tests name each other: nothing is claimed that no test shows, and no claim is forgotten."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.architecture.proofs import read_proofs
from tests.architecture.requirements import DOCUMENT, REQUIREMENTS, document, problems, read_rows, sizes, synced

Plant = Callable[[dict[str, str]], Path]

ROWS = """\
[[requirement]]
id = "a-core 1"
says = "Water is wet."
test = "tests/test_water.py::test_water_is_wet"

[[requirement]]
id = "a-core 2"
says = "Fire is cold."
superseded = "Fire is hot (design §1)."

[[requirement]]
id = "a-core 3"
says = "Snow is white."
test = "todo"
"""

TESTS = """\
# proves: a-core 1
def test_water_is_wet():
    pass
"""


def test_the_requirements_and_the_tests_agree(repository: Path) -> None:
    assert problems(repository) == []


def test_there_are_439_requirements(repository: Path) -> None:
    assert sum(sizes().values()) == len(read_rows(repository)) == 439


def test_the_document_is_current(repository: Path) -> None:
    written = (repository / DOCUMENT).read_text(encoding="utf-8")
    assert document(read_rows(repository)) == written, "run `python -m tests.architecture.requirements sync`"


def test_a_tree_in_which_everything_agrees_has_no_problems(plant: Plant) -> None:
    assert problems(plant({REQUIREMENTS: ROWS, "tests/test_water.py": TESTS}), {"a-core": 3}) == []


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("a-core 3", "a-core 4", "a-core 3: is missing"),
        ("a-core 3", "a-core 4", "a-core 4: is no row of ours"),
        ("a-core 3", "a-core 2", "a-core 2: is there 2 times"),
        ("Snow is white.", "", "a-core 3: `says` is not a sentence"),
        ("Snow is white.", "Water is wet.", "a-core 3: another row says the same"),
        ('test = "todo"', "", "a-core 3: has to have either"),
        ('test = "todo"', 'test = "todo"\nsuperseded = "No."', "a-core 3: has to have either"),
        ("Fire is hot (design §1).", "", "a-core 2: `superseded` gives no reason"),
        ('test = "todo"', "test = []", "a-core 3: names no test"),
        (
            '"todo"',
            '"tests/test_water.py::test_snow"',
            "tests/test_water.py::test_snow, which does not exist",
        ),
        ('"todo"', '"tests/test_water.py::test_water_is_wet"', "has no line `# proves: a-core 3`"),
        ('"tests/test_water.py::test_water_is_wet"', '"todo"', "a-core 1: does not name tests/test_water.py"),
    ],
)
def test_a_fault_in_the_requirements_is_found(plant: Plant, old: str, new: str, problem: str) -> None:
    tree = plant({REQUIREMENTS: ROWS.replace(old, new), "tests/test_water.py": TESTS})
    assert any(problem in line for line in problems(tree, {"a-core": 3}))


@pytest.mark.parametrize(
    ("tests", "problem"),
    [
        (TESTS.replace("a-core 1", "a-core 1, a-core 3"), "a-core 3: does not name tests/test_water.py"),
        (TESTS.replace("a-core 1", "a-core 1, 3"), "cites '3'; a citation is"),
        (TESTS.replace("a-core 1", "a-core 1, a-core 2"), "cites a-core 2, which is superseded"),
        (TESTS.replace("def test_", "\ndef test_"), "tests/test_water.py:1: no test function directly below"),
        (TESTS.replace("def test_", "def "), "tests/test_water.py:1: no test function directly below"),
        (TESTS.replace("def ", "@pytest.mark.skip(reason='wet')\ndef "), "a test marked skip proves nothing"),
        (TESTS.replace("def ", "@pytest.mark.xfail\ndef "), "a test marked xfail proves nothing"),
    ],
)
def test_a_citation_that_cannot_count_is_found(plant: Plant, tests: str, problem: str) -> None:
    tree = plant({REQUIREMENTS: ROWS, "tests/test_water.py": tests})
    assert any(problem in line for line in problems(tree, {"a-core": 3}))


def test_a_citation_may_stand_above_decorators_and_among_other_comments(plant: Plant) -> None:
    text = "x = 1\n# proves: a-core 1\n# because of the sea\n@slow\n@salty(\n    1)\nasync def test_sea(): ...\n"
    assert read_proofs(plant({"tests/test_sea.py": text})).cited == {"a-core 1": ["tests/test_sea.py::test_sea"]}


def test_a_citation_inside_a_string_is_none(plant: Plant) -> None:
    text = f"TEXT = '''\n{TESTS}'''\n\ndef test_other(): ...\n"
    proofs = read_proofs(plant({"tests/test_sea.py": text}))
    assert (proofs.cited, proofs.stray) == ({}, [])


def test_syncing_writes_what_the_tests_cite_and_changes_nothing_else(plant: Plant) -> None:
    more = "# proves: a-core 3\ndef test_snow(): ...\n\n# proves: a-core 3\ndef test_ice(): ...\n"
    tree = plant({REQUIREMENTS: ROWS, "tests/test_cold.py": more})
    text = synced(ROWS, read_proofs(tree))
    expected = ROWS.replace('"todo"', '["tests/test_cold.py::test_snow", "tests/test_cold.py::test_ice"]')
    assert text == expected.replace('"tests/test_water.py::test_water_is_wet"', '"todo"')
    (tree / REQUIREMENTS).write_text(text, encoding="utf-8")
    assert problems(tree, {"a-core": 3}) == []


def test_the_document_shows_sentence_state_and_proof(plant: Plant) -> None:
    text = document(read_rows(plant({REQUIREMENTS: ROWS})))
    assert "| a-core | 1 | 1 | 1 |" in text
    assert "| a-core 1 | Water is wet. | proved by `tests/test_water.py::test_water_is_wet` |" in text
    assert "| a-core 2 | Fire is cold. | superseded: Fire is hot (design §1). |" in text
    assert "| a-core 3 | Snow is white. | open |" in text
