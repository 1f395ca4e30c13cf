"""Where things are asked: holds the prompt that is there, what was typed and not sent, and draws it over a screen."""

from collections import deque
from collections.abc import Sequence

from compas.dashboard.frame import LEAST_COLUMNS, LEAST_ROWS
from compas.dashboard.keymap import Context
from compas.dashboard.lines import Line, cut_line, plain
from compas.dashboard.prompts.form import FormPrompt
from compas.dashboard.prompts.message import MessagePrompt
from compas.dashboard.prompts.prompt import Prompt

_KEPT_ROWS = 3
"""Rows at the top that stay to be seen."""
_MESSAGES = 20
"""Messages that wait at most; the oldest make room."""


class Desk:
    """At most one prompt at a time. Messages that come while one is there wait for their turn.

    `columns` is the width of the screen, as it was last drawn.
    """

    def __init__(self) -> None:
        self.prompt: Prompt | None = None
        self.columns = 80
        self._drafts: dict[str, dict[str, str]] = {}
        self._waiting: deque[MessagePrompt] = deque(maxlen=_MESSAGES)

    @property
    def context(self) -> Context | None:
        """What keys mean; None while nothing is asked."""
        return self.prompt.context if self.prompt is not None else None

    def ask(self, prompt: Prompt) -> None:
        """Ask something, instead of what was asked before."""
        self._keep_draft()
        self.prompt = prompt

    def tell_person(self, title: str, text: str) -> None:
        """Show a message until it has been read."""
        self._waiting.append(MessagePrompt(title, text))
        self._settle()

    def draft(self, name: str) -> dict[str, str]:
        """Return what was typed under a name and not sent."""
        return self._drafts.get(name, {})

    def sent(self, form: FormPrompt) -> None:
        """Forget what was typed: it has been sent."""
        self._drafts.pop(form.plan.draft, None)
        form.is_over, form.is_sending = True, False
        if self.prompt is form:
            self.prompt = None
        self._settle()

    def type(self, text: str) -> None:
        """Hand typed text on."""
        if self.prompt is not None:
            self.prompt.type(text)

    def tell(self, word: str) -> None:
        """Hand the word of a key on; what is over makes room."""
        prompt = self.prompt
        if prompt is None:
            return
        prompt.tell(word)
        if prompt.is_over and self.prompt is prompt:
            self._keep_draft()
            self.prompt = None
        self._settle()

    def lay_over(self, lines: Sequence[Line], columns: int) -> list[Line]:
        """Draw the prompt over the lower part of a screen, whose last line stays: it names the keys."""
        self.columns = columns
        if self.prompt is None or columns < LEAST_COLUMNS or len(lines) < LEAST_ROWS:
            return list(lines)
        room = len(lines) - _KEPT_ROWS - 2
        asked = self.prompt.lines(columns - 2, room)[:room]
        drawn = [plain("─" * columns, "dim")]
        drawn += [cut_line(Line((("", " "), *line.segments)), columns) for line in asked]
        above = lines[: len(lines) - 1 - len(drawn)]
        return [*above, *drawn, lines[-1]]

    def _settle(self) -> None:
        if self.prompt is None and self._waiting:
            self.prompt = self._waiting.popleft()

    def _keep_draft(self) -> None:
        """Keep what was typed into a form that is left."""
        form = self.prompt
        if isinstance(form, FormPrompt) and form.plan.draft and any(form.values.values()):
            self._drafts[form.plan.draft] = form.values
