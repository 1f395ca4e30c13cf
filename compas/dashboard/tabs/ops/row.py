"""What a row of the tab says."""

from compas.dashboard.tabs.tab import Row


class OpsRow(Row, frozen=True, kw_only=True):
    """A thread, a merge, or the head of a batch: `word` is its status, `title` what it is about, `reason` why it failed
    or what it waits for.

    `who` worked and judged. Its time is counted from `since`, or to `due` (UTC seconds). `rank` orders what needs the
    operator, the most urgent first.
    """

    word: str
    who: str = ""
    title: str = ""
    reason: str = ""
    is_bad: bool = False
    since: float | None = None
    due: float | None = None
    batch: str = ""
    branch: str = ""
    repository: str = ""
    change: str = ""
    cost: str = ""
    tokens: str = ""
    is_stale: bool = False
    rank: int = 0

    def matches(self, text: str) -> bool:
        """Tell whether a person who types this text may mean the row."""
        shown = (self.thread, self.who, self.word, self.title, self.reason, self.batch, self.branch, self.repository)
        said = " ".join(shown).casefold()
        return all(part in said for part in text.casefold().split())
