"""A command by the name of an agent CLI that says what the CLI was recorded saying."""

import json
import sys
from typing import Any, Final

from tests.kit.places import TRANSCRIPTS
from tests.kit.system.workshop import Workshop

CONTINUES: Final = {"claude": "-r", "codex": "resume", "gemini": "-r", "opencode": "-s"}
"""The argument by which each CLI goes on with a conversation."""
FOREVER: Final = '{"sleep": 0}'
"""A line after which the command does nothing, until it is stopped."""
PLAYER: Final = """\
#!{python} -I
import json, pathlib, signal, sys
sys.stdin.buffer.read()
here = pathlib.Path({root!r})
with (here / "started").open("a") as file:
    file.write(json.dumps(sys.argv[1:]) + "\\n")
scene = json.loads((here / "scenes").read_text())["resumed" if {continues!r} in sys.argv else "new"]
for line in scene:
    ((stream, said),) = json.loads(line).items()
    if stream == "exit":
        sys.exit(said)
    if stream == "sleep":
        signal.pause()
    print(said if isinstance(said, str) else json.dumps(said), file=getattr(sys, stream), flush=True)
"""


class RecordedCli:
    """A workshop that has the CLI on its path; `dev` is on it and hands what it replies to `reviewer`."""

    def __init__(self, workshop: Workshop, name: str) -> None:
        self.workshop = workshop
        self.name = name
        place = workshop.root / "bin"
        place.mkdir()
        player = PLAYER.format(python=sys.executable, root=str(workshop.root), continues=CONTINUES[name])
        (place / name).write_text(player)
        (place / name).chmod(0o755)
        workshop.environ["PATH"] = f"{place}:{workshop.environ['PATH']}"

    def configure(self, **settings: object) -> None:
        """Write the config, with more settings for `dev`."""
        dev = {
            "alias": "dev",
            "backend": self.name,
            "safety_mode": "auto_approve",
            "handoff": {"on_response": "reviewer"},
        }
        reviewer = self.workshop.agent("reviewer", [{"reply": "Fine."}], [{"reply": "Fine."}])
        self.workshop.configure([{**dev, **settings}, reviewer])

    def play(self, *, new: str | list[str], resumed: str = "resumed") -> None:
        """Choose what is played in a new conversation, and in a continued one: a recorded scene, or lines."""
        scenes = {
            name: scene if isinstance(scene, list) else self.lines(scene)
            for name, scene in (("new", new), ("resumed", resumed))
        }
        (self.workshop.root / "scenes").write_text(json.dumps(scenes))

    def lines(self, scene: str) -> list[str]:
        """Return a recorded scene."""
        return (TRANSCRIPTS / self.name / f"{scene}.jsonl").read_text().splitlines()

    def dispatch(self) -> Any:  # noqa: ANN401 - an answer has any shape
        """Give `dev` a task, and return the answer that the chain ends with."""
        return self.workshop("dispatch", "dev", "Go.", "--thread", "t1", "--wait", "--json").json()

    def judged(self) -> list[tuple[str, str, str]]:
        """Return agent, status and class of each execution of `t1`."""
        ends = [each for each in self.workshop.events("t1") if each["type"] == "execution.ended"]
        runs = self.workshop.ask("transcript", "t1")["executions"]
        return [
            (run["agent"], run["status"], end["data"].get("category", "")) for run, end in zip(runs, ends, strict=True)
        ]

    def started(self) -> list[list[str]]:
        """Return the arguments of every start."""
        return [json.loads(line) for line in (self.workshop.root / "started").read_text().splitlines()]
