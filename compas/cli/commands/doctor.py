"""`doctor`: checks a set-up and says what to do about what it finds."""

import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from compas.cli.arguments import CommandParser
from compas.cli.asking import config_path, style_here
from compas.cli.render.text import Colour, Style, counted, pad
from compas.cli.terminal import write, write_json

if TYPE_CHECKING:
    from compas.setup.check import Check

FAILED = 1
DOC = "Find what is wrong with this set-up."
_DETAILS = (
    "It starts no supervisor, and without --ping it asks no model anything. It exits with 1 when something cannot "
    "work; warnings alone are no failure."
)
_COLOURS: dict[str, Colour] = {"pass": "green", "warn": "yellow", "fail": "red"}
_WIDTH = 17


def main(command: str, args: Sequence[str]) -> int:
    """Run `doctor`; 0 when there is no failure, 1 when there is one."""
    parser = CommandParser(command, DOC, _DETAILS)
    parser.add_argument("--fix", action="store_true", help="register compas in the editors that lack it")
    parser.add_argument(
        "--ping", action="store_true", help="ask each agent's model for one word, which costs what a small call costs"
    )
    parser.add_argument("--json", action="store_true", help="write all checks as one line of JSON")
    given = parser.parse_args(args)
    path = config_path(given)
    import trio

    from compas.setup.doctor import examine  # loads YAML

    style, checks = style_here(), []
    for check in examine(path, sys.argv[0], os.environ, trio.run, is_fixing=given.fix, is_pinging=given.ping):
        checks.append(check)
        if not given.json:
            write(check_text(check, style))
    import msgspec

    failures = sum(check.status == "fail" for check in checks)
    if given.json:
        write_json(msgspec.to_builtins({"ok": not failures, "checks": checks}))
    else:
        write(f"\n{summary(checks)}")
    return FAILED if failures else 0


def check_text(check: "Check", style: Style) -> str:
    """Write one check: its status, name and finding, below it further lines, and what to do."""
    status = style.paint(check.status, _COLOURS[check.status])
    lines = [f"{status}  {pad(style.line(check.name), _WIDTH)}  {style.line(check.detail)}"]
    lines += [f"        {style.line(line)}" for line in check.lines]
    lines += [f"      → {style.line(hint)}" for hint in check.hints]
    return "\n".join(lines)


def summary(checks: "Sequence[Check]") -> str:
    """Write how many failures and warnings there are."""
    count = {status: sum(check.status == status for check in checks) for status in ("fail", "warn")}
    if not any(count.values()):
        return "All is well."
    parts = [counted(count["fail"], "failure")] if count["fail"] else ["No failure"]
    if count["warn"]:
        parts.append(counted(count["warn"], "warning"))
    return ", ".join(parts) + "."
