"""Writes schedules: their list, one of them, and what a person had done with one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from compas.cli.render.configuration import with_notices
from compas.cli.render.table import Cell, pairs, table
from compas.cli.render.text import Colour, Style, counted, duration
from compas.cli.render.threads import status_colour

if TYPE_CHECKING:
    from compas.api.schedules import ScheduleChanged, ScheduleRun, ScheduleRunResponse, SchedulesResponse, ScheduleView


def schedules_text(response: SchedulesResponse, style: Style) -> str:
    """Write the schedules, when each comes next, and how its last run ended."""
    if not response.schedules:
        return with_notices("the config has no schedules", response.config_notices, style)
    heads = ("SCHEDULE", "AGENT", "CRON", "ZONE", "RUNS", "NEXT", "LAST RUN", "OUTCOME")
    text = table(heads, [_row(one, style) for one in response.schedules], style)
    lines = [f"{style.line(one.name)} does not fire: {style.line(one.why_idle)}" for one in _idle(response)]
    lines += [
        f"{style.line(one.name)} skipped {style.line(one.last_skip.local)}: {style.line(one.last_skip.why)}"
        for one in response.schedules
        if one.last_skip is not None
    ]
    return with_notices("\n".join([text, *lines]), response.config_notices, style)


def _idle(response: SchedulesResponse) -> list[ScheduleView]:
    return [one for one in response.schedules if one.why_idle]


def _row(one: ScheduleView, style: Style) -> list[Cell]:
    last = one.last_run
    return [
        Cell(one.name, None if one.enabled and not one.paused else "dim"),
        Cell(one.agent),
        Cell(one.cron),
        Cell(one.timezone),
        Cell(f"{one.runs}/{one.max_runs}", "yellow" if one.runs >= one.max_runs else None),
        Cell(style.time(one.next[0].at)) if one.next else Cell("-", "yellow"),
        Cell("-" if last is None else style.time(last.at)),
        Cell("-") if last is None else Cell(f"{last.outcome}, thread {last.thread_id}", _colour(last)),
    ]


def _colour(last: ScheduleRun) -> Colour | None:
    return status_colour(last.outcome.partition(",")[0])


def schedule_text(one: ScheduleView, style: Style) -> str:
    """Write one schedule with its next slots, its last run, and what it last skipped."""
    times = f"{one.cron} ({one.timezone})" + (f", up to {one.jitter_secs} s later" if one.jitter_secs else "")
    slots = [(f"next {number}" if number > 1 else "next", slot) for number, slot in enumerate(one.next, 1)]
    last, skipped = one.last_run, one.last_skip
    return pairs(
        [
            ("schedule", one.name),
            ("agent", one.agent),
            ("times", times),
            ("batch", one.batch),
            ("repository", one.repository),
            ("runs", f"{one.runs} of at most {one.max_runs}"),
            ("policy", f"overlap: {one.overlap}, catch_up: {one.catch_up}"),
            *((name, f"{style.time(slot.at)} ({slot.local})") for name, slot in slots),
            ("does not fire", one.why_idle),
            ("last run", None if last is None else _run(last, style)),
            ("skipped", None if skipped is None else f"{skipped.local}: {skipped.why}"),
        ],
        style,
    )


def _run(last: ScheduleRun, style: Style) -> str:
    words = [f"{style.time(last.at)}, thread {last.thread_id}: {last.outcome}"]
    if last.by:
        words.append(f"{last.by} had it run")
    if last.local:
        words.append(f"slot {last.local}")
    if last.late_secs:
        words.append(f"{duration(last.late_secs * 1000)} late")
    if last.missed:
        words.append(f"for {counted(last.missed, 'missed slot')} as well")
    return "; ".join(words)


def schedule_run_text(response: ScheduleRunResponse, style: Style) -> str:
    """Say which thread it made, and what to do next."""
    return pairs(
        [
            ("schedule", response.name),
            ("thread", response.thread_id),
            ("message", response.reference),
            ("execution", response.execution_id),
            ("runs", f"{response.runs} of at most {response.max_runs}"),
            ("warning", response.warning),
            ("next", response.next_step),
        ],
        style,
    )


def schedule_pause_text(response: ScheduleChanged, style: Style) -> str:
    """Say that it does not fire."""
    return f"{style.line(response.name)} {'is paused' if response.changed else 'was paused before'}"


def schedule_resume_text(response: ScheduleChanged, style: Style) -> str:
    """Say when it fires next."""
    what = "goes on" if response.changed else "was not paused"
    return f"{style.line(response.name)} {what}{_following(response, style)}"


def schedule_reset_text(response: ScheduleChanged, style: Style) -> str:
    """Say that its runs are counted from 0, and when it fires next."""
    return f"{style.line(response.name)} has run {response.runs} of at most {response.max_runs} times" + _following(
        response, style
    )


def _following(response: ScheduleChanged, style: Style) -> str:
    if response.next:
        return f"; next {style.time(response.next[0].at)} ({style.line(response.next[0].local)})"
    return f"; it does not fire: {style.line(response.why_idle)}"
