"""Counts what many editors with open waits cost, and how fast a completion reaches them all: `python -m bench.editors`.

Linux only. Each editor is a relay of its own; all of them wait for the same agent.
"""

import argparse
import signal
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import msgspec

from bench.comparison import FEWEST_ROUNDS, Deadline, compare
from bench.editors_report import EditorsReport, in_words
from bench.editors_scene import COMPLETION, Costs, Scene, bare_completion, count_one_round, open_scene
from bench.floors import open_floor
from bench.herd import open_herd
from bench.report import this_machine
from bench.workplace import Workplace, open_workplace

EDITORS, WAITS, ROUNDS = 50, 4, 10
WATCH_SECS = 12.0
"""How long waits are watched that wait: longer than the ten seconds after which progress is told."""
LONGEST_SECS = 600.0


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, print, and write the JSON if asked."""
    parser = argparse.ArgumentParser(prog="python -m bench.editors", description=__doc__)
    parser.add_argument("--editors", type=int, default=EDITORS, metavar="N", help=f"relays (default {EDITORS})")
    parser.add_argument("--waits", type=int, default=WAITS, metavar="N", help=f"of each (default {WAITS})")
    parser.add_argument("--rounds", type=int, default=ROUNDS, metavar="N", help=f"completions (default {ROUNDS})")
    parser.add_argument("--watch", type=float, default=WATCH_SECS, metavar="SECONDS", help="to watch waits that wait")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    options = parser.parse_args(argv)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # so that everything is ended
    with open_workplace() as place:
        report = measure(place, max(1, options.editors), max(1, options.waits), options.rounds, options.watch)
    sys.stdout.write(in_words(report))
    if options.json is not None:
        options.json.write_bytes(msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n")
    return 0


def measure(place: Workplace, editors: int, waits: int, rounds: int, watch_secs: float) -> EditorsReport:
    """Count one round with the requests in sight, then take the times of many without."""
    machine = this_machine()
    with open_scene(place, editors, waits) as scene:
        counted = count_one_round(scene, watch_secs)
    with (
        open_scene(place, editors, waits) as scene,
        open_floor(place.root) as floor,
        open_herd(["cat"], place.environ, editors) as cats,
    ):
        before = scene.costs()
        each: list[Costs] = []
        (latency,) = compare(
            partial(_completion, scene, each),
            partial(bare_completion, scene, cats, floor),
            max(FEWEST_ROUNDS, rounds),
            Deadline(LONGEST_SECS),
        )
        gateways = scene.gateways_started()
    return EditorsReport(
        machine=machine,
        editors=editors,
        waits=waits,
        counted=counted,
        before=before,
        rounds=tuple(each),
        gateways_started=gateways,
        latency=latency,
    )


def _completion(scene: Scene, each: list[Costs]) -> dict[str, float]:
    seconds = scene.complete()
    each.append(scene.costs())
    return {COMPLETION: seconds}


if __name__ == "__main__":
    sys.exit(main())
