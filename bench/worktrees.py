"""Measures ways to a worktree beside a plain `git worktree add`: `python -m bench.worktrees [--files N ...]`."""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import count
from pathlib import Path

import trio

from bench.comparison import Comparison, Deadline, Times, compare
from bench.report import Report, table, this_machine, write_json
from compas.git.environment import environment
from compas.git.protocol.worktrees import EnsureWorktree, FillPool
from compas.git.worktree.ensure import ensure_worktree
from compas.git.worktree.pool import fill_pool

SIZES = (5_000, 50_000)
ROUNDS = 5
LONGEST_SECS = 900.0
LINES = 50
"""Of each file: about 600 bytes."""
FILES_A_DIRECTORY = 100

Way = Callable[["Repository", str], None]


class Repository:
    """A repository of many small files, and the worktrees that were made of it."""

    def __init__(self, root: Path, files: int) -> None:
        self.path = root / "repository"
        self._numbers = count(1)
        self.path.mkdir()
        self.git("init", "-q", "-b", "main")
        for name, value in {"user.name": "Op", "user.email": "op@example.org", "gc.auto": "0"}.items():
            self.git("config", name, value)
        for number in range(files):
            directory = self.path / f"d{number // FILES_A_DIRECTORY}"
            directory.mkdir(exist_ok=True)
            (directory / f"f{number % FILES_A_DIRECTORY}.txt").write_text(f"line {number}\n" * LINES)
        self.git("add", "--all")
        self.git("commit", "-q", "-m", "files")
        self.git("repack", "-a", "-d", "-q")

    def git(self, *arguments: str, at: Path | None = None) -> None:
        """Run git in the repository, or in a worktree."""
        subprocess.run(  # noqa: TID251 - nothing else runs here
            ["git", *arguments],
            cwd=at or self.path,
            env=environment(os.environ),
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )

    def timed(self, name: str, way: Way) -> Times:
        """Make one worktree that way, remove it again, and return what making it took."""
        thread = f"t{next(self._numbers)}"
        began = time.monotonic()
        way(self, thread)
        taken = time.monotonic() - began
        self.git("worktree", "remove", "--force", str(self.place(thread)))
        return {name: taken}

    def place(self, thread: str) -> Path:
        """Return where a thread's worktree is."""
        return self.path / ".compas-worktrees" / thread


def plain(repository: Repository, thread: str) -> None:
    """Add it, and nothing else."""
    repository.git("worktree", "add", "-q", "-b", f"compas/{thread}", str(repository.place(thread)), "main")


def parallel(repository: Repository, thread: str) -> None:
    """Let git write files with as many processes as there are cores."""
    options = ("-c", "checkout.workers=0", "-c", "checkout.thresholdForParallelism=100")
    place = str(repository.place(thread))
    repository.git(*options, "worktree", "add", "-q", "-b", f"compas/{thread}", place, "main")


def copied(repository: Repository, thread: str) -> None:
    """Copy the main checkout's files and its index, sharing blocks where the file system can."""
    place = repository.place(thread)
    repository.git("worktree", "add", "-q", "--no-checkout", "-b", f"compas/{thread}", str(place), "main")
    entries = [str(entry) for entry in repository.path.iterdir() if not entry.name.startswith(".")]
    reflink = ["--reflink=auto"] if sys.platform.startswith("linux") else ["-c"]
    subprocess.run(["cp", "-a", *reflink, *entries, str(place)], check=True)  # noqa: TID251 - as above
    shutil.copy2(repository.path / ".git" / "index", repository.path / ".git" / "worktrees" / thread / "index")
    repository.git("status", "--porcelain", at=place)  # else the next git has to read every file


def ours(repository: Repository, thread: str) -> None:
    """Ask compas, without a pool."""
    trio.run(ensure_worktree, EnsureWorktree(repo=str(repository.path), thread=thread, base="main"))


def pooled(repository: Repository, thread: str) -> None:
    """Ask compas, with a worktree at the ready."""
    request = EnsureWorktree(repo=str(repository.path), thread=thread, base="main", pool=True)
    assert trio.run(ensure_worktree, request).created


def _with_filled_pool(repository: Repository, name: str) -> Times:
    """Time a worktree from the pool; filling it again is what happens while an agent is at work already."""
    trio.run(fill_pool, FillPool(repo=str(repository.path), base="main", size=1))
    return repository.timed(name, pooled)


def measure(files: int, rounds: int, deadline: Deadline) -> Iterator[Comparison]:
    """Give the figures for a repository of that many files."""
    with tempfile.TemporaryDirectory(prefix="compas-bench-") as root:
        repository = Repository(Path(root), files)
        ways: dict[str, Way] = {"parallel checkout": parallel, "copy": copied, "compas": ours}
        for name, way in ways.items():
            title = f"{name}, {files} files"
            yield from compare(
                lambda title=title, way=way: repository.timed(title, way),  # type: ignore[misc]
                lambda title=title: repository.timed(title, plain),  # type: ignore[misc]
                rounds,
                deadline,
            )
        title = f"compas with a pool, {files} files"
        yield from compare(
            lambda: _with_filled_pool(repository, title), lambda: repository.timed(title, plain), rounds, deadline
        )


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, print the table, and write the JSON if asked."""
    parser = argparse.ArgumentParser(prog="python -m bench.worktrees", description=__doc__)
    parser.add_argument("--files", type=int, nargs="+", default=SIZES, metavar="N", help="sizes of the repository")
    parser.add_argument("--rounds", type=int, default=ROUNDS, metavar="N", help=f"of each figure (default {ROUNDS})")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    options = parser.parse_args(argv)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # so that everything is removed
    machine, deadline = this_machine(), Deadline(LONGEST_SECS)
    figures = [one for files in options.files for one in measure(files, max(1, options.rounds), deadline)]
    report = Report(machine=machine, figures=tuple(figures))
    sys.stdout.write(table(report) + "\n")
    if options.json is not None:
        write_json(report, options.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
