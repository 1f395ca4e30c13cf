"""The words for a config file that is not in force."""

from hypothesis import given
from hypothesis import strategies as st

from compas.domain.configuration import MOST_ERRORS, REFUSED, kept_errors, notices

_LINES = st.lists(st.text(min_size=1, max_size=9)).map(tuple)


def test_while_the_file_is_in_force_there_is_nothing_to_say() -> None:
    assert notices((), ()) == ()


def test_a_refused_file_is_told_by_its_first_error_and_keys_that_wait_by_their_names() -> None:
    assert notices(("line 2, column 1: no",), ()) == (
        f"{REFUSED}: line 2, column 1: no; correct the file, it is taken up by itself",
    )
    first, second = notices(("a", "b", "c"), ("state_dir", "backend_definitions.cli added"))
    assert first.startswith(f"{REFUSED}: a (and 2 more: `compas reload` lists them)")
    assert second == "changed in the config file, wait for `compas restart`: state_dir, backend_definitions.cli added"


@given(_LINES, _LINES)
def test_there_is_one_sentence_for_each_thing_to_know(errors: tuple[str, ...], waiting: tuple[str, ...]) -> None:
    assert len(notices(errors, waiting)) == bool(errors) + bool(waiting)


@given(st.integers(0, 3 * MOST_ERRORS))
def test_of_many_errors_the_first_are_kept_and_the_others_counted(count: int) -> None:
    kept = kept_errors(tuple(str(number) for number in range(count)))
    assert kept[:MOST_ERRORS] == tuple(str(number) for number in range(min(count, MOST_ERRORS)))
    assert kept[MOST_ERRORS:] == ((f"and {count - MOST_ERRORS} more",) if count > MOST_ERRORS else ())
