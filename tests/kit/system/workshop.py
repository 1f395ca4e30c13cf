"""A workshop: a repository, a config, agents, and `compas` as a person has it, with nothing shared with other tests."""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from tests.kit.ceiling import CEILING
from tests.kit.places import REPOSITORY
from tests.kit.system import process_tree

Step = dict[str, object]


class Result(NamedTuple):
    """What a command left behind."""

    code: int
    out: str
    err: str

    def json(self) -> Any:  # noqa: ANN401 - an answer has any shape
        """Return the answer of a command that was given `--json`."""
        assert self.code in (0, 1), self
        return json.loads(self.out)


class Workshop:
    """Runs the command line as a process of its own; knows every process that came of it."""

    def __init__(self, root: Path, runtime: Path) -> None:
        self.root = root
        self.repo = root / "repo"
        self.state = root / "state"
        self.config = root / "config.yaml"
        self.environ = {
            "PATH": os.environ["PATH"],
            "HOME": str(root),
            "LANG": "C.UTF-8",
            "TZ": "UTC",
            "COMPAS_RUNTIME_DIR": str(runtime),
            "COMPAS_CONFIG": str(self.config),
            "PYTHONPATH": str(REPOSITORY),
        }
        self.runtime = runtime
        self._before = {one.pid for one in process_tree.below(os.getpid())}
        self._started: list[subprocess.Popen[bytes]] = []
        self._make_repository()

    # --- files -------------------------------------------------------------------------------------------------------

    def _make_repository(self) -> None:
        (self.root / ".gitconfig").write_text(
            "[user]\n name = Op\n email = op@example.org\n[init]\n defaultBranch = main\n"
        )
        self.git("init", "-q", str(self.repo), cwd=self.root)
        (self.repo / "README").write_text("begin\n")
        self.git("add", "README")
        self.git("commit", "-q", "-m", "begin")

    def git(self, *args: str, cwd: Path | None = None) -> str:
        """Run git in the repository as its operator does, and return what it says."""
        result = self.run(["git", *args], cwd=cwd or self.repo)
        assert result.code == 0, result
        return result.out.strip()

    def configure(self, agents: Sequence[dict[str, object]], **keys: object) -> None:
        """Write the config; JSON is YAML too."""
        written = {"default_workdir": "repo", "state_dir": "state", "agents": list(agents), **keys}
        self.config.write_text(json.dumps(written, indent=1))

    def agent(self, alias: str, *turns: Sequence[Step], **settings: object) -> dict[str, object]:
        """Write an agent's script; return its entry in the config."""
        script = self.root / f"{alias}.json"
        script.write_text(json.dumps({"turns": turns}))
        return {"alias": alias, "backend": "scripted", "script": script.name, **settings}

    def fifo(self, name: str) -> Path:
        """Make a FIFO for an agent to block on."""
        path = self.root / name
        os.mkfifo(path)
        return path

    # --- commands ----------------------------------------------------------------------------------------------------

    def start(
        self, command: Sequence[str], *, env: dict[str, str] | None = None, cwd: Path | None = None, **options: object
    ) -> "subprocess.Popen[bytes]":
        """Start any program in this environment, with `env` added to it."""
        defaults = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        environ = self.environ | (env or {})
        process = subprocess.Popen(command, env=environ, cwd=cwd or self.root, **(defaults | options))
        self._started.append(process)
        return process

    def run(self, command: Sequence[str], **options: object) -> Result:
        """Run any program to its end."""
        return finish(self.start(command, **options))

    def begin(self, *args: str, **options: object) -> "subprocess.Popen[bytes]":
        """Start a command of compas and return its process."""
        return self.start([sys.executable, "-P", "-m", "compas", *args], **options)

    def __call__(self, *args: str, **options: object) -> Result:
        """Run a command of compas to its end."""
        return finish(self.begin(*args, **options))

    def ask(self, *args: str, **options: object) -> Any:  # noqa: ANN401 - an answer has any shape
        """Run a command of compas that has to succeed, and return its answer."""
        result = self(*args, "--json", **options)
        assert result.code == 0, result
        return result.json()

    def events(self, *args: str) -> list[dict[str, Any]]:
        """Return the log."""
        result = self("events", *args, "--json", "--limit", "10000")
        assert result.code == 0, result
        return [json.loads(line) for line in result.out.split("\n") if line]

    def until(self, kind: str, *, thread: str = "t1", after: int = 0) -> dict[str, Any]:
        """Follow the log until an event of this kind is in it, and return that event."""
        command = ("events", thread, "--follow", "--json", "--after", str(after))
        found: dict[str, Any] = json.loads(self._read_until(f'"type":"{kind}"', *command))
        return found

    def until_logged(self, kind: str, after: int) -> dict[str, Any]:
        """Follow the whole log from a position on until an event of this kind is in it, and return that event."""
        command = ("events", "--follow", "--json", "--after", str(after))
        found: dict[str, Any] = json.loads(self._read_until(f'"type":"{kind}"', *command))
        return found

    def until_said(self, text: str, *, thread: str = "t1") -> None:
        """Follow the output of a thread's newest execution until a line of it has this text."""
        self._read_until(text, "log", thread, "--follow")

    def _read_until(self, text: str, *command: str) -> str:
        follower = self.begin(*command)
        assert follower.stdout is not None
        timer = threading.Timer(CEILING, follower.kill)
        timer.start()
        try:
            for line in follower.stdout:
                if text in line.decode():
                    return line.decode()
            raise AssertionError(f"{text} did not come from {command}: {follower.communicate()}")
        finally:
            timer.cancel()
            follower.kill()
            follower.communicate()

    # --- the supervisor ----------------------------------------------------------------------------------------------

    def supervise(self, *args: str, may_die: bool = False, **env: str) -> "subprocess.Popen[bytes]":
        """Start a supervisor in the foreground and return once it is ready, or with `may_die` once it listened."""
        reading, writing = os.pipe()
        with open(self.root / "run.log", "ab") as log:
            command = ["run", *args, "--ready-fd", str(writing)]
            process = self.begin(*command, env=env, pass_fds=(writing,), stdout=log, stderr=log)
        os.close(writing)
        with open(reading, "rb") as ready:
            said = ready.read().decode().split()
        wanted = ["listening"] if may_die and len(said) == 1 else ["listening", "ready"]
        assert said == wanted, (said, (self.root / "run.log").read_text())
        return process

    def supervisor_pid(self) -> int:
        """Return the pid of the supervisor, starting one if there is none."""
        pid = self.ask("health")["pid"]
        assert isinstance(pid, int)
        return pid

    def worker(self, text: str) -> int:
        """Return the pid of the supervisor's own child whose command line contains a text."""
        supervisor = self.supervisor_pid()
        (found,) = [one for one in self.processes() if text in one.command and one.parent == supervisor]
        return found.pid

    # --- the end -----------------------------------------------------------------------------------------------------

    def processes(self) -> list[process_tree.Row]:
        """Return everything alive that came of this workshop."""
        return [one for one in process_tree.below(os.getpid()) if one.pid not in self._before]

    def shut(self) -> list[str]:
        """Stop the supervisor, then end what is left, by pid; return what should not have been there any more."""
        left: list[str] = []
        try:
            stopped = finish(self.begin("stop", "--now"), CEILING)
            left += [] if stopped.code == 0 else [f"compas stop: {stopped}"]
        except AssertionError as error:
            left.append(str(error))
        # What ends together with the supervisor may take a moment; whoever stays was forgotten.
        left += [str(one) for one in self.processes() if not process_tree.wait_gone(one.pid, CEILING)]
        while found := self.processes():
            for one in found:
                process_tree.kill(one.pid)
        for process in self._started:
            process.wait(CEILING)
            for stream in (process.stdin, process.stdout, process.stderr):
                if stream is not None and not stream.closed:
                    stream.close()
        process_tree.reap_adopted({process.pid for process in self._started})
        return left


@contextlib.contextmanager
def open_workshop(root: Path) -> Iterator[Workshop]:
    """Make a workshop; when the context ends, everything it started must be gone."""
    runtime = Path(tempfile.mkdtemp(prefix="cs-", dir="/tmp"))
    process_tree.adopt_orphans(on=True)
    try:
        made = Workshop(root, runtime)
        try:
            yield made
        finally:
            left = made.shut()
        assert left == [], "these outlived the supervisor and had to be ended"
    finally:
        process_tree.adopt_orphans(on=False)
        shutil.rmtree(runtime)


def finish(process: "subprocess.Popen[bytes]", seconds: float = CEILING) -> Result:
    """Wait for a command's end and return what it left behind; one that does not end is killed, and the test fails."""
    try:
        out, err = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        out, err = process.communicate()
        raise AssertionError(f"{process.args} did not end within {seconds:g} s; it said {out!r} {err!r}") from None
    return Result(process.returncode, (out or b"").decode(), (err or b"").decode())
