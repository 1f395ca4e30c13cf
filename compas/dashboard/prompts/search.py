"""Asks what to look for in the page that is shown; the page shows what it finds while it is typed."""

from compas.dashboard.keymap import Context
from compas.dashboard.lines import Line
from compas.dashboard.prompts.text_entry import TextEntry
from compas.dashboard.widgets.pager import Pager


class SearchPrompt:
    """Accepted, the search stays; dismissed, the page stands where it stood before."""

    context: Context = "search"

    def __init__(self, pager: Pager) -> None:
        self.is_over = False
        self._pager = pager
        self._entry = TextEntry()
        self._mark = pager.begin_search()

    def lines(self, width: int, height: int) -> list[Line]:
        """See Prompt."""
        shown = self._entry.shown(max(1, width - 2), has_cursor=True)[-1]
        return [Line((("accent", "/"), ("", shown), ("dim", f"  {self._pager.found}")))]

    def type(self, text: str) -> None:
        """See Prompt."""
        self._entry.insert(text.replace("\n", " "))
        self._pager.search(self._entry.text)

    def tell(self, word: str) -> None:
        """See Prompt."""
        match word:
            case "accept":
                self.is_over = True
            case "dismiss":
                self._pager.end_search(self._mark)
                self.is_over = True
            case "next":
                self._pager.next_hit(1)
            case "previous":
                self._pager.next_hit(-1)
            case _ if self._entry.edit(word):
                self._pager.search(self._entry.text)
