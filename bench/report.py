"""Shows figures: a table to read, and JSON to keep."""

import os
import platform
from pathlib import Path

import msgspec

from bench.comparison import Comparison, Series


class Machine(msgspec.Struct, frozen=True, kw_only=True):
    """Where the figures come from; those of two machines are not to be compared."""

    cores: int
    system: str
    python: str
    load: float
    """Processes that wanted to run, over the last minute."""


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """One run. All times are seconds."""

    machine: Machine
    figures: tuple[Comparison, ...]


def this_machine() -> Machine:
    """Describe this machine as it is now."""
    return Machine(
        cores=os.cpu_count() or 1,
        system=f"{platform.system()} {platform.machine()}",
        python=platform.python_version(),
        load=os.getloadavg()[0],
    )


def table(report: Report) -> str:
    """Return the figures as text, every time in the unit that suits its row."""
    machine = report.machine
    head = f"{machine.cores} cores, {machine.system}, Python {machine.python}, load {machine.load:.1f}"
    columns = ("", "n", "median", "min", "p90", "floor", "min", "p90", "ratio", "above floor")
    rows = [columns, *(_row(figure) for figure in report.figures)]
    widths = [max(len(row[at]) for row in rows) for at in range(len(columns))]
    lines = [
        "  ".join(text.ljust(width) if at == 0 else text.rjust(width) for at, (text, width) in enumerate(pairs))
        for row in rows
        for pairs in [list(zip(row, widths, strict=True))]
    ]
    return "\n".join([head, "", *(line.rstrip() for line in lines)])


def _row(figure: Comparison) -> tuple[str, ...]:
    unit, factor = ("ms", 1e3) if figure.ours.median >= 1e-3 else ("us", 1e6)

    def shown(series: Series) -> tuple[str, str, str]:
        return (
            f"{series.median * factor:.2f} {unit}",
            f"{series.minimum * factor:.2f}",
            f"{series.p90 * factor:.2f}",
        )

    above = f"{figure.above_floor * factor:.2f} {unit}"
    return (figure.name, str(figure.n), *shown(figure.ours), *shown(figure.floor), f"{figure.ratio:.2f}", above)


def write_json(report: Report, path: Path) -> None:
    """Write the report to a file, replacing what is there."""
    path.write_bytes(msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n")
