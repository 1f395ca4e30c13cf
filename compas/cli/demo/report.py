"""What is told after the demonstration: the history, the change, the reasons, and what to try next."""

import os
import shlex
import shutil
import sys
from pathlib import Path

from compas.api.diagnosis import WhyResponse
from compas.cli.catalogue import commands
from compas.cli.demo.play import Played
from compas.cli.demo.scripts import PROJECT_NAME, THREAD
from compas.cli.demo.stage import Stage
from compas.cli.demo.view import View
from compas.cli.render.history import diff_text
from compas.cli.render.text import Style, cut


def report(played: Played, stage: Stage, view: View) -> None:
    """Show what has become of the repository and why. Raises GitFailed."""
    from compas.git import demo_repository

    _section(view, "What main looks like now", "git log --graph")
    view.say(demo_repository.graph(stage.repository, colour=view.style.has_colour))
    _section(view, "What the agents changed", f"compas diff {THREAD}")
    view.say(diff_text(played.diff, view.style).partition("\n")[2])  # its title is two commits too long for this
    _section(view, "Why it came to that, in short", f"compas why {THREAD}")
    view.say(_why(played.why, played.milestones, view.style))


def _section(view: View, title: str, command: str) -> None:
    view.say()
    view.say(f"{view.style.paint(title, 'bold')}  {view.style.paint(f'({command})', 'dim')}")


def _why(why: WhyResponse, milestones: frozenset[int], style: Style) -> str:
    told = [cause for cause in why.causes if cause.position in milestones]
    lines = []
    for cause in told:
        line = f"{cause.position:>4}  {'  ' * cause.depth}{style.line(cause.what)}"
        lines.append(cut(line, style.width) if style.is_screen else line)
    left_out = len(why.causes) - len(told)
    return "\n".join([*lines, style.paint(f"      and {left_out} smaller steps between them", "dim")])


def say_next(view: View) -> None:
    """Say what to try when everything is gone again."""
    program = command_name()
    view.say("\nThe supervisor has ended and the folder is removed. What to try next:")
    own = [
        (f'{program} dispatch dev "Add a health check" --wait', "the same way for your task"),
        (f"{program} diff THREAD", "what came of it"),
        (f"{program} merge THREAD", "when you approve"),
    ]
    again = (f"{program} demo --keep", "the same, and all of it stays to look at")
    if "init" in commands():
        _say_pairs(view, [again, (f"{program} init", "a config for your own repository; then"), *own])
        return
    _say_pairs(view, [again])
    view.say("\nWith your own repository and agents in ~/.compas/config.yaml:")
    _say_pairs(view, own)


def say_kept(stage: Stage, view: View) -> None:
    """Say what was kept, how to look at it, and how to be rid of it."""
    program, quoted = command_name(), shlex.quote
    view.say(f"\nEverything is kept in {stage.folder}:")
    _say_pairs(
        view,
        [
            (f"{PROJECT_NAME}/", "the repository, with the work merged"),
            ("config.yaml", "two agents and the rule that hands their work on"),
            ("dev.json, reviewer.json", "what the agents play"),
            ("state/", "the log that all of this was read from"),
        ],
    )
    view.say()
    view.say("Look around; the supervisor has ended, and any command starts it again:")
    runtime, config = (quoted(stage.environ[name]) for name in ("COMPAS_RUNTIME_DIR", "COMPAS_CONFIG"))
    view.say(f"  export COMPAS_RUNTIME_DIR={runtime}")
    view.say(f"  export COMPAS_CONFIG={config}")
    _say_pairs(
        view,
        [
            (f"{program} status", "which threads there are"),
            (f"{program} transcript {THREAD}", "what everybody said"),
            (f"{program} why {THREAD}", "every step, and what led to it"),
            (f"{program} log {THREAD}", "what the last agent printed"),
            (f"{program} events {THREAD}", "the log itself, event by event"),
        ],
    )
    view.say("And when you have seen enough:")
    view.say(f"  {program} stop; rm -rf {quoted(str(stage.folder))}")


def command_name() -> str:
    """Return how this command is called here."""
    called = Path(sys.argv[0])
    if called.name == "compas":
        return "compas" if shutil.which("compas") == str(called) else shlex.quote(_shortest(called))
    return f"{shlex.quote(sys.executable)} -m compas"


def _shortest(path: Path) -> str:
    """Return the path as a person in the current directory would type it."""
    return os.path.relpath(path) if path.is_relative_to(Path.cwd()) else str(path)


def _say_pairs(view: View, pairs: list[tuple[str, str]]) -> None:
    """Write commands or names with their meaning beside them, or above them where that is too wide for the screen."""
    width = max(len(first) for first, _ in pairs)
    widest = 2 + width + 2 + max(len(second) for _, second in pairs)
    is_beside = not view.style.is_screen or widest <= view.style.width
    for first, second in pairs:
        if is_beside:
            view.say(f"  {first.ljust(width)}  {view.style.paint(second, 'dim')}")
        else:
            view.say(f"  {view.style.paint(f'# {second}', 'dim')}\n  {first}")
