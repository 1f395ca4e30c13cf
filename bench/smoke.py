"""Measures what compas adds to the machine's own time: `python -m bench.smoke [--quick] [--json FILE]`."""

import argparse
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

from bench import commands, executions, merges
from bench.comparison import Comparison, Deadline, compare
from bench.floors import open_floor
from bench.kernel import compare_kernel
from bench.report import Report, table, this_machine, write_json
from bench.workplace import open_workplace

ROUNDS = 30
QUICK_ROUNDS = 5
MOST_ROUNDS = 500
LONGEST_SECS = 600.0


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, print the table, and write the JSON if asked."""
    parser = argparse.ArgumentParser(prog="python -m bench.smoke", description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS, metavar="N", help=f"of each figure (default {ROUNDS})")
    parser.add_argument("--quick", action="store_true", help=f"{QUICK_ROUNDS} rounds: does it work at all?")
    parser.add_argument("--seconds", type=float, default=LONGEST_SECS, help="after which figures get fewer rounds")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    options = parser.parse_args(argv)
    rounds = QUICK_ROUNDS if options.quick else max(1, min(options.rounds, MOST_ROUNDS))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # so that everything is ended
    machine = this_machine()
    figures = tuple(measure(rounds, Deadline(options.seconds), _tell))
    report = Report(machine=machine, figures=figures)
    sys.stdout.write(table(report) + "\n")
    if options.json is not None:
        write_json(report, options.json)
    return 0


def measure(rounds: int, deadline: Deadline, tell: Callable[[str], None]) -> Iterator[Comparison]:
    """Give every figure; `tell` is told what is being measured."""
    with open_workplace() as place, open_floor(place.root) as floor:
        tell("actors and log")
        kernel = compare_kernel(place.root, rounds, deadline)
        with place.supervising(), place.connect() as connection:
            pairs = [
                ("command line", partial(commands.status, place), partial(commands.bare_interpreter, place)),
                (
                    "one agent",
                    partial(executions.one_agent, place, connection),
                    partial(executions.bare_agent, place, floor),
                ),
                (
                    "handing over",
                    partial(executions.two_agents, place, connection),
                    partial(executions.bare_start, place, floor),
                ),
                ("merging", partial(merges.asked_merge, place, connection), partial(merges.bare_merge, place)),
            ]
            for name, ours, bare in pairs:
                tell(name)
                yield from compare(ours, bare, rounds, deadline)
        yield from kernel


def _tell(what: str) -> None:
    sys.stderr.write(f"measuring: {what}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
