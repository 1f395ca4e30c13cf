"""What the system knows of a process: memory, descriptors, and how often it was woken; Linux only."""

import os
from pathlib import Path

import msgspec


class Process(msgspec.Struct, frozen=True, kw_only=True):
    """One process: by thread, how often it was switched to or from, and the processor time it used, in clock ticks."""

    name: str
    threads: dict[int, tuple[int, int]]


def look(pid: int, name: str) -> Process:
    """Return a process as it is now."""
    threads = {}
    for thread in os.listdir(f"/proc/{pid}/task"):
        task = Path(f"/proc/{pid}/task/{thread}")
        lines = (task / "status").read_text().splitlines()
        switches = sum(int(line.rpartition(":")[2]) for line in lines if "ctxt_switches" in line)
        fields = (task / "stat").read_text().rpartition(")")[2].split()
        threads[int(thread)] = (switches, int(fields[11]) + int(fields[12]))
    return Process(name=name, threads=threads)


def switches_between(early: Process, late: Process) -> int:
    """Return how often threads that live on were switched to or from."""
    return sum(switched - early.threads.get(thread, (0, 0))[0] for thread, (switched, _) in late.threads.items())


def difference(early: Process, late: Process) -> str:
    """Say what the threads did in between; one that has ended can only be counted as such."""
    ticks = sum(used - early.threads.get(thread, (0, 0))[1] for thread, (_, used) in late.threads.items())
    ended = len(early.threads.keys() - late.threads.keys())
    said = f"{switches_between(early, late)} context switches in {len(late.threads)} threads, {ticks} ticks"
    return f"{said}, {ended} threads ended" if ended else said


def program(pid: int) -> str:
    """Return the module of ours that a process runs, as far as its command line tells."""
    words = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").replace("\0", " ").split()
    return next((word.rstrip(";") for word in words if word.startswith("compas.")), str(pid))


def proportional_kb(pid: int) -> int:
    """Return the memory of a process in kB, what it shares with others counted by its share (PSS)."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1])
    raise OSError(f"the system does not say what process {pid} has of memory")


def descriptors(pid: int) -> int:
    """Return how many descriptors a process has open."""
    return len(os.listdir(f"/proc/{pid}/fd"))
