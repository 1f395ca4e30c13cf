"""What is wrong or doubtful in a config file, where, and in which words."""

from msgspec import Struct

from compas.config.positions.scalars import shown
from compas.errors import CompasError

MAX_SHOWN = 40
"""How many errors are written out at most when they are shown together."""

KeyPath = tuple[str | int, ...]
"""A place in the file: names of keys and indexes of list items, from the top."""


class Finding(Struct, frozen=True, kw_only=True):
    """One sentence about one place: what was found, what is allowed, what may have been meant.

    `line` and `column` count from 1; both are 0 when the sentence is about the file as a whole. `key` is written
    like `agents[2].env.PORT`, and is empty at the top.
    """

    line: int
    column: int
    key: str
    sentence: str

    def __str__(self) -> str:
        place = f"line {self.line}, column {self.column}" if self.line else ""
        return ": ".join(part for part in (place, self.key, self.sentence) if part)


class ConfigError(CompasError):
    """A config file cannot be used; `findings` holds every error in it, `warnings` what else was noticed.

    `digest` and `reads` are those of `Loaded`, as far as the file could be read.
    """

    def __init__(
        self,
        path: str,
        findings: tuple[Finding, ...],
        warnings: tuple[Finding, ...] = (),
        *,
        digest: str = "",
        reads: tuple[str, ...] = (),
    ) -> None:
        super().__init__(path, findings)
        self.path = path
        self.findings = findings
        self.warnings = warnings
        self.digest = digest
        self.reads = reads

    def __str__(self) -> str:
        if len(self.findings) == 1:
            return f"cannot use {self.path}: {self.findings[0]}"
        listed = [str(finding) for finding in self.findings[:MAX_SHOWN]]
        if len(self.findings) > MAX_SHOWN:
            listed.append(f"and {len(self.findings) - MAX_SHOWN} more")
        return "\n  ".join([f"cannot use {self.path}, {len(self.findings)} errors:", *listed])


def written(path: KeyPath) -> str:
    """Write a key path as people read it: `agents[2].env.PORT`."""
    text = ""
    for part in path:
        name = part if isinstance(part, int) else shown(part)
        text += f"[{name}]" if isinstance(part, int) else f".{name}" if text else str(name)
    return text


class Report:
    """Collects findings while a file is read and checked; each place is looked up in what was read."""

    def __init__(self) -> None:
        self.errors: list[Finding] = []
        self.warnings: list[Finding] = []
        self._positions: dict[KeyPath, tuple[int, int]] = {(): (0, 0)}
        self._broken: set[KeyPath] = set()

    def place(self, path: KeyPath, at: tuple[int, int]) -> None:
        """Remember the line and column at which a key path stands in the file."""
        self._positions[path] = at

    def line_of(self, path: KeyPath) -> int | None:
        """Return the line at which a key path stands in the file, or None when the file does not say it."""
        found = self._positions.get(path)
        return None if found is None else found[0]

    def error(self, path: KeyPath, sentence: str, *, at: tuple[int, int] | None = None) -> None:
        """Add an error, unless the same place or one above it already has one: its value is a placeholder."""
        if any(path[:length] in self._broken for length in range(len(path) + 1)):
            return
        self._broken.add(path)
        self.errors.append(self._finding(path, sentence, at))

    def warn(self, path: KeyPath, sentence: str, *, at: tuple[int, int] | None = None) -> None:
        """Add a warning: the file loads, but not everything in it means what it seems to."""
        if any(path[:length] in self._broken for length in range(len(path) + 1)):
            return
        finding = self._finding(path, sentence, at)
        # A value that several agents inherit is found wanting once for each of them.
        if finding not in self.warnings:
            self.warnings.append(finding)

    def _finding(self, path: KeyPath, sentence: str, at: tuple[int, int] | None) -> Finding:
        nearest = path
        while nearest not in self._positions:
            nearest = nearest[:-1]
        line, column = at or self._positions[nearest]
        return Finding(line=line, column=column, key=written(path), sentence=sentence)


def in_file_order(findings: list[Finding]) -> tuple[Finding, ...]:
    """Sort findings by their place, keeping the order of those about one place."""
    return tuple(sorted(findings, key=lambda finding: (finding.line, finding.column)))
