"""What clients bring: one family of variables comes from one shell, and nothing is taken away by silence."""

from hypothesis import given
from hypothesis import strategies as st

from compas.domain.brought import Brought, Family, Wanted, in_force, matches, take

VENDOR = Family(credentials=("V_KEY", "V_TOKEN"), names=("V_*",))
OTHER = Family(credentials=("O_KEY",), names=("O_*", "O2_HOME"))
WANTED = Wanted(families=(VENDOR, OTHER), single=("MINE", "MY_*"), never=("V_MARK", "PATH"))
NOTHING = Brought()

NAMES = ["V_KEY", "V_TOKEN", "V_URL", "V_MARK", "O_KEY", "O_URL", "O2_HOME", "MINE", "MY_ONE", "PATH", "HOME", "X"]
shells = st.dictionaries(st.sampled_from(NAMES), st.sampled_from(["", "1", "2"]))


def after(started_with: dict[str, str], *offers: dict[str, str], only_missing: bool = False) -> dict[str, str]:
    brought = NOTHING
    for offered in offers:
        brought = take(started_with, brought, offered, WANTED, only_missing=only_missing)
    return in_force(started_with, brought)


def test_a_key_that_was_missing_is_there_after_it_was_brought() -> None:
    assert after({"HOME": "/h"}, {"V_KEY": "k"}) == {"HOME": "/h", "V_KEY": "k"}


def test_the_newest_shell_with_a_key_counts_and_one_without_changes_nothing() -> None:
    assert after({"V_KEY": "a"}, {"V_KEY": "b"}, {}, {"V_KEY": ""}) == {"V_KEY": "b"}


def test_a_key_is_never_sent_to_the_address_that_belongs_to_another() -> None:
    assert after({"V_KEY": "a", "V_URL": "proxy"}, {"V_KEY": "b"}) == {"V_KEY": "b"}
    assert after({}, {"V_TOKEN": "t", "V_URL": "proxy"}, {"V_KEY": "b"}) == {"V_KEY": "b"}


def test_an_address_without_a_key_is_not_taken() -> None:
    assert after({"V_KEY": "a"}, {"V_URL": "elsewhere"}) == {"V_KEY": "a"}


def test_families_do_not_touch_one_another() -> None:
    assert after({"V_KEY": "a"}, {"O_KEY": "o", "O2_HOME": "/o"}) == {"V_KEY": "a", "O_KEY": "o", "O2_HOME": "/o"}


def test_single_names_count_one_by_one() -> None:
    assert after({"MINE": "a"}, {"MY_ONE": "1"}, {"MINE": "b"}, {"MINE": ""}) == {"MINE": "b", "MY_ONE": "1"}


def test_a_client_that_runs_for_long_only_fills_what_is_missing() -> None:
    assert after({"V_KEY": "a", "MINE": "a"}, {"V_KEY": "b", "MINE": "b"}, only_missing=True) == {
        "V_KEY": "a",
        "MINE": "a",
    }
    assert after({}, {"V_KEY": "b", "MINE": "b"}, only_missing=True) == {"V_KEY": "b", "MINE": "b"}


@given(started_with=shells, offers=st.lists(shells, max_size=5))
def test_nothing_that_is_not_asked_for_ever_changes(started_with: dict[str, str], offers: list[dict[str, str]]) -> None:
    now = after(started_with, *offers)
    for name in ("PATH", "HOME", "X"):
        assert now.get(name) == started_with.get(name)
    assert now.get("V_MARK") in (started_with.get("V_MARK"), None)


@given(started_with=shells, offers=st.lists(shells, max_size=5))
def test_each_family_is_that_of_one_shell(started_with: dict[str, str], offers: list[dict[str, str]]) -> None:
    now = after(started_with, *offers)
    shells_there = [started_with, *({name: one[name] for name in one if name != "V_MARK"} for one in offers)]
    for family in WANTED.families:
        assert family.of(now) in [family.of(shell) for shell in shells_there]


@given(started_with=shells, offers=st.lists(shells, max_size=4), last=shells)
def test_what_was_offered_before_changes_nothing_again(
    started_with: dict[str, str], offers: list[dict[str, str]], last: dict[str, str]
) -> None:
    brought = NOTHING
    for offered in (*offers, last):
        brought = take(started_with, brought, offered, WANTED)
    assert take(started_with, brought, last, WANTED) is brought


def test_a_trailing_star_stands_for_the_rest_of_a_name() -> None:
    assert matches("MY_ONE", ("MY_*",))
    assert not matches("MINE", ("MY_*", "MIN"))
