"""Where in a long text the screen stands: it scrolls, follows the end as more comes, and shows what is looked for."""

from collections.abc import Sequence

from compas.dashboard.lines import Line
from compas.dashboard.widgets.finding import Finding


class Pager:
    """Following shows the end; going up ends it, and only going to the end, or asking for it, begins it again."""

    def __init__(self, *, is_following: bool) -> None:
        self.is_following = is_following
        self._finding: Finding | None = None
        self._top = 0
        self._height = 1
        self._count = 0

    def window(self, lines: Sequence[Line], height: int) -> list[Line]:
        """Return the lines to be seen; the place is kept by lines from the top."""
        self._height, self._count = max(1, height), len(lines)
        if self._finding is not None:
            wanted = self._finding.settle(lines, self._top)
            if wanted is not None:
                self._show(wanted)
        self._top = self._last_top if self.is_following else max(0, min(self._top, self._last_top))
        shown = range(self._top, min(len(lines), self._top + height))
        if self._finding is None:
            return [lines[number] for number in shown]
        return [self._finding.marked(number, lines[number]) for number in shown]

    def move(self, by: int) -> None:
        """Scroll so many lines down, or up."""
        if by < 0 and self._top > 0:
            self.is_following = False
        self._top = max(0, min(self._top + by, self._last_top))

    def move_pages(self, by: int) -> None:
        """Scroll by what the screen shows, but for a line that is seen again."""
        self.move(by * max(1, self._height - 1))

    def to_end(self, *, is_last: bool) -> None:
        """Show the beginning, or the end, and follow that."""
        if is_last:
            self.is_following = True
        else:
            self.move(-self._count)

    def stay_at_end(self) -> None:
        """Stop following where nothing more comes; what is to be seen stays."""
        if self.is_following:
            self.is_following = False
            self._top = 1 << 30  # the last line that there is, whatever came since the screen was drawn

    def show_line(self, number: int) -> None:
        """Put a line at the top of the screen."""
        self.is_following = False
        self._top = max(0, number)

    @property
    def top(self) -> int:
        """The first line that is to be seen."""
        return self._top

    @property
    def position(self) -> str:
        """Where the screen stands, in words for its edge."""
        found = f"{self.found}  " if self._finding is not None else ""
        if self.is_following:
            return f"{found}◉ follow"
        if self._count <= self._height:
            return f"{found}all"
        return f"{found}{self._top + 1}-{min(self._count, self._top + self._height)} of {self._count}"

    # --- looking for something ---------------------------------------------------------------------------------------

    def begin_search(self) -> tuple[int, bool]:
        """Get ready to look for something; returns the place to come back to."""
        self._finding = Finding("")
        return self._top, self.is_following

    def search(self, text: str) -> None:
        """Look for a text, from what is to be seen on."""
        self._finding = Finding(text)

    def next_hit(self, by: int) -> None:
        """Show a later place of it, or an earlier one; behind the last comes the first."""
        if self._finding is not None:
            self._finding.step(by)

    def end_search(self, mark: tuple[int, bool] | None = None) -> None:
        """Look for nothing, and go back to a place."""
        self._finding = None
        if mark is not None:
            self._top, self.is_following = mark

    @property
    def is_searching(self) -> bool:
        """Whether something is looked for."""
        return self._finding is not None

    @property
    def found(self) -> str:
        """How often it was found, in words."""
        return self._finding.count if self._finding is not None else ""

    def _show(self, number: int) -> None:
        self.is_following = False
        if not self._top <= number < self._top + self._height:
            self._top = max(0, number - self._height // 3)

    @property
    def _last_top(self) -> int:
        return max(0, self._count - self._height)
