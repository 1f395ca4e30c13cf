"""What a row of the tab says."""

from compas.dashboard.tabs.tab import Row


class OpsRow(Row, frozen=True, kw_only=True):
    """A thread or a merge: `word` is its status, `about` what it is about.

    Its time is counted from `since`, or to `due` (UTC seconds).
    """

    word: str
    who: str
    about: str
    since: float | None = None
    due: float | None = None
    batch: str = ""
    is_stale: bool = False

    def matches(self, text: str) -> bool:
        """Tell whether a person who types this text may mean the row."""
        said = f"{self.thread} {self.who} {self.word} {self.about} {self.batch}".casefold()
        return all(part in said for part in text.casefold().split())
