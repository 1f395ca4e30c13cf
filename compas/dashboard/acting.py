"""What is being asked and done: begins actions, hands keys to what is asked, and sends what was answered."""

from collections.abc import Callable, Sequence

import trio

from compas.clock import Clock
from compas.dashboard.actions.all import ACTIONS
from compas.dashboard.actions.plan import Deed, Plan
from compas.dashboard.errand import Errand, Hands
from compas.dashboard.keymap import Context
from compas.dashboard.lines import Line
from compas.dashboard.own_commands import OwnCommands, errand_of, refuse
from compas.dashboard.performing import Performer
from compas.dashboard.prompts.desk import Desk
from compas.dashboard.prompts.form import FormPrompt
from compas.dashboard.prompts.palette import Offer, PalettePrompt
from compas.dashboard.prompts.search import SearchPrompt
from compas.dashboard.situation import Situation
from compas.dashboard.source import Asks
from compas.dashboard.state import Update
from compas.dashboard.widgets.pager import Pager

NOT_CONNECTED = "there is no connection to a supervisor; nothing was sent"


class Acting:
    """The part of the controller that asks. `notify` shows a sentence, or, given none, only what has changed.

    `on_done` is told the threads in which all that was asked for was done.
    """

    def __init__(
        self,
        source: Callable[[], Asks],
        hands: Hands,
        helpers: trio.Nursery,
        clock: Clock,
        *,
        notify: Callable[[str], None],
        on_done: Callable[[frozenset[str]], None],
        is_connected: Callable[[], bool],
    ) -> None:
        self._desk = Desk()
        self._performer = Performer(source, hands, helpers, clock, self._desk, notify, on_done)
        self._notify = notify
        self._is_connected = is_connected
        self._own = OwnCommands(source, lambda: notify(""))
        helpers.start_soon(self._own.run)

    @property
    def context(self) -> Context | None:
        """What keys mean while something is asked; None while nothing is."""
        return self._desk.context

    def begin(self, action: str, now: Situation) -> None:
        """Begin an action: ask what it needs to know, or do it at once."""
        begun = ACTIONS[action].begin(now)
        if not isinstance(begun, Plan):
            self._run(begun)
            return
        form = FormPrompt(begun, self._desk.draft(begun.draft), self._send)
        if begun.is_asked:
            self._desk.ask(form)
            self._performer.learn(form)
        else:
            form.tell("accept")

    def hear(self, update: Update) -> None:
        """Take notice of what may change the person's own commands."""
        self._own.hear(update)

    def own_command(self, key: str) -> str | None:
        """Return the name of the person's own command that has this key."""
        return self._own.by_key(key)

    def run_own(self, name: str, now: Situation) -> str:
        """Run a command of the person's own; return why it cannot be run now, if it cannot."""
        command = self._own.find(name)
        if command is None:
            return f"the config has no command {name} any more"
        refusal = refuse(command, now)
        if not refusal:
            self._run(errand_of(command, now))
        return refusal

    def choose(self, found: Sequence[Offer], now: Situation, run: Callable[[str], None]) -> None:
        """Ask which command is meant, of these and of the person's own, and run it."""
        self._desk.ask(PalettePrompt([*found, *self._own.offers(now)], run))

    def search(self, pager: Pager) -> None:
        """Ask what to look for."""
        self._desk.ask(SearchPrompt(pager))

    def tell(self, word: str) -> None:
        """Hand the word of a key to what is asked."""
        prompt = self._desk.prompt
        if word == "write" and isinstance(prompt, FormPrompt):
            self._performer.edit(prompt)
        else:
            self._desk.tell(word)

    def type(self, text: str) -> None:
        """Hand typed or pasted text to what is asked."""
        self._desk.type(text)

    def lay_over(self, lines: Sequence[Line], columns: int) -> list[Line]:
        """Draw what is asked over a screen."""
        return self._desk.lay_over(lines, columns)

    def _run(self, errand: Errand) -> None:
        if not self._is_connected():
            self._notify("waiting for a supervisor, who knows where the worktree is …")
        self._performer.run(errand)

    def _send(self, form: FormPrompt, deeds: tuple[Deed, ...]) -> None:
        if self._is_connected():
            self._performer.carry_out(form, deeds)
            return
        form.trouble, form.is_sending = NOT_CONNECTED, False
        if not form.plan.is_asked:
            self._notify(NOT_CONNECTED)
