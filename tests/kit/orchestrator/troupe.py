"""Agents of the scripted backend as functions: they sleep on the virtual clock, edit files, and answer."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import msgspec
import trio

from compas.backends.scripted import MessageLine, ResultLine, SessionLine
from compas.domain.events import Category
from compas.runner.messages import Spec
from tests.kit.orchestrator.fake_repository import FakeRepo
from tests.kit.orchestrator.fake_runners import Console

SCRIPT = 4
"""Where the scripted backend's command line names the script, which here is the agent's alias."""


@dataclass
class Turn:
    """One execution as its agent sees it."""

    spec: Spec
    console: Console
    repo: FakeRepo

    @property
    def alias(self) -> str:
        """The agent's name."""
        return self.spec.argv[SCRIPT]

    @property
    def instruction(self) -> str:
        """What it is told to do."""
        return self.spec.stdin_text or ""

    @property
    def session(self) -> str | None:
        """The conversation it goes on with."""
        return self.spec.argv[SCRIPT + 2] if "--resume" in self.spec.argv else None

    async def say(self, text: str) -> None:
        """Tell something on the way."""
        await self._print(MessageLine(text=text))

    async def open_session(self, name: str) -> None:
        """Name the conversation."""
        await self._print(SessionLine(id=name))

    async def reply(self, text: str) -> None:
        """Answer, with success."""
        await self._print(ResultLine(text=text))

    async def fail(self, text: str, category: Category = "agent_error") -> None:
        """Answer that it did not work."""
        await self._print(ResultLine(text=text, category=category))

    def commit(self, subject: str, **files: str) -> None:
        """Commit in the worktree."""
        self.repo.commit(self.repo.checkouts[self.spec.cwd].branch, subject, **files)

    async def _print(self, line: msgspec.Struct) -> None:
        await self.console.print(msgspec.json.encode(line).decode())


Role = Callable[[Turn], Awaitable[None]]


async def echo(turn: Turn) -> None:
    """Sleep as long as the task says in its first word, if that is a number, then answer with the task."""
    first, _, _ = turn.instruction.partition(" ")
    if first.replace(".", "", 1).isdigit():
        await trio.sleep(float(first))
    await turn.reply(f"{turn.alias} did: {turn.instruction}")


class Troupe:
    """Plays every agent; `turns` lists who was given what, in order."""

    def __init__(self, repo: FakeRepo) -> None:
        self.roles: dict[str, Role] = {}
        self.turns: list[Turn] = []
        self._repo = repo

    async def play(self, spec: Spec, console: Console) -> int:
        """Play one execution to its end and return its exit status."""
        turn = Turn(spec, console, self._repo)
        self.turns.append(turn)
        await self.roles.get(turn.alias, echo)(turn)
        return 0

    def tasks(self) -> list[tuple[str, str]]:
        """Return who was given what, in order."""
        return [(turn.alias, turn.instruction) for turn in self.turns]
