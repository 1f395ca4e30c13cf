"""Where in a long text the screen stands: it scrolls, or follows the end as more comes."""

from collections.abc import Sequence

from compas.dashboard.lines import Line


class Pager:
    """Following shows the end; going up ends it, and only going to the end, or asking for it, begins it again."""

    def __init__(self, *, is_following: bool) -> None:
        self.is_following = is_following
        self._top = 0
        self._height = 1
        self._count = 0

    def window(self, lines: Sequence[Line], height: int) -> list[Line]:
        """Return the lines to be seen; the place is kept by lines from the top."""
        self._height, self._count = max(1, height), len(lines)
        self._top = self._last_top if self.is_following else max(0, min(self._top, self._last_top))
        return list(lines[self._top : self._top + height])

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

    @property
    def position(self) -> str:
        """Where the screen stands, in words for its edge."""
        if self.is_following:
            return "◉ follow"
        if self._count <= self._height:
            return "all"
        return f"{self._top + 1}-{min(self._count, self._top + self._height)} of {self._count}"

    @property
    def _last_top(self) -> int:
        return max(0, self._count - self._height)
