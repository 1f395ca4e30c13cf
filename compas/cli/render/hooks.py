"""Writes hooks with their last runs, notifications, and how a hook went that was tried."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from compas.cli.render.table import Cell, pairs, table
from compas.cli.render.text import Colour, Style, counted, duration

if TYPE_CHECKING:
    from compas.api.hooks import HookListing, HookRunShown, HooksResponse, HookTestResponse, NotificationsListing

_COLOURS: dict[str, Colour] = {"succeeded": "green", "expired": "yellow"}


def hooks_text(response: HooksResponse, style: Style) -> str:
    """Write one line for each hook, what its last runs came to, and how people are notified."""
    parts = []
    if response.hooks:
        heads = ("HOOK", "ON", "ONLY", "LAST", "FAILED", "WAITING", "COMMAND")
        parts.append(table(heads, [_row(hook) for hook in response.hooks], style))
        runs = [line for hook in response.hooks for line in _runs(hook, style)]
        parts += ["\n".join(runs)] if runs else []
    else:
        parts.append("there are no hooks; docs/hooks.md shows how to write one into the config")
    if response.notifications is not None:
        parts.append("\n".join(_notifications(response.notifications, style)))
    return "\n\n".join(parts)


def _row(hook: HookListing) -> list[Cell]:
    last = hook.runs[0].outcome if hook.runs else "-"
    return [
        Cell(hook.name),
        Cell(hook.point),
        Cell(", ".join(f"{name}={value}" for name, value in hook.filter.items()) or "-"),
        Cell("cannot be run", "red") if hook.problem else Cell(last.replace("_", " "), _colour(last)),
        Cell(f"{hook.failures} in a row", "red") if hook.failures else Cell("-"),
        Cell(str(hook.waiting)),
        Cell(" ".join((hook.command, *hook.args))),
    ]


def _colour(outcome: str) -> Colour | None:
    return None if outcome == "-" else _COLOURS.get(outcome, "red")


def _runs(hook: HookListing, style: Style) -> Iterator[str]:
    if hook.problem:
        yield style.paint(style.line(f"{hook.name}: {hook.problem}"), "red")
    for run in hook.runs:
        about = f" for {run.thread_id}" if run.thread_id else ""
        took = duration(int(run.seconds * 1000))
        ended = run.outcome.replace("_", " ")
        head = f"{hook.name}: {style.time(run.at)}{about} (event {run.about}): {ended}{_status(run)}, {took}"
        yield style.paint(style.line(head), _colour(run.outcome))
        said = run.problem or run.output.strip()
        yield from (f"  {style.line(line)}" for line in said.splitlines()[-5:])


def _status(run: HookRunShown | HookTestResponse) -> str:
    return f" with status {run.exit_code}" if run.exit_code else ""


def _notifications(shown: NotificationsListing, style: Style) -> Iterator[str]:
    yield style.line(f"notifications of {', '.join(shown.about)}, shown by {shown.via}")
    if shown.problem:
        yield style.paint(style.line(f"  none is shown: {shown.problem}"), "red")
    if shown.quiet_until is not None:
        held = counted(shown.waiting, "event")
        yield f"  it is quiet until {style.time(shown.quiet_until)}; {held} held back"
    for one in shown.last:
        text = f"{one.title} ({one.problem})" if one.problem else f"{one.title}: {one.body}"
        yield style.line(f"  {style.time(one.at)} {text}")


def hook_test_text(response: HookTestResponse, style: Style) -> str:
    """Write what a hook was told, what it printed, and how it ended."""
    seconds = duration(int(response.seconds * 1000))
    ended = f"{response.outcome.replace('_', ' ')}{_status(response)}, {seconds}"
    let_through = "" if response.is_let_through else "would have kept this event from it"
    told = f"{'a sample' if response.is_sample else 'the newest event of its kind'}: {response.told}"
    text = pairs(
        [
            ("hook", response.hook),
            ("told", told),
            ("filter", let_through),
            ("ended", ended),
            ("problem", response.problem),
        ],
        style,
    )
    output = response.output.rstrip()
    said = "\n".join(style.line(line) for line in output.splitlines()) if output else "(it printed nothing)"
    return text if response.problem else f"{text}\n\n{said}"
