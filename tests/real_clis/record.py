"""Records what Claude Code prints, into tests/data/transcripts/claude: `python tests/real_clis/record.py [SCENE …]`.

A transcript has one JSON line for each line of output, under the name of its stream (an object if the line is one, else
its text), and at last the exit status. What differs from run to run (ids, times, paths) is replaced, and the lists of
what the CLI offers are shortened, so that recording again shows what has changed in the CLI and nothing else.
"""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "model_server"))
sys.path.insert(0, str(Path(__file__).parents[2]))

import install
from claude_scenes import SCENES, Scene
from model_http import ModelServer, open_model_server

from compas.backends.backend import Task
from compas.backends.claude import ClaudeBackend
from compas.domain.specs import AgentSpec

TRANSCRIPTS = Path(__file__).parents[1] / "data" / "transcripts" / "claude"
CEILING = 60.0

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z")
_LISTS = ("agents", "capabilities", "plugins", "skills", "slash_commands", "terminal_slash_commands", "tools")
_LEFT_OUT = ("memory_paths", "messaging_socket_path", "output_file")
_NAMES = ("run_id", "runId", "task_id", "backgroundTaskId")
_TIMES = re.compile(r".*_ms|end_time")


class Neutral:
    """Replaces what differs from run to run. The same thing gets the same name again, within one transcript."""

    def __init__(self, root: Path, server: ModelServer) -> None:
        slug = re.sub(r"[^A-Za-z0-9]", "-", str(root))
        self._texts = {
            str(root): "/home/op",
            slug: "-home-op",
            server.url: "http://127.0.0.1:8080",
            server.url[7:]: "127.0.0.1:8080",
        }
        self._names: dict[str, str] = {}

    def line(self, line: str) -> object:
        """Return a line of output as it is written down."""
        try:
            found = json.loads(line)
        except ValueError:
            return self._text(line)
        return self._value(found) if isinstance(found, dict) else self._text(line)

    def _value(self, value: Any, key: str = "") -> Any:  # noqa: ANN401 - JSON
        if isinstance(value, dict):
            return {name: self._value(each, name) for name, each in value.items() if name not in _LEFT_OUT}
        if isinstance(value, list):
            return [self._value(each) for each in (value[:2] if key in _LISTS else value)]
        if isinstance(value, str):
            return self._named(value, key) if key in _NAMES else self._text(value)
        if isinstance(value, int | float) and not isinstance(value, bool) and _TIMES.fullmatch(key):
            return 0
        return value

    def _named(self, value: str, kind: str) -> str:
        return self._names.setdefault(value, f"{kind}-{len(self._names) + 1}")

    def _text(self, text: str) -> str:
        for found, stands in (self._texts | self._names).items():
            text = text.replace(found, stands)
        text = _UUID.sub(lambda match: self._uuid(match[0]), text)
        return _TIMESTAMP.sub("2026-01-01T00:00:00.000Z", text)

    def _uuid(self, found: str) -> str:
        if found.startswith("11111111-") or found in self._names.values():
            return found
        return self._names.setdefault(found, f"00000000-0000-4000-8000-{len(self._names) + 1:012}")


def record(scene: Scene, root: Path, server: ModelServer) -> Iterator[dict[str, object]]:
    """Play a scene, and yield the lines of its transcript."""
    neutral = Neutral(root, server)
    session = scene.session
    if scene.after is not None:
        first = _run(Scene(scene.after), root, server, None)
        session = json.loads(first[0].splitlines()[0])["session_id"]
    out, err, status = _run(scene, root, server, session)
    yield from ({"stdout": neutral.line(line)} for line in out.splitlines())
    yield from ({"stderr": neutral.line(line)} for line in err.splitlines())
    yield {"exit": status}


def _run(scene: Scene, root: Path, server: ModelServer, session: str | None) -> tuple[str, str, int]:
    """Start the CLI as compas does, to its end."""
    agent = AgentSpec(
        alias="dev", backend="claude", workdir=str(root), model="sonnet", backend_args=scene.args,
        safety_mode="auto_approve",
    )  # fmt: skip
    task = Task(
        instruction=scene.task, workdir=str(root), files=str(root / "files"), prompt="You are dev.", session=session
    )
    command = ClaudeBackend(as_root=os.geteuid() == 0).command_line(agent, task)
    place = root / "repo"
    place.mkdir(exist_ok=True)
    environ = {
        "PATH": f"{install.command_of('claude').parent}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(root),
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "ANTHROPIC_BASE_URL": server.url,
        "ANTHROPIC_API_KEY": "test-key",
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        **command.env_defaults,
        "CLAUDE_CODE_MAX_RETRIES": "1",
        **scene.env,
    }
    for name in scene.without:
        environ.pop(name, None)
    if scene.stop_at is not None:
        os.mkfifo(place / scene.stop_at)
    pipe = subprocess.PIPE
    with subprocess.Popen(command.argv, cwd=place, env=environ, stdin=pipe, stdout=pipe, stderr=pipe) as process:
        assert process.stdin is not None
        process.stdin.write(scene.task.encode())
        process.stdin.close()
        process.stdin = None
        if scene.stop_at is not None:  # once the tool opens it, the tool runs
            with open(place / scene.stop_at, "w"):
                process.send_signal(signal.SIGTERM)
                out, err = process.communicate(timeout=CEILING)
        else:
            out, err = process.communicate(timeout=CEILING)
    return out.decode(errors="replace"), err.decode(errors="replace"), process.returncode


def main(names: list[str]) -> int:
    """Record the named scenes, or all."""
    TRANSCRIPTS.mkdir(parents=True, exist_ok=True)
    for name in names or SCENES:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as root, open_model_server() as server:
            lines = [json.dumps(line) for line in record(SCENES[name], Path(root).resolve(), server)]
            problems = [request.problems for request in server.record.all() if request.problems]
        if problems:
            raise SystemExit(f"{name}: the model server was sent what it should not: {problems}")
        (TRANSCRIPTS / f"{name}.jsonl").write_text("\n".join(lines) + "\n")
        sys.stdout.write(f"{name}: {len(lines)} lines\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
