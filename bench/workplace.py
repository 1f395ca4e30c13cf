"""Sets up a real compas to measure: repository, config, supervisor and connection, all in directories of their own."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

import msgspec

from bench.stamps import PATIENCE_SECS, BenchError, Gate, Stamps
from compas.api.history import EventsRequest
from compas.api.operation import Operation
from compas.client.blocking import BlockingConnection, connect
from compas.client.typed import typed
from compas.client.waiting_locks import wait_until_free_for
from compas.clock import wall_clock
from compas.domain.ids import new_ulid
from compas.paths import runtime_directory, socket_path
from compas.runner import machine, processes

TREE = Path(__file__).resolve().parents[1]
AGENT_SCRIPT = TREE / "bench" / "agent.sh"
SHELL = "/bin/sh"
_WORKER = 'echo "$COMPAS_THREAD" >"$COMPAS_THREAD.txt"; echo done'
_END_SECS = 30.0

Req = TypeVar("Req", bound=msgspec.Struct)
Res = TypeVar("Res", bound=msgspec.Struct)


class Workplace:
    """Made by `open_workplace`. Agents: `solo` waits at the gate; `first` too, and hands over to `second`, which does
    not; `worker` adds a file in a worktree, which is committed for it."""

    def __init__(self, root: Path, runtime: Path) -> None:
        self.root = root
        self.repository = root / "repo"
        self.state = root / "state"
        self.config = root / "config.yaml"
        self.environ = {
            "PATH": os.environ["PATH"],
            "HOME": str(root),
            "LANG": "C.UTF-8",
            "COMPAS_RUNTIME_DIR": str(runtime),
            "COMPAS_CONFIG": str(self.config),
            "PYTHONPATH": str(TREE),
        }
        self._make_repository()
        self.stamps = Stamps(root / "stamps")
        self.gate = Gate(root / "gate")
        self._write_config()

    def _make_repository(self) -> None:
        (self.root / ".gitconfig").write_text("[user]\n name = Op\n email = op@example.org\n")
        self.git("init", "-q", "-b", "main", str(self.repository), cwd=self.root)
        (self.repository / "README").write_text("begin\n")
        self.git("add", "README")
        self.git("commit", "-q", "-m", "begin")

    def _write_config(self) -> None:
        def agent(alias: str, gate: str, **more: object) -> dict[str, object]:
            arguments = [str(AGENT_SCRIPT), str(self.stamps.path), alias, gate]
            return {"alias": alias, "backend": "shell", "backend_args": arguments, **more}

        gate = str(self.gate.path)
        worker = {"alias": "worker", "backend": "shell", "backend_args": ["-c", _WORKER]}
        written = {
            "default_workdir": "repo",
            "state_dir": "state",
            "backend_definitions": [{"name": "shell", "command": SHELL}],
            "agents": [
                agent("solo", gate),
                agent("first", gate, handoff={"on_response": "second"}),
                agent("second", "-"),
                worker | {"workspace": "worktree", "commit": "auto"},
            ],
        }
        self.config.write_text(json.dumps(written, indent=1))  # JSON is YAML too

    # --- processes -----------------------------------------------------------------------------------------------

    def git(self, *arguments: str, cwd: Path | None = None, **environ: str) -> str:
        """Run git in the repository as its operator, and return what it says. Raises BenchError."""
        with subprocess.Popen(
            ["git", *arguments],
            cwd=cwd or self.repository,
            env=self.environ | environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            out, err = process.communicate(timeout=PATIENCE_SECS)
        if process.returncode != 0:
            raise BenchError(f"git {' '.join(arguments)} failed ({process.returncode}): {err.strip()}")
        return out.strip()

    def compas(self, *arguments: str) -> list[str]:
        """Return the command line of a command of compas."""
        return [sys.executable, "-P", "-m", "compas", *arguments]

    def spawn(self, command: Sequence[str]) -> int:
        """Start a program the shortest way there is; it prints to nowhere. The caller waits for the pid returned."""
        nowhere = [(os.POSIX_SPAWN_OPEN, number, os.devnull, os.O_WRONLY, 0) for number in (1, 2)]
        return os.posix_spawnp(command[0], list(command), self.environ, file_actions=nowhere)

    @contextlib.contextmanager
    def supervising(self, *options: str) -> Iterator[int]:
        """Run a supervisor and give its pid; when this ends, so has everything that came of it."""
        reading, writing = os.pipe()
        log = self.root / "run.log"
        with open(reading, "rb") as ready, open(log, "ab") as output:
            process = subprocess.Popen(
                self.compas("run", *options, "--ready-fd", str(writing)),
                env=self.environ,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                pass_fds=(writing,),
                start_new_session=True,  # Ctrl-C ends the benchmark, and that ends the supervisor
            )
            os.close(writing)
            try:
                said = ready.read().decode().strip()
                if not said.endswith("ready"):
                    raise BenchError(f"the supervisor did not start: {said or log.read_text()}")
                yield process.pid
            finally:
                self._end(process)

    def _end(self, process: "subprocess.Popen[bytes]") -> None:
        # Detached from all that we measure: an end in good order, then the end of whatever did not follow.
        try:
            stop = self.spawn(self.compas("stop", "--now"))
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(_END_SECS)
            with contextlib.suppress(ProcessLookupError):
                os.kill(stop, signal.SIGKILL)
            os.waitpid(stop, 0)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
            _end_descendants()

    # --- requests ------------------------------------------------------------------------------------------------

    def connect(self) -> BlockingConnection:
        """Return a new connection to the supervisor; the caller closes it."""
        return connect(socket_path(self.config, runtime_directory(self.environ)), client="bench")

    def wait_for_event(self, thread: str, kind: str) -> None:
        """Return once an event of this kind is in the log of a thread."""
        found = _Found()

        def look(item: dict[str, object]) -> None:
            if item["type"] == kind:
                raise found

        request = EventsRequest(thread_id=thread, follow=True)
        with self.connect() as connection, contextlib.suppress(_Found):
            connection.request("events", msgspec.to_builtins(request), on_push=look, timeout=PATIENCE_SECS)

    def wait_runner_gone(self, execution: str) -> None:
        """Return once the runner of an execution has ended, so that what follows is not measured together with it."""
        if not wait_until_free_for(self.state / "executions" / execution / "lock", PATIENCE_SECS):
            raise BenchError(f"the runner of {execution} is still there after {PATIENCE_SECS:g} s")

    def close(self) -> None:
        """Give the FIFOs up."""
        self.gate.close()
        self.stamps.close()


class _Found(Exception):  # noqa: N818 - no error: it ends a stream
    """What was looked for has come."""


def ask(
    connection: BlockingConnection,
    operation: Operation[Req, Res],
    request: Req,
    on_push: Callable[[object], object] | None = None,
) -> Res:
    """Put one request; a write gets a name of its own."""
    name = new_ulid(wall_clock()) if operation.kind == "write" else ""
    arguments = msgspec.to_builtins(request)
    answer = connection.request(operation.name, arguments, request_id=name, on_push=on_push, timeout=PATIENCE_SECS)
    return typed(answer, operation.response)


@contextlib.contextmanager
def open_workplace() -> Iterator[Workplace]:
    """Make a workplace, and remove it with all its files at the end."""
    machine.adopt_orphans()  # whoever outlives the supervisor becomes ours to end
    runtime = Path(tempfile.mkdtemp(prefix="cb-", dir="/tmp"))  # a socket's path has to be short
    try:
        with tempfile.TemporaryDirectory(prefix="compas-bench-") as root:
            place = Workplace(Path(root).resolve(), runtime)
            try:
                yield place
            finally:
                place.close()
    finally:
        shutil.rmtree(runtime)


def _end_descendants() -> None:
    deadline = time.monotonic() + _END_SECS
    while time.monotonic() < deadline:
        for process in processes.descendants(os.getpid(), processes.list_processes()):
            with contextlib.suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGKILL)
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            return
