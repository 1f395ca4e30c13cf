"""A failure that may come of two versions names both, and what to do."""

import pytest

from compas.client.other_version import versions_differ, with_versions

SAID = "the supervisor is of version 2, this client of 1; `compas restart` brings it along"


def test_two_versions_are_named_with_what_to_do() -> None:
    assert versions_differ("compas/2", "1") == SAID


@pytest.mark.parametrize(
    ("server", "own"), [("compas/1", "1"), ("compas/1", ""), ("", "1"), (None, "1"), ("another/2", "1"), (7, "1")]
)
def test_nothing_is_said_where_they_are_the_same_or_one_is_not_known(server: object, own: str) -> None:
    assert versions_differ(server, own) == ""


def test_a_supervisor_s_word_on_its_version_does_nothing_to_a_terminal() -> None:
    assert "\x1b" not in versions_differ("compas/\x1b[31m2", "1")


def test_an_error_says_it_behind_its_own_words() -> None:
    assert with_versions("no such field", "another/1") == "no such field"
    assert with_versions("no such field", "compas/none").startswith(
        "no such field; the supervisor is of version none, this client of "
    )
