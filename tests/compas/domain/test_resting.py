"""Which threads without work are put away: the oldest, and only as many as there are too many."""

from hypothesis import given
from hypothesis import strategies as st

from compas.domain.resting import Resting


def test_the_one_that_rests_longest_is_put_away() -> None:
    resting = Resting(most=2)
    assert [resting.add(name) for name in ("a", "b", "c", "d")] == [(), (), ("a",), ("b",)]


def test_one_that_had_work_in_between_is_the_newest_again() -> None:
    resting = Resting(most=2)
    for name in ("a", "b", "a"):
        assert resting.add(name) == ()
    assert resting.add("c") == ("b",)


def test_one_that_has_work_again_is_not_put_away() -> None:
    resting = Resting(most=1)
    resting.add("a")
    resting.discard("a")
    resting.discard("nobody")
    assert resting.add("b") == ()


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 9)), max_size=60), st.integers(1, 5))
def test_never_more_rest_than_may_and_nobody_is_lost(steps: list[tuple[bool, int]], most: int) -> None:
    resting, expected = Resting(most=most), list[str]()
    for comes, number in steps:
        name = str(number)
        expected = [one for one in expected if one != name]
        if comes:
            expected.append(name)
            assert list(resting.add(name)) == expected[:-most]
            expected = expected[-most:]
        else:
            resting.discard(name)
        assert len(resting) == len(expected) <= most
