"""One run of a schedule: what it dispatches, in the same append as the record that it fired."""

from compas.domain import events as e
from compas.domain.decision import Decision, Draft, Moment, Refusal
from compas.domain.dispatch import Dispatch, Rules, decide_dispatch
from compas.domain.schedule import MANY, Due
from compas.domain.specs import ScheduleSpec
from compas.domain.thread import Thread

SCHEDULER = "scheduler"
"""Who sends what schedules dispatch."""
INTENT = "dispatch"


def dispatch_of(spec: ScheduleSpec, occasion: e.Occasion) -> Dispatch:
    """Return the message of a run."""
    return Dispatch(
        sender=SCHEDULER,
        recipient=spec.agent,
        intent=INTENT,
        body=spec.body,
        batch=spec.batch,
        summary=f"[sched] {spec.name}",
        repository=spec.repository,
        occasion=occasion,
    )


def title_of(spec: ScheduleSpec, occasion: e.Occasion) -> str:
    """Return what a run's thread is named after: the schedule and the slot, as its clocks show it."""
    slot, _, _ = occasion.slot.rpartition(" ")
    return f"{spec.name} {slot}"


def decide_run(
    spec: ScheduleSpec, occasion: e.Occasion, due: Due | None, rules: Rules, moment: Moment, *, thread: str
) -> Decision:
    """Open `thread`, a new one, with the schedule's text, and record that it fired; both or neither (c-config 63).

    A refusal is that of the dispatch: nothing is recorded then. Without `due` it runs at once.
    """
    dispatched = decide_dispatch(Thread(thread=thread), dispatch_of(spec, occasion), rules, moment)
    if isinstance(dispatched, Refusal):
        return dispatched
    (posted,) = (draft for draft in dispatched if isinstance(draft.event, e.MessagePosted))
    assert isinstance(posted.event, e.MessagePosted)
    fired = e.ScheduleFired(
        schedule=spec.name,
        thread=thread,
        message=posted.event.message,
        slot=None if due is None else due.slot,
        due=None if due is None else due.at,
        local=occasion.slot,
        missed=occasion.missed,
        by=occasion.by,
    )
    return (Draft(stream=e.schedule_stream(spec.name), event=fired, lineage=posted.lineage), *dispatched)


def in_words(occasion: e.Occasion) -> str:
    """Say of which schedule's run a thread is, and how late it was."""
    if not occasion.slot:
        return f"dispatched by schedule {occasion.schedule}, run at once by {occasion.by or 'operator'}"
    said = f"dispatched by schedule {occasion.schedule}, slot {occasion.slot}"
    if occasion.late_secs:
        said += f", {_duration(occasion.late_secs)} late"
    if occasion.missed:
        said += f", for {missed_in_words(occasion.missed)} before it as well"
    return said


def missed_in_words(count: int) -> str:
    """Write a number of missed slots, which stops at MANY."""
    number = f"{count} or more" if count >= MANY - 1 else str(count)
    return f"{number} missed {'slot' if count == 1 else 'slots'}"


def _duration(seconds: int) -> str:
    minutes, rest = divmod(seconds, 60)
    if minutes < 2:
        return f"{seconds} s"
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s"
