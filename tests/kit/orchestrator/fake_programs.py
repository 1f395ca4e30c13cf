"""Programs that take virtual time only: each is a function of what it is told. Passes the contract suite."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import msgspec
import trio

from compas.runner.program import OUTPUT_BYTES, Program, ProgramEnd
from compas.search_path import missing_program


@dataclass(frozen=True, kw_only=True)
class Act:
    """How a program behaves: after so many seconds it prints something and ends with a status; inf never ends."""

    code: int = 0
    prints: str = ""
    secs: float = 0.0


Play = Callable[[Program], Act]


@dataclass
class FakePrograms:
    """Knows programs by their names, and remembers each run: when it began, and what was told."""

    acts: dict[str, Play] = field(default_factory=dict)
    runs: list[Program] = field(default_factory=list)
    running: int = 0
    most_at_once: int = 0

    def has(self, name: str, **act: object) -> None:
        """Put a program on PATH that always behaves the same."""
        always = Act(**act)  # type: ignore[arg-type]
        self.acts[name] = lambda program: always

    def plays(self, name: str, play: Play) -> None:
        """Put a program on PATH that behaves by what it is told."""
        self.acts[name] = play

    def told(self, name: str) -> list[Mapping[str, object]]:
        """Return what a program was told, run by run."""
        return [msgspec.json.decode(run.stdin) for run in self.runs if run.command == name]

    def find(self, command: str, path: str) -> str | None:
        """See Programs."""
        return f"/bin/{command}" if command in self.acts else None

    async def run(self, program: Program) -> ProgramEnd:
        """See Programs."""
        await trio.lowlevel.checkpoint()
        if program.command not in self.acts:
            return ProgramEnd(how="not_started", problem=missing_program(program.command))
        self.runs.append(program)
        act = self.acts[program.command](program)
        self.running += 1
        self.most_at_once = max(self.most_at_once, self.running)
        try:
            with trio.move_on_after(program.timeout_secs) as limit:
                await trio.sleep(act.secs)
        finally:
            self.running -= 1
        output = act.prints[-OUTPUT_BYTES:]
        if limit.cancelled_caught:
            return ProgramEnd(how="timed_out", seconds=program.timeout_secs, output=output)
        return ProgramEnd(how="ended", seconds=act.secs, code=act.code, output=output)
