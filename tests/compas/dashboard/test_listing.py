"""A list in blocks: nothing is lost, everything fits, the selected row is in sight, and no block crowds another out."""

from functools import partial

from hypothesis import given
from hypothesis import strategies as st

from compas.dashboard.lines import BLANK, Line, plain, width_of
from compas.dashboard.widgets.listing import Block, Entry, Listing
from compas.dashboard.widgets.shares import shares


@given(st.lists(st.integers(0, 60), max_size=7), st.integers(-3, 120))
def test_shares_are_fair_and_never_more_than_there_is(wanted: list[int], room: int) -> None:
    given_lines = shares(wanted, room)
    assert all(0 <= lines <= want for lines, want in zip(given_lines, wanted, strict=True))
    assert sum(given_lines) == min(sum(wanted), max(0, room)), "nothing is left while somebody wants it"
    for lines, want in zip(given_lines, wanted, strict=True):
        if lines < want:
            # Whoever did not get all has as much as anybody else, but for what cannot be divided.
            assert lines >= max(given_lines) - (len(wanted) or 1)


def test_a_short_part_keeps_all_of_it_beside_a_long_one() -> None:
    assert shares([37, 2, 12], 14) == [6, 2, 6]
    assert shares([3, 3], 5) == [3, 2]


def _lines(key: str, height: int) -> list[Line]:
    return [plain(f"{key} {number}") for number in range(height)]


_blocks = st.lists(st.lists(st.integers(1, 3), max_size=40), min_size=1, max_size=5)


@given(_blocks, st.lists(st.integers(-50, 50), max_size=6), st.integers(1, 40))
def test_the_selected_row_is_in_sight_whole_and_everything_fits(
    heights: list[list[int]], moves: list[int], height: int
) -> None:
    blocks = [
        Block(
            f"b{block}",
            [BLANK, plain(f"  block {block}", "head")],
            [Entry(f"{block}.{row}", partial(_lines, f"{block}.{row}", size), size) for row, size in enumerate(sizes)],
        )
        for block, sizes in enumerate(heights)
    ]
    listing = Listing()
    listing.settle([entry.key for block in blocks for entry in block.entries])
    for by in [0, *moves]:
        listing.move(by)
        shown = listing.window(blocks, 60, height)
        assert len(shown) <= height
        assert all(width_of(line.text) <= 60 for line in shown)
        whole = sum(len(block.head) + block.height for block in blocks)
        assert len(shown) >= min(height, whole) - 8, "not more is left empty than rows of several lines need"
        if listing.selected is not None:
            assert any(line.text.startswith(f"{listing.selected} ") for line in shown)
        if height >= sum(len(block.head) + min(3, block.height) for block in blocks):
            text = "\n".join(line.text for line in shown)
            for number, block in enumerate(blocks):
                assert f"block {number}" in text
                assert not block.entries or f"{number}." in text, "no block is crowded out"
