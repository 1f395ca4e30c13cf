"""A workshop with a repository, an agent and a gate for each kind, so that the world can be recorded behind a deed."""

import contextlib
import os
import select
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from tests.kit.ceiling import CEILING
from tests.kit.system.workshop import Result, Workshop, open_workshop
from tests.system.hostile.kinds.kind import Kind
from tests.system.hostile.speaking import Speaker

CANARY = """#!/bin/sh
# An agent may run it, since that is the agent's own doing.
test -n "$COMPAS_EXECUTION" || echo "$0 $* by $(tr '\\0' ' ' < /proc/$PPID/cmdline | cut -c1-150)" >> "{marks}"
exec cat
"""
SURROUNDINGS = """
export TREE="$(pwd -P)" T="$COMPAS_THREAD" ADMIN="$(git rev-parse --absolute-git-dir)"
export OTHER="$REPO/.compas-worktrees/$T-other"
"""
HONEST_WORK = """
echo work > work.txt; git add work.txt; git commit -q -m work
echo draft > work-draft.txt
"""


class Place(NamedTuple):
    """Where one kind's things are."""

    root: Path

    @property
    def repo(self) -> Path:
        return self.root / "repo"

    @property
    def out(self) -> Path:
        """A directory of the operator's, with an `etc` in it that nobody may touch."""
        return self.root / "out"

    @property
    def deed(self) -> Path:
        return self.root / "deed.sh"

    @property
    def marks(self) -> Path:
        """What canary programs wrote down."""
        return self.root / "marks"


