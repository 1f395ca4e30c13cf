"""What is done on this machine: another program gets the terminal, or a text goes to the clipboard."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Protocol

from compas.dashboard.source import Asks


class Hands(Protocol):
    """What errands are run with."""

    @property
    def environ(self) -> Mapping[str, str]:
        """The environment of the dashboard, for the programs that it starts."""
        ...

    async def lend(self, command: Sequence[str], *, cwd: str | None = None, environ: Mapping[str, str]) -> int:
        """Give the terminal to a program until that ends; return its exit code. Raises OSError if it cannot start."""
        ...

    async def run(
        self, command: Sequence[str], *, cwd: str | None = None, environ: Mapping[str, str]
    ) -> tuple[int, str]:
        """Run a program beside the dashboard; return its exit code and the end of what it printed. Raises OSError."""
        ...

    async def write(self, text: str) -> str:
        """Let the person edit a text in their editor; return what they made of it. Raises OSError."""
        ...

    def copy(self, text: str) -> None:
        """Put a text into the clipboard of the person's terminal, as far as that has one."""
        ...


Errand = Callable[[Asks, Hands], Awaitable[str]]
"""Does something and returns what to say of it. Raises WireError, CompasError and OSError."""
