"""How hooks and notifiers are run: one interface, so that nobody above knows where a program runs."""

from typing import Protocol

from compas.runner.program import Program, ProgramEnd, run_program
from compas.search_path import find_program


class Programs(Protocol):
    """Runs programs that are told something and say how it went."""

    def find(self, command: str, path: str) -> str | None:
        """Return the file that would be run for a command on this PATH; None where there is none."""
        ...

    async def run(self, program: Program) -> ProgramEnd:
        """Run a program to its end, which is its time limit at the latest. Cancelling ends it and what it started."""
        ...


class LocalPrograms:
    """Runs them on this machine."""

    def find(self, command: str, path: str) -> str | None:
        """See Programs."""
        return find_program(command, path)

    async def run(self, program: Program) -> ProgramEnd:
        """See Programs."""
        return await run_program(program)