class Stage:
    """The workshop and the places; `commit` is how the agents' work is committed."""

    def __init__(self, shop: Workshop, kinds: Sequence[Kind], commit: str) -> None:
        self.shop = shop
        self.speaker: Speaker | None = None
        self.root = shop.root / "places"
        self._number = {kind.name: number for number, kind in enumerate(kinds)}
        self._template = self._make_template()
        for kind in kinds:
            self.place(kind).repo.mkdir(parents=True)
        agents = [agent for kind in kinds for agent in self._agents(kind, commit)]
        repositories = [{"path": str(self.place(kind).repo), "on_conflict": "hand_back"} for kind in kinds]
        shop.configure(agents, repositories=repositories)

    def place(self, kind: Kind) -> Place:
        """Return where a kind's things are."""
        return Place(self.root / str(self._number[kind.name]))

    def alias(self, kind: Kind, role: str = "dev") -> str:
        """Return the name of an agent of a kind."""
        return f"{role}-{self._number[kind.name]}"

    def run(self, *command: str) -> Result:
        """Give a command, or ask the same over a connection where this stage has one."""
        if self.speaker is not None and self.speaker.can(*command):
            return self.speaker.ask(*command)
        return self.shop(*command)

    def begin_dispatch(self, kind: Kind, alias: str, thread: str) -> "subprocess.Popen[bytes]":
        """Let the agent do its deed and stop at the gate; return the command that waits for its answer."""
        ready = os.open(self.place(kind).root / "ready", os.O_RDONLY | os.O_NONBLOCK)
        try:
            waiting = self.shop.begin(
                "dispatch", alias, f"do {kind.name}", "--thread", thread, "--wait", "--json", "--timeout", "50"
            )
            readable, _, _ = select.select([ready], [], [], CEILING)
            said = os.read(ready, 100).decode().strip() if readable else "nothing"
        finally:
            os.close(ready)
        assert said == "0", (kind.name, said, (self.place(kind).root / "deed.log").read_text(errors="replace"))
        return waiting

    def do_deed(self, kind: Kind, second: Kind, thread: str) -> None:
        """Do the deed of another kind in a thread's worktree, if that is still there; it may fail."""
        place = self.place(kind)
        tree = place.repo / ".compas-worktrees" / thread
        if tree.is_dir():
            script = f"{SURROUNDINGS}\n{second.deed}\n"
            environ = self._environ(place) | {"COMPAS_EXECUTION": "second", "COMPAS_THREAD": thread}
            with open(place.root / "second.log", "ab") as log:
                self.shop.run(["sh", "-eu", "-c", script], env=environ, cwd=tree, stdout=log, stderr=log)

    def open_gate(self, kind: Kind) -> None:
        """Let the agent behind the gate end its turn."""
        (self.place(kind).root / "go").write_text("go\n")

    def log_since(self, position: int) -> str:
        """Return what the supervisor wrote into its log from a position on."""
        with contextlib.suppress(FileNotFoundError), open(self.shop.state / "supervisor.log", "rb") as file:
            file.seek(position)
            return file.read().decode(errors="replace")
        return ""

    def log_position(self) -> int:
        """Return how long the supervisor's log is."""
        path = self.shop.state / "supervisor.log"
        return path.stat().st_size if path.exists() else 0

    def _make_template(self) -> Path:
        repo = self.root / "template"
        repo.mkdir(parents=True)
        shop = self.shop
        shop.git("init", "-q", ".", cwd=repo)
        (repo / "dir").mkdir()
        for name in ("README", "edited.txt", "dir/x"):
            (repo / name).write_text(f"{name}\n")
        shop.git("add", "-A", cwd=repo)
        shop.git("commit", "-q", "-m", "begin", cwd=repo)
        (repo / "second.txt").write_text("second\n")
        shop.git("add", "-A", cwd=repo)
        shop.git("commit", "-q", "-m", "second", cwd=repo)
        shop.git("branch", "release", "main~1", cwd=repo)
        return repo

    def make_place(self, kind: Kind) -> None:
        """Make a kind's repository, as its operator has it before any agent."""
        place = self.place(kind)
        (place.out / "etc").mkdir(parents=True)
        (place.out / "etc" / "passwd").write_text("OPERATOR\n")
        shutil.copytree(self._template, place.repo, dirs_exist_ok=True)
        canary = place.root / "canary"
        canary.write_text(CANARY.format(marks=place.marks))
        canary.chmod(0o755)
        for fifo in ("ready", "go"):
            os.mkfifo(place.root / fifo)
        place.deed.write_text(f"{SURROUNDINGS}{HONEST_WORK}\n{kind.deed}\n")
        done = self.shop.run(["sh", "-eu", "-c", kind.before or ":"], env=self._environ(place), cwd=place.repo)
        assert done.code == 0, done
        self.shop.git("update-index", "-q", "--refresh", cwd=place.repo)
        (place.repo / "edited.txt").write_text("OPERATOR edits\n")
        (place.repo / "mine.txt").write_text("OPERATOR\n")

    @staticmethod
    def _environ(place: Place) -> dict[str, str]:
        return {
            "REPO": str(place.repo),
            "DOTGIT": str(place.repo / ".git"),
            "OUT": str(place.out),
            "CANARY": str(place.root / "canary"),
        }

    def _agents(self, kind: Kind, commit: str) -> Iterator[dict[str, object]]:
        place = self.place(kind)
        gate = f"echo $? > '{place.root}/ready'; cat '{place.root}/go' > /dev/null"
        run = f"sh -eu '{place.deed}' > '{place.root}/deed.log' 2>&1; {gate}"
        again = [{"run": "echo again > work-again.txt"}, {"reply": "Done again."}]
        settings: dict[str, Any] = {"workspace": "worktree", "workdir": str(place.repo), "env": self._environ(place)}
        to = {"on_response": [self.alias(kind, "one"), self.alias(kind, "two")], "join": self.alias(kind, "lead")}
        handoff = {"handoff": to} if kind.readers else {}
        yield self.shop.agent(
            self.alias(kind), [{"run": run}, {"reply": "Done."}], again, again, commit=commit, **settings, **handoff
        )
        look = [{"run": "ls -a >&2; git status --short >&2; git log --format=%s -3 >&2"}, {"reply": "Seen."}]
        for role in ("one", "two", "lead") if kind.readers else ():
            yield self.shop.agent(self.alias(kind, role), look, look, **settings)
        if kind.other:
            work = [
                {"run": "echo other > work-other.txt; git add -A; git commit -q -m other; echo OPERATOR > other-draft"},
                {"reply": "Done."},
            ]
            yield self.shop.agent(self.alias(kind, "other"), work, **settings)


@contextlib.contextmanager
def open_stage(root: Path, kinds: Sequence[Kind], commit: str = "auto") -> Iterator[Stage]:
    """Make a workshop for these kinds; afterwards everything it started must be gone, and so is what the deeds left."""
    try:
        with open_workshop(root) as shop:
            yield Stage(shop, kinds, commit)
    finally:
        # Too deep, and too oddly named, for Python's own way of removing a tree.
        subprocess.Popen(["chmod", "-R", "u+rwX", str(root / "places")], stderr=subprocess.DEVNULL).wait()
        subprocess.Popen(["rm", "-rf", str(root / "places")]).wait()
