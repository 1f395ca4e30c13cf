"""Measures a merge into a checked-out branch beside `git merge` in the same checkout, by how many files there are.

    python -m bench.merge_sizes [--files 5000 50000] [--rounds 5]

Both get a branch with one new file, and a target that went on meanwhile. Only the git work is measured: what the
request, the log and the actors cost on top is the figure `merge to answer` of `bench.smoke`.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

import trio

from bench.comparison import Deadline, Times, compare
from bench.report import Report, table, this_machine
from compas.git.merge.prepare import prepare_merge
from compas.git.merge.publish import publish_merge
from compas.git.protocol.merging import Prepared, PrepareMerge, Published, PublishMerge

PER_DIRECTORY = 100


class Place:
    """A repository with so many files, checked out on `main`."""

    def __init__(self, root: Path, files: int) -> None:
        self.root = root
        self.name = f"merge, {files} files"
        self._number = 0
        self.git("init", "-q", "-b", "main")
        for key, value in (("user.name", "Op"), ("user.email", "op@example.org")):
            self.git("config", key, value)
        stream = "commit refs/heads/main\ncommitter Op <op@example.org> 0 +0000\ndata 5\nbegin\n"
        for number in range(files):
            text = f"{number}\n"
            path = f"d{number // PER_DIRECTORY}/f{number}"
            stream += f"M 100644 inline {path}\ndata {len(text)}\n{text}\n"
        self.git("fast-import", "--quiet", given=stream)
        self.git("reset", "-q", "--hard")

    def git(self, *arguments: str, given: str = "") -> str:
        """Run git here and return what it says."""
        command = ["git", *arguments]
        with subprocess.Popen(
            command, cwd=self.root, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as process:
            out, err = process.communicate(given)
        if process.returncode:
            raise RuntimeError(f"{command} ended with {process.returncode}: {err}")
        return out.strip()

    def part(self) -> str:
        """Make a branch with one more file, and one more on main; return the branch's name."""
        self._number += 1
        branch = f"side{self._number}"
        stream = ""
        for name in (branch, "main"):
            stream += f"commit refs/heads/{name}\ncommitter Op <op@example.org> {self._number} +0000\n"
            stream += f"data 4\nwork\nfrom refs/heads/main^0\nM 100644 inline d0/{name}{self._number}\ndata 2\nx\n\n"
        self.git("fast-import", "--quiet", given=stream)
        self.git("reset", "-q", "--hard")
        return branch

    def ours(self) -> Times:
        """Merge as compas does."""
        branch = self.part()
        began = time.monotonic()
        trio.run(self._merge, branch)
        return {self.name: time.monotonic() - began}

    async def _merge(self, branch: str) -> None:
        request = PrepareMerge(repo=str(self.root), op="op1", source=branch, target="main", message="Merge")
        prepared = await prepare_merge(request)
        assert isinstance(prepared, Prepared), prepared
        published = await publish_merge(PublishMerge(repo=str(self.root), op="op1", prepared=prepared))
        assert isinstance(published, Published), published

    def floor(self) -> Times:
        """Merge as a person does."""
        branch = self.part()
        began = time.monotonic()
        self.git("merge", "-q", "--no-edit", "--no-stat", branch)
        return {self.name: time.monotonic() - began}


def main(arguments: list[str]) -> int:
    """Measure, and write the table."""
    parser = argparse.ArgumentParser(prog="python -m bench.merge_sizes")
    parser.add_argument("--files", type=int, nargs="+", default=[5000, 50_000])
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args(arguments)
    os.environ |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    figures = []
    for files in given.files:
        with tempfile.TemporaryDirectory(prefix="compas-bench-") as root:
            place = Place(Path(root).resolve(), files)
            figures += compare(partial(place.ours), partial(place.floor), given.rounds, Deadline(600))
    sys.stdout.write(table(Report(machine=this_machine(), figures=tuple(figures))) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
