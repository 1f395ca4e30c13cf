"""Carries out what a person has decided on: one request after another, each exactly once, and says how it went."""

from collections.abc import Callable
from typing import Any

import msgspec
import trio

from actors.remote.errors import RequestFailed, SessionLost, WireError
from compas.clock import Clock
from compas.dashboard.actions.plan import Deed, Question
from compas.dashboard.errand import Errand, Hands
from compas.dashboard.feed import in_words
from compas.dashboard.lines import width_of
from compas.dashboard.prompts.desk import Desk
from compas.dashboard.prompts.form import FormPrompt
from compas.dashboard.source import Asks
from compas.domain.ids import new_ulid
from compas.errors import CompasError

PATIENCE_SECONDS = 60.0
"""How long a request waits for an answer over lost connections, before it is said that none came."""
TROUBLE = (WireError, CompasError, OSError)

Outcome = tuple[list[str], list[tuple[str, str]]]
"""What was done, in sentences; and what was not: about what, and why."""


class NoAnswerError(CompasError):
    """Nobody knows yet whether it was done."""


class Performer:
    """Works in tasks of `helpers`, so that the screen goes on. `notify` is told what fits into a line, and
    `on_done` about which threads everything was done."""

    def __init__(
        self,
        source: Callable[[], Asks],
        hands: Hands,
        helpers: trio.Nursery,
        clock: Clock,
        desk: Desk,
        notify: Callable[[str], None],
        on_done: Callable[[frozenset[str]], None],
    ) -> None:
        self._desk = desk
        self._source = source
        self._hands = hands
        self._helpers = helpers
        self._clock = clock
        self._notify = notify
        self._on_done = on_done

    def carry_out(self, form: FormPrompt, deeds: tuple[Deed, ...]) -> None:
        """Do what a form asked; it goes once that is done, and stays with the reason where it is refused."""
        self._helpers.start_soon(self._carry_out, form, deeds)

    def run(self, errand: Errand) -> None:
        """Do something on this machine."""
        self._helpers.start_soon(self._run, errand)

    def learn(self, form: FormPrompt) -> None:
        """Read what is worth knowing before a form is answered, and show it there."""
        for question in form.plan.questions:
            self._helpers.start_soon(self._learn, form, question)

    def edit(self, form: FormPrompt) -> None:
        """Let the person write a form's long text in their editor."""
        self._helpers.start_soon(self._edit, form)

    async def _carry_out(self, form: FormPrompt, deeds: tuple[Deed, ...]) -> None:
        done, refused = await self._all(deeds)
        self._on_done(frozenset(deed.about for deed in deeds) - {about for about, _ in refused})
        if len(deeds) == 1 and refused:
            form.trouble, form.is_sending = refused[0][1], False
            if self._desk.prompt is not form:
                self._desk.tell_person(f"{form.plan.title}: refused", refused[0][1])
        else:
            self._desk.sent(form)
            if refused:
                told = "\n".join(f"{about}: {why}" for about, why in refused)
                self._desk.tell_person(f"{form.plan.title}: {len(refused)} of {len(deeds)} refused", told)
        self._say(form.plan.title, done)

    async def _all(self, deeds: tuple[Deed, ...]) -> Outcome:
        done: list[str] = []
        refused: list[tuple[str, str]] = []
        for deed in deeds:
            try:
                done.append(deed.tell(await self._put(deed)))
            except TROUBLE as error:
                refused.append((deed.about, in_words(error)))
        return done, refused

    async def _put(self, deed: Deed) -> Any:  # noqa: ANN401 - what the deed's operation answers
        """Ask for a write under one id until it is answered: however often it arrives, it is done once."""
        request_id = new_ulid(self._clock())
        asks = self._source()
        with trio.move_on_after(PATIENCE_SECONDS):
            request = deed.request if isinstance(deed.request, msgspec.Struct) else await deed.request(asks)
            while True:
                session = await asks.session()
                try:
                    return await session.request(
                        deed.operation.name, request, deed.operation.response, request_id=request_id
                    )
                except SessionLost:
                    await trio.lowlevel.checkpoint()
        raise NoAnswerError("the supervisor did not answer; look at the thread before you do it again")

    async def _run(self, errand: Errand) -> None:
        try:
            said = await errand(self._source(), self._hands)
        except TROUBLE as error:
            said = in_words(error)
        self._say("", [said] if said else [])

    async def _learn(self, form: FormPrompt, question: Question) -> None:
        try:
            answer = await self._source().ask(question.operation, question.request)
            form.facts += question.tell(answer)
            if question.field:
                form.offer(question.field, question.choices(answer))
        except RequestFailed as error:
            form.facts.append(in_words(error))
        except WireError:
            return  # the screen tells of the connection
        self._notify("")

    async def _edit(self, form: FormPrompt) -> None:
        entry = form.long_text
        if entry is None:
            return
        try:
            entry.replace(await self._hands.write(entry.text))
            form.trouble = ""
        except OSError as error:
            form.trouble = f"the editor could not be used: {error}; set EDITOR to one that runs in a terminal"
        self._notify("")

    def _say(self, title: str, told: list[str]) -> None:
        text = "; ".join(told)
        if "\n" in text or width_of(text) > self._desk.columns - 2:
            self._desk.tell_person(title or "told", text)
            text = ""
        self._notify(text)
