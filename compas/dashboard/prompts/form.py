"""Asks what an action needs to know, and whether it is to be done; keeps all of it until it has been."""

from collections.abc import Callable, Mapping

from compas.dashboard.actions.plan import Deed, Field, Plan
from compas.dashboard.keymap import Context
from compas.dashboard.lines import Line, clean_lines, cut, cut_line, cut_words, fit, plain, width_of, wrap
from compas.dashboard.prompts.text_entry import TextEntry
from compas.dashboard.theme import MARK

_LABEL = 12
_LONG_ROWS = 8

Send = Callable[["FormPrompt", tuple[Deed, ...]], None]


class FormPrompt:
    """One plan. While it is being carried out it stays; `trouble` says what was refused, and nothing typed is lost."""

    def __init__(self, plan: Plan, draft: Mapping[str, str], send: Send) -> None:
        self.plan = plan
        self.is_over = False
        self.trouble = ""
        self.is_sending = False
        self.facts: list[str] = []
        self._send = send
        self._choices: dict[str, Mapping[str, str]] = {one.name: dict.fromkeys(one.choices, "") for one in plan.fields}
        self._entries = {one.name: TextEntry(draft.get(one.name, one.value)) for one in plan.fields}
        # A text is what most of these forms are about; the rest has values to begin with.
        self._index = next((number for number, one in enumerate(plan.fields) if one.kind == "long"), 0)

    @property
    def context(self) -> Context:
        """See Prompt."""
        return "form" if self.plan.fields else "confirm"

    @property
    def values(self) -> dict[str, str]:
        """What is filled in now."""
        return {name: entry.text for name, entry in self._entries.items()}

    def offer(self, name: str, choices: Mapping[str, str]) -> None:
        """Let a field be a choice between these, each with what is known of it; what was chosen before stays."""
        self._choices[name] = choices
        if self._entries[name].text not in choices:
            self._entries[name].replace(next(iter(choices), ""))

    @property
    def long_text(self) -> TextEntry | None:
        """The long text that is asked for, if any."""
        return next((self._entries[one.name] for one in self.plan.fields if one.kind == "long"), None)

    def lines(self, width: int, height: int) -> list[Line]:
        """See Prompt."""
        found: list[Line] = []
        for said in (*self.plan.says, *self.facts):
            found += [plain(f"  {part}", "dim") for line in clean_lines(said) for part in wrap(line, max(1, width - 2))]
        at = len(found)
        for number, one in enumerate(self.plan.fields):
            at = len(found) if number == self._index else at
            found += self._field(one, width, is_active=number == self._index)
        if self.trouble:
            told = [part for line in clean_lines(self.trouble) for part in wrap(line, max(1, width - 2))]
            at = len(found) + min(len(told), height) - 1
            found += [plain(f"  {part}", "bad") for part in told]
        if self.is_sending:
            found.append(plain("  working …", "accent"))
        room = max(1, height - 1)
        top = max(0, min(at - room // 2, len(found) - room))
        return [plain(self.plan.title, "head"), *found[top : top + room]]

    def type(self, text: str) -> None:
        """See Prompt."""
        active = self._active
        if active is None:
            return
        if active.kind in ("choice", "switch"):
            if text == " ":
                self._turn(active, 1)
            else:
                self._pick(active, text)
        else:
            self._entries[active.name].insert(text if active.kind == "long" else text.replace("\n", " "))

    def tell(self, word: str) -> None:
        """See Prompt."""
        match word:
            case "accept":
                self._accept()
            case "dismiss":
                self.is_over = True
            case "next" | "previous":
                self._step(1 if word == "next" else -1)
            case "next-field" | "previous-field":
                self._go(1 if word == "next-field" else -1)
            case "new-line":
                self.type("\n")
            case _:
                self._edit(word)

    @property
    def _active(self) -> Field | None:
        return self.plan.fields[self._index] if self.plan.fields else None

    def _accept(self) -> None:
        if self.is_sending:
            return
        deeds = self.plan.deeds(self.values)
        if isinstance(deeds, str):
            self.trouble = deeds
        else:
            self.trouble, self.is_sending = "", True
            self._send(self, deeds)

    def _step(self, by: int) -> None:
        active = self._active
        if active is not None and active.kind == "long" and self._entries[active.name].move_line(by):
            return
        self._go(by)

    def _go(self, by: int) -> None:
        if self.plan.fields:
            self._index = (self._index + by) % len(self.plan.fields)

    def _edit(self, word: str) -> None:
        active = self._active
        if active is None:
            return
        if active.kind in ("choice", "switch"):
            if word in ("left", "right"):
                self._turn(active, 1 if word == "right" else -1)
        else:
            self._entries[active.name].edit(word)

    def _turn(self, active: Field, by: int) -> None:
        entry = self._entries[active.name]
        choices = tuple(self._choices[active.name]) if active.kind == "choice" else ("", "yes")
        at = choices.index(entry.text) if entry.text in choices else 0
        if choices:
            entry.replace(choices[(at + by) % len(choices)])

    def _pick(self, active: Field, letter: str) -> None:
        """Take the next choice that begins with a letter."""
        entry = self._entries[active.name]
        choices = tuple(self._choices[active.name])
        at = choices.index(entry.text) if entry.text in choices else -1
        following = (*choices[at + 1 :], *choices[: at + 1])
        found = next((choice for choice in following if choice.startswith(letter)), None)
        if found is not None:
            entry.replace(found)

    def _field(self, one: Field, width: int, *, is_active: bool) -> list[Line]:
        label = fit(f"{MARK if is_active else ' '} {one.label}", _LABEL + 2)
        style = "accent" if is_active else ""
        room = max(8, width - _LABEL - 3)
        shown = self._shown(one, room, is_active=is_active)
        first = Line(((style, f"{label} "), *shown[0].segments))
        rest = [Line((("", " " * (_LABEL + 3)), *line.segments)) for line in shown[1:]]
        return [cut_line(line, width) for line in (first, *rest)]

    def _shown(self, one: Field, room: int, *, is_active: bool) -> list[Line]:
        entry = self._entries[one.name]
        match one.kind:
            case "switch":
                return _hinted("[x]  " if entry.text else "[ ]  ", one.hint, room, is_active=is_active)
            case "choice":
                known = self._choices[one.name].get(entry.text, "")
                arrows = "← → changes it" if is_active and len(self._choices[one.name]) > 1 else ""
                first = _hinted(f"{entry.text or one.hint}  ", arrows, room, is_active=False)
                return [*first, *(plain(part, "dim") for part in (wrap(known, room) if known else ()))]
        if not entry.text:
            return _hinted("█" if is_active else "", one.hint, room, is_active=is_active)
        rows = entry.shown(room, has_cursor=is_active)
        at = next((number for number, row in enumerate(rows) if "█" in row), 0) if is_active else 0
        top = max(0, min(at - _LONG_ROWS + 1, len(rows) - _LONG_ROWS)) if one.kind == "long" else max(0, at)
        count = _LONG_ROWS if one.kind == "long" else 1
        return [plain(row) for row in rows[top : top + count]]


def _hinted(start: str, hint: str, room: int, *, is_active: bool) -> list[Line]:
    """Return what a field holds with a hint behind it: whole where the person is, elsewhere as much as has room."""
    left = room - width_of(start)
    if left < 1:
        return [plain(cut(start, room))]
    first, *rest = wrap(hint, left) if is_active else [cut_words(hint, left)]
    margin = " " * width_of(start)
    return [Line((("", start), ("dim", first))), *(plain(f"{margin}{part}", "dim") for part in rest)]
