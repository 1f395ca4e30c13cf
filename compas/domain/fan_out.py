"""One reply, several targets: a thread of its own for each, in which the work can be read and not changed."""

from compas.domain import events as e
from compas.domain.decision import Draft, Moment
from compas.domain.dispatch import Rules
from compas.domain.thread import Run, Thread


def fan_out(
    targets: list[str], state: Thread, run: Run, body: str, reading: e.Reading | None, rules: Rules, moment: Moment
) -> tuple[Draft, ...]:
    """Open a thread for each target, give it the task, and note in this thread which they are; all one append.

    They are linked to this thread, and belong to its batch or, where it has none, to a new one named after it
    (a-core 129). The length of the chain goes on counting in them (a-core 135).
    """
    drafts: list[Draft] = []
    opened: list[str] = []
    depth = state.messages[run.queued.message].posted.depth + 1
    batch = state.batch or f"fanout-{state.thread}"
    for target in targets:
        thread, message = moment.new_id(), moment.new_id()
        opened.append(thread)
        found: list[e.Event] = [
            e.ThreadOpened(
                thread=thread, batch=batch, summary=state.summary, source_thread=state.thread, reading=reading
            ),
            e.MessagePosted(
                message=message,
                sender=run.queued.agent,
                recipient=target,
                intent="handoff",
                body=body,
                batch=batch,
                depth=depth,
                execution=run.queued.execution,
            ),
        ]
        if rules.triggers(recipient=target, intent="handoff"):
            queued = e.ExecutionQueued(
                execution=moment.new_id(),
                message=message,
                agent=target,
                backend=rules.agents[target].backend,
                prompt_hash=rules.prompt_hashes.get(target),
            )
            found.append(queued)
        drafts += [Draft(stream=e.thread_stream(thread), event=event, lineage=run.lineage) for event in found]
    fanned_out = e.FannedOut(execution=run.queued.execution, threads=tuple(opened))
    return (Draft(stream=e.thread_stream(state.thread), event=fanned_out, lineage=run.lineage), *drafts)
