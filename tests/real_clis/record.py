"""Records what the agent CLIs print, into tests/data/transcripts: `python -m tests.real_clis.record [CLI [SCENE …]]`.

A transcript has one JSON line for each line of output, under the name of its stream (an object if the line is one, else
its text), and at last the exit status, or the signal that ended it. What differs from run to run (ids, times, paths) is
replaced, and the lists of what the CLI offers are shortened, so that recording again shows what has changed in the CLI
and nothing else.
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

from compas.backends.backend import Task
from compas.backends.catalogue import build_backends
from compas.domain.specs import AgentSpec
from tests.kit.places import TRANSCRIPTS
from tests.model_server.model_http import ModelServer, open_model_server
from tests.real_clis import install
from tests.real_clis.rig import Neutral, Rig, Scene
from tests.real_clis.rigs import RIGS

CEILING = 60.0

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z")


class Neutralizer:
    """Replaces what differs from run to run. The same thing gets the same name again, within one transcript."""

    def __init__(self, root: Path, server: ModelServer, rules: Neutral) -> None:
        slug = re.sub(r"[^A-Za-z0-9]", "-", str(root))
        self._rules = rules
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
        rules = self._rules
        if isinstance(value, dict):
            return {name: self._value(each, name) for name, each in value.items() if name not in rules.left_out}
        if isinstance(value, list):
            return [self._value(each) for each in (value[:2] if key in rules.lists else value)]
        if isinstance(value, str):
            return self._named(value, key) if key in rules.names else self._text(value)
        if isinstance(value, int | float) and not isinstance(value, bool) and re.fullmatch(rules.times, key):
            return 0
        return value

    def _named(self, value: str, kind: str) -> str:
        return self._names.setdefault(value, f"{kind}-{len(self._names) + 1}")

    def _text(self, text: str) -> str:
        for found, stands in (self._texts | self._names).items():
            text = text.replace(found, stands)
        for pattern, stands in self._rules.patterns.items():
            text = re.sub(pattern, stands, text)
        text = _UUID.sub(lambda match: self._uuid(match[0]), text)
        return _TIMESTAMP.sub("2026-01-01T00:00:00.000Z", text)

    def _uuid(self, found: str) -> str:
        if found.startswith("11111111-") or found in self._names.values():
            return found
        return self._names.setdefault(found, f"00000000-0000-4000-8000-{len(self._names) + 1:012}")


def record(rig: Rig, scene: Scene, root: Path, server: ModelServer) -> Iterator[dict[str, object]]:
    """Play a scene, and yield the lines of its transcript."""
    neutral = Neutralizer(root, server, rig.neutral)
    rig.furnish(root, server.url)
    session = scene.session
    if scene.after is not None:
        first = _run(rig, Scene(scene.after), root, server, None)
        session = rig.session([json.loads(line) for line in first[0].splitlines()])
    out, err, status = _run(rig, scene, root, server, session)
    yield from ({"stdout": neutral.line(line)} for line in out.splitlines())
    said = [line for line in err.splitlines() if not re.match(rig.neutral.skipped, line)]
    yield from ({"stderr": neutral.line(line)} for line in said)
    yield {"exit": status} if status >= 0 else {"signal": -status}


def _run(rig: Rig, scene: Scene, root: Path, server: ModelServer, session: str | None) -> tuple[str, str, int]:
    """Start the CLI as compas does, to its end."""
    agent = AgentSpec(
        alias="dev", backend=rig.name, workdir=str(root), backend_args=scene.args,
        **{"safety_mode": "auto_approve", **{k: v for k, v in rig.settings.items() if k in ("model", "safety_mode")}},
    )  # fmt: skip
    place, files = root / "repo", root / "files"
    task = Task(instruction=scene.task, workdir=str(place), files=str(files), prompt="You are dev.", session=session)
    command = build_backends(())[rig.name].command_line(agent, task)
    for each in (place, files):
        each.mkdir(exist_ok=True)
    for name, text in command.files.items():
        (files / name).write_text(text)
    if not (place / ".git").exists():
        with subprocess.Popen(["git", "init", "-q", str(place)]) as made:
            assert made.wait() == 0
    environ = {
        "PATH": f"{install.command_of(rig.name).parent}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(root),
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        **rig.environ(server.url),
        **command.env_defaults,
        **rig.recording,
        **scene.env,
    }
    for name in scene.without:
        environ.pop(name, None)
    if scene.stop_at is not None:
        os.mkfifo(place / scene.stop_at)
    return _play(command.argv, command.stdin or "", place, environ, stop_at=scene.stop_at)


def _play(
    argv: tuple[str, ...], stdin: str, place: Path, environ: dict[str, str], *, stop_at: str | None
) -> tuple[str, str, int]:
    """Run a command to its end. Its output goes to a file: some CLIs lose the tail of a pipe."""
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        given.write(stdin.encode())
        given.seek(0)
        with subprocess.Popen(argv, cwd=place, env=environ, stdin=given, stdout=out, stderr=err) as process:
            try:
                if stop_at is not None:  # once the tool opens it, the tool runs
                    with open(place / stop_at, "w"):
                        process.send_signal(signal.SIGTERM)
                        process.wait(CEILING)
                else:
                    process.wait(CEILING)
            finally:
                process.kill()
        out.seek(0)
        err.seek(0)
        return out.read().decode(errors="replace"), err.read().decode(errors="replace"), process.returncode


def main(arguments: list[str]) -> int:
    """Record the named scenes of a CLI, or all of them, or all scenes of all."""
    rigs = [RIGS[arguments[0]]] if arguments else list(RIGS.values())
    for rig in rigs:
        folder = TRANSCRIPTS / rig.name
        folder.mkdir(parents=True, exist_ok=True)
        for name in arguments[1:] or rig.scenes:
            with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as root, open_model_server() as server:
                lines = [json.dumps(line) for line in record(rig, rig.scenes[name], Path(root).resolve(), server)]
                problems = [request.problems for request in server.record.all() if request.problems]
            if problems:
                raise SystemExit(f"{name}: the model server was sent what it should not: {problems}")
            (folder / f"{name}.jsonl").write_text("\n".join(lines) + "\n")
            sys.stdout.write(f"{rig.name} {name}: {len(lines)} lines\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
