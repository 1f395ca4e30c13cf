"""A person's own commands, from the config: read from the supervisor, so that a changed file counts at once."""

from collections.abc import Callable
from functools import partial

from compas.api.configuration import DASHBOARD_COMMANDS, DashboardCommandsRequest, DashboardCommandsResponse
from compas.api.history import LogEvent
from compas.dashboard.actions.outside import place_of
from compas.dashboard.errand import Errand, Hands
from compas.dashboard.keymap import key_name
from compas.dashboard.lines import one_line
from compas.dashboard.prompts.palette import Offer
from compas.dashboard.reading import Reading
from compas.dashboard.situation import Situation
from compas.dashboard.source import Asks
from compas.dashboard.state import Opened, Update
from compas.domain.dashboard_keys import DashboardCommand

PREFIX = "own-"
"""Begins the names of these commands, before their key."""


class OwnCommands:
    """The ones in force."""

    def __init__(self, source: Callable[[], Asks], on_change: Callable[[], None]) -> None:
        self._source = source
        self._on_change = on_change
        self._reading: Reading[DashboardCommandsRequest, DashboardCommandsResponse] | None = None

    @property
    def all(self) -> tuple[DashboardCommand, ...]:
        """All of them, as far as they are known."""
        answer = self._reading.answer if self._reading is not None else None
        return answer.commands if answer is not None else ()

    def by_key(self, key: str) -> str | None:
        """Return the name of the command that has a key."""
        return next((f"{PREFIX}{one.key}" for one in self.all if one.key == key), None)

    def find(self, name: str) -> DashboardCommand | None:
        """Return a command by its name."""
        return next((one for one in self.all if f"{PREFIX}{one.key}" == name), None)

    def offers(self, now: Situation) -> list[Offer]:
        """Return what the palette offers of them."""
        return [
            Offer(name=f"{PREFIX}{one.key}", keys=key_name(one.key), help=described(one))
            for one in self.all
            if not refuse(one, now)
        ]

    def hear(self, update: Update) -> None:
        """Read again what may have changed."""
        is_news = isinstance(update, Opened) or (isinstance(update, LogEvent) and update.type == "config.loaded")
        if is_news and self._reading is not None:
            self._reading.outdate()

    async def run(self) -> None:
        """Read until cancelled."""
        self._reading = Reading(self._source(), DASHBOARD_COMMANDS, DashboardCommandsRequest(), self._on_change)
        await self._reading.run()


def described(one: DashboardCommand) -> str:
    """Return what a command does, in a line."""
    return one_line(one.description or one.command)


def refuse(one: DashboardCommand, now: Situation) -> str:
    """Say why a command cannot be run now, if it cannot."""
    if one.on == "any":
        return ""
    if len(now.threads) != 1:
        return f"{described(one)}: this is for one row, and {len(now.threads) or 'none'} is selected"
    (target,) = now.threads
    if one.on == "execution" and target.execution is None:
        return f"{described(one)}: nothing has been started in {target.thread} yet"
    if one.on == "merge" and target.merge is None:
        return f"{described(one)}: no merge is selected"
    return ""


def errand_of(one: DashboardCommand, now: Situation) -> Errand:
    """Return what running the command is."""
    return partial(_run, one, now)


async def _run(one: DashboardCommand, now: Situation, asks: Asks, hands: Hands) -> str:
    values = await place_of(now.threads[0], asks) if now.threads else {}
    environ = {**hands.environ, **values}
    shell = ["/bin/sh", "-c", one.command]
    cwd = values.get("COMPAS_WORKTREE") or values.get("COMPAS_REPOSITORY") or None
    if one.background:
        code, printed = await hands.run(shell, cwd=cwd, environ=environ)
        last = one_line(printed.split("\n")[-1])
        return f"{described(one)}: {last or 'done'}" if code == 0 else f"{described(one)} ended with {code}:\n{printed}"
    code = await hands.lend(shell, cwd=cwd, environ=environ)
    return f"{described(one)} ended with {code}" if code else ""
