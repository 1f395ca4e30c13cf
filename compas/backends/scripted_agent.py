"""The player behind the `scripted` backend: `python -m compas.backends.scripted_agent SCRIPT [--resume SESSION]`.

A script is JSON: `{"turns": [[step, …], …]}`. Each run of the agent in a thread plays the next turn. Steps:
`{"write": path, "text": …}`, `{"append": path, "text": …}`, `{"delete": path}`, `{"run": shell command}`,
`{"say": text}`, `{"block": path of a FIFO}` (goes on once somebody has written to it), `{"pause": seconds}`,
`{"fail": text, "category": …}`, `{"exit": status}`, `{"reply": text}`. Paths are relative to the working directory.
In texts, `{{task}}` stands for the task.
"""

import argparse
import re
import subprocess
import sys
import threading
from pathlib import Path
from typing import Annotated

import msgspec

from compas.backends.scripted import Line, MessageLine, ResultLine, SessionLine, ToolLine
from compas.domain.events import Category, Usage

_SESSION = re.compile(r"turn-([0-9]{1,6})")
VERBS = ("write", "append", "delete", "run", "say", "block", "pause", "fail", "exit", "reply")


class Step(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One step; exactly one of its verbs is given, and a script with another number of them is refused."""

    write: str | None = None
    append: str | None = None
    delete: str | None = None
    run: str | None = None
    say: str | None = None
    block: str | None = None
    pause: Annotated[float, msgspec.Meta(ge=0)] | None = None
    fail: str | None = None
    exit: int | None = None
    reply: str | None = None
    text: str = ""
    category: Category = "agent_error"
    usage: Usage = Usage(turns=1)

    def __post_init__(self) -> None:
        said = [verb for verb in VERBS if getattr(self, verb) is not None]
        if len(said) != 1:
            raise ValueError(f"a step has one of {', '.join(VERBS)}; this one has {', '.join(said) or 'none'}")


class Script(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the agent does, turn by turn."""

    turns: tuple[tuple[Step, ...], ...]


def main(argv: list[str] | None = None) -> int:
    """Play one turn; return 0 after a reply, 1 after a failure, 2 for a script that is none."""
    parser = argparse.ArgumentParser(prog="scripted-agent")
    parser.add_argument("script", type=Path)
    parser.add_argument("--resume", default="turn-0")
    options = parser.parse_args(argv)
    task = sys.stdin.buffer.read().decode(errors="replace")
    try:
        script = msgspec.json.decode(options.script.read_bytes(), type=Script)
    except (OSError, msgspec.DecodeError) as err:
        sys.stderr.write(f"cannot play {options.script}: {err}\n")
        return 2
    played = _SESSION.fullmatch(options.resume)
    if played is None:
        sys.stderr.write(f"cannot resume {options.resume!r}: conversations with a script are called turn-<n>\n")
        return 2
    turn = int(played[1])
    _print(SessionLine(id=f"turn-{turn + 1}"))
    if turn >= len(script.turns):
        _print(ResultLine(text=f"The script has {len(script.turns)} turns, and all of them have been played."))
        return 0
    for step in script.turns[turn]:
        ended = _play(step, task)
        if ended is not None:
            return ended
    _print(ResultLine(text="Done."))
    return 0


def _play(step: Step, task: str) -> int | None:
    """Play a step; return an exit status when it ends the turn."""
    text = step.text.replace("{{task}}", task)
    if step.reply is not None:
        _print(ResultLine(text=step.reply.replace("{{task}}", task), usage=step.usage))
        return 0
    if step.fail is not None:
        _print(ResultLine(text=step.fail, category=step.category, usage=step.usage))
        return 1
    if step.exit is not None:
        return step.exit
    if step.say is not None:
        _print(MessageLine(text=step.say.replace("{{task}}", task)))
    elif step.run is not None:
        status = subprocess.Popen(step.run, shell=True, stdout=sys.stderr).wait()
        _print(ToolLine(name="run", summary=f"run: {step.run}", failed=status != 0))
    elif step.block is not None:
        Path(step.block).read_bytes()
    elif step.pause is not None:
        threading.Event().wait(step.pause)
    else:
        _edit(step, text)
    return None


def _edit(step: Step, text: str) -> None:
    if step.write is not None:
        path = Path(step.write)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        _print(ToolLine(name="write", summary=f"write {step.write}"))
    elif step.append is not None:
        with Path(step.append).open("a", encoding="utf-8") as file:
            file.write(text)
        _print(ToolLine(name="append", summary=f"append to {step.append}"))
    elif step.delete is not None:
        Path(step.delete).unlink()
        _print(ToolLine(name="delete", summary=f"delete {step.delete}"))


def _print(line: Line) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(line) + b"\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
