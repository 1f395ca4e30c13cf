"""A dispatch works in what is named, else in the agent's own, else where the caller stands, else in the default."""

from collections.abc import Sequence

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from compas.domain.decision import Refusal
from compas.domain.which_repository import (
    Chosen,
    Listed,
    Surroundings,
    choose,
    find_named,
    note_of,
    refuse_another,
    refuse_unlisted,
)

LISTED = tuple(Listed(path=path, spelt=path) for path in ("/src/app", "/src/lib", "/old/lib"))
PATHS = [one.path for one in LISTED]
ANYWHERE = st.sampled_from([*PATHS, "/elsewhere"]) | st.none()


@st.composite
def surroundings(draw: st.DrawFn) -> Surroundings:
    return Surroundings(
        listed=LISTED,
        default=draw(st.sampled_from(PATHS) | st.none()),
        has_own=draw(st.booleans()),
        agents_own=draw(ANYWHERE),
        stands_in=draw(ANYWHERE),
        works_in=draw(ANYWHERE),
    )


def around(**more: object) -> Surroundings:
    return Surroundings(**{"listed": LISTED, "default": "/src/app", **more})


@given(surroundings(), st.sampled_from(PATHS))
def test_what_is_named_beats_everything(where: Surroundings, named: str) -> None:
    assert choose(where, named) == Chosen(repository=named, by="named")


@given(surroundings())
def test_without_a_name_the_first_that_says_something_decides(where: Surroundings) -> None:
    chosen = choose(where, None)
    in_order = [
        (where.has_own, where.agents_own, "agent"),
        (where.stands_in in PATHS, where.stands_in, "caller"),
        (where.works_in in PATHS, where.works_in, "caller"),
        (True, where.default, "default"),
    ]
    says, repository, by = next(one for one in in_order if one[0])
    assert says
    assert (chosen.repository, chosen.by) == (repository, by)


@given(surroundings())
def test_nothing_but_the_agents_own_directory_leads_to_a_repository_that_is_not_listed(where: Surroundings) -> None:
    chosen = choose(where, None)
    assert chosen.by == "agent" or chosen.repository in {*PATHS, None}


@given(surroundings())
def test_a_caller_in_an_unlisted_repository_is_told_whenever_the_default_came_instead(where: Surroundings) -> None:
    chosen = choose(where, None)
    stands_apart = where.stands_in is not None and where.stands_in not in PATHS
    assert (chosen.passed_over is not None) == (chosen.by == "default" and stands_apart)
    note = note_of(chosen, "/default", is_person=True)
    assert (note is not None) == (chosen.passed_over is not None)
    if note is not None:
        assert str(where.stands_in) in note
        assert (chosen.repository or "/default") in note


def test_only_a_person_is_told_how_a_repository_is_listed() -> None:
    chosen = choose(around(stands_in="/elsewhere"), None)
    assert "compas init" in (note_of(chosen, "/src/app", is_person=True) or "")
    assert "compas init" not in (note_of(chosen, "/src/app", is_person=False) or "")


@pytest.mark.parametrize(
    ("wanted", "stands_in", "found"),
    [
        ("app", None, "/src/app"),
        ("/src/app", "/src/app", "/src/app"),
        ("/src/lib/deep/down", "/src/lib", "/src/lib"),
        ("/a/link", "/old/lib", "/old/lib"),
    ],
)
def test_a_repository_is_named_by_its_directory_or_by_any_path_in_it(
    wanted: str, stands_in: str | None, found: str
) -> None:
    assert find_named(LISTED, wanted, stands_in) == found


@pytest.mark.parametrize(
    ("wanted", "stands_in", "code", "says"),
    [
        ("lib", None, "ambiguous_repository", ("/src/lib", "/old/lib")),
        ("web", None, "unknown_repository", ("'web'", "app (/src/app)")),
        ("/elsewhere", "/elsewhere", "unknown_repository", ("/elsewhere", "/src/lib")),
        ("/nothing", None, "unknown_repository", ("/nothing",)),
    ],
)
def test_a_name_that_leads_nowhere_or_to_several_is_refused_with_what_there_is(
    wanted: str, stands_in: str | None, code: str, says: Sequence[str]
) -> None:
    refusal = find_named(LISTED, wanted, stands_in)
    assert isinstance(refusal, Refusal)
    assert refusal.code == code
    assert all(text in str(refusal.message) for text in says)


@given(st.text(), st.none() | st.text())
def test_any_name_is_found_or_refused(wanted: str, stands_in: str | None) -> None:
    found = find_named(LISTED, wanted, stands_in)
    assert isinstance(found, Refusal) or found in PATHS


def test_refusals_say_which_repository_a_thread_has_and_that_its_work_is_kept() -> None:
    assert "t1 works in /src/app" in str(refuse_another("t1", ("/src/app",), "/src/lib").message)
    assert "their own directories" in str(refuse_another("t1", (), "/src/lib").message)
    said = str(refuse_unlisted("t1", "/src/app").message)
    assert "t1 works in /src/app" in said
    assert "kept" in said


def test_the_root_of_the_disk_can_be_called_something() -> None:
    assert [msgspec.structs.replace(LISTED[0], path=path).name for path in ("/", "/a/b", "/a/b/")] == ["/", "b", "b"]
