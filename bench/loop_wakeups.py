"""Counts what an idle supervisor does: `python -m bench.loop_wakeups [--seconds N]`; Linux only."""

import argparse
import signal
import sys
import threading
from collections.abc import Sequence

from bench.idle_tree import watch_idle_tree
from bench.process_figures import Process, difference, look, program
from bench.workplace import Workplace, ask, open_workplace
from compas.api.dispatch import DISPATCH, DispatchRequest
from compas.api.waiting import WAIT, WaitRequest
from compas.runner import processes

SETTLE_SECS = 2.0
"""Telemetry is written half a second after the last event; the rest of an execution's end is over by then too."""
DEFAULT_SECS = 20.0
MOST_SECS = 600.0


def main(argv: Sequence[str] | None = None) -> int:
    """Count in this process's own tree, then in a real supervisor that has had some work; print both."""
    parser = argparse.ArgumentParser(prog="python -m bench.loop_wakeups", description=__doc__)
    parser.add_argument("--seconds", type=float, default=DEFAULT_SECS, help=f"to watch each (default {DEFAULT_SECS:g})")
    options = parser.parse_args(argv)
    seconds = min(options.seconds, MOST_SECS)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # so that everything is ended
    with open_workplace() as place:
        tree = watch_idle_tree(place.config, min(SETTLE_SECS, seconds), seconds)
        sys.stdout.write(
            f"the tree of actors, {seconds:g} s: {tree.wakeups} wake-ups, {tree.task_steps} steps of tasks, "
            f"{tree.statements} SQL statements, {tree.transactions} transactions\n"
        )
        sys.stdout.flush()
        with place.supervising("--idle-exit") as pid:
            _let_it_work(place)
            pairs = _watch_processes(pid, min(SETTLE_SECS, seconds), seconds)
    for early, late in pairs:
        sys.stdout.write(f"{early.name}, {seconds:g} s: {difference(early, late)}\n")
    return 0


def _let_it_work(place: Workplace) -> None:
    """Run one agent to its end, so that what an execution leaves behind is there to be seen."""
    with place.connect() as connection:
        sent = ask(connection, DISPATCH, DispatchRequest(to="solo", body="begin"))
        place.gate.open()
        answer = ask(connection, WAIT, WaitRequest(thread_id=sent.thread_id))
    assert answer.found, answer
    place.wait_runner_gone(sent.execution_id or "")


def _watch_processes(supervisor: int, settle_secs: float, seconds: float) -> list[tuple[Process, Process]]:
    """Return each process of a supervisor as it was at the beginning of the time and at its end."""
    never = threading.Event()
    never.wait(settle_secs)
    children = processes.descendants(supervisor, processes.list_processes())
    pids = [supervisor, *(child.pid for child in children)]
    names = {pid: "supervisor" if pid == supervisor else f"its child {program(pid)}" for pid in pids}
    before = [look(pid, names[pid]) for pid in pids]
    never.wait(seconds)
    return list(zip(before, [look(pid, names[pid]) for pid in pids], strict=True))


if __name__ == "__main__":
    sys.exit(main())
