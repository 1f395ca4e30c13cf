"""The skill comes, is brought up to date and goes, and what a person has changed of it stays."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compas.setup.errors import SetupError
from compas.setup.skill.placing import marked, place_skill, skill_text, standing, take_skill

texts = st.text(max_size=200)


@pytest.fixture
def skills(tmp_path: Path) -> Path:
    """Return where an editor that has never had a skill reads them."""
    return tmp_path / "editor" / "skills"


def test_it_comes_once_and_goes_without_a_trace(skills: Path) -> None:
    assert [place_skill(skills).outcome for _ in range(2)] == ["changed", "unchanged"]
    assert (skills / "orchestrate" / "SKILL.md").read_text().startswith(skill_text())
    assert [take_skill(skills).outcome for _ in range(2)] == ["changed", "unchanged"]
    assert list(skills.iterdir()) == []


def test_an_older_one_is_brought_up_to_date(skills: Path) -> None:
    place_skill(skills)
    file = skills / "orchestrate" / "SKILL.md"
    file.write_text(marked("what an older version said\n"))
    assert place_skill(skills).outcome == "changed"
    assert file.read_text() == marked(skill_text())
    assert [one.name for one in file.parent.iterdir()] == ["SKILL.md"]


@pytest.mark.parametrize("theirs", ["mine\n", "", skill_text(), marked(skill_text()).replace("agents", "helpers", 1)])
def test_what_a_person_wrote_is_left_and_said(skills: Path, theirs: str) -> None:
    file = skills / "orchestrate" / "SKILL.md"
    file.parent.mkdir(parents=True)
    file.write_text(theirs)
    for act in (place_skill, take_skill):
        with pytest.raises(SetupError, match="was not touched"):
            act(skills)
    assert file.read_text() == theirs


def test_what_a_person_put_beside_it_stays(skills: Path) -> None:
    place_skill(skills)
    notes = skills / "orchestrate" / "notes.md"
    notes.write_text("mine")
    take_skill(skills)
    assert notes.read_text() == "mine"


def test_only_saying_what_would_be_done_does_nothing(skills: Path) -> None:
    assert "would write" in place_skill(skills, is_dry=True).text
    assert not skills.exists()
    place_skill(skills)
    assert "would remove" in take_skill(skills, is_dry=True).text
    assert place_skill(skills).outcome == "unchanged"


@given(texts, texts)
def test_a_skill_is_known_again_whatever_it_says(old: str, new: str) -> None:
    assert standing(marked(new), new) == "current"
    assert standing(marked(old), new) == ("current" if old == new else "older")
    assert standing(None, new) == "absent"


@given(texts, texts.filter(bool), st.data())
def test_a_word_more_or_less_makes_it_a_persons(text: str, more: str, data: st.DataObject) -> None:
    held = marked(text)
    at = data.draw(st.integers(0, len(held)))
    assert standing(held[:at] + more + held[at:], text) in ("foreign", "current")
    assert standing(more + held, text) == "foreign"
