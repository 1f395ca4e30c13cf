"""Actions that give an agent something to do: dispatch, reply, request changes, retry."""

from functools import partial

import msgspec

from compas.api.dispatch import DISPATCH, DispatchRequest, DispatchResponse
from compas.api.reviews import REQUEST_CHANGES, RequestChangesRequest, RequestChangesResponse
from compas.api.threads import TRANSCRIPT, TranscriptRequest, TranscriptResponse
from compas.dashboard.actions import conditions
from compas.dashboard.actions.action import Action
from compas.dashboard.actions.plan import Deed, Field, Plan, Question, UnreadyError, Values
from compas.dashboard.actions.start_time import WRONG, start_time
from compas.dashboard.lines import one_line
from compas.dashboard.situation import Situation, Target
from compas.dashboard.source import Asks

_NO_TASK = "write what is to be done; Ctrl-X opens your editor"


def _agents(now: Situation) -> tuple[str, ...]:
    health = now.board.health
    return tuple(agent.alias for agent in health.agents) if health is not None else ()


def _first_agent(now: Situation) -> str:
    row = now.threads[0].row if now.threads else None
    agents = _agents(now)
    if row is not None and row.agent in agents:
        return row.agent or ""
    return agents[0] if agents else ""


def _repository(now: Situation) -> tuple[Field, ...]:
    """Ask for the repository where there is a choice."""
    listed = now.board.health.repositories if now.board.health is not None else ()
    hint = "the agent's own, else the one you are in, else the default"
    return (Field(name="repository", label="repository", kind="choice", choices=("", *listed), hint=hint),) * bool(
        listed
    )


def _dispatch(now: Situation) -> Plan:
    return Plan(
        title="New task",
        says=("The agent works in a worktree of its own; nothing of yours is touched.",),
        fields=(
            Field(name="to", label="agent", kind="choice", value=_first_agent(now), choices=_agents(now)),
            Field(name="body", label="task", kind="long", hint="what it should do; Ctrl-X opens your editor"),
            *_repository(now),
            Field(name="thread", label="thread", hint="a new one, named after the task"),
            Field(name="batch", label="batch", hint="none"),
            Field(name="at", label="start at", hint="at once; 18:30, +2h or a date with an offset"),
        ),
        deeds=partial(_dispatch_deeds, now.now),
        draft="dispatch",
    )


def _dispatch_deeds(now: float, values: Values) -> tuple[Deed, ...] | str:
    if not values["body"].strip():
        return _NO_TASK
    at = start_time(values["at"], now) if values["at"].strip() else None
    if values["at"].strip() and at is None:
        return f"{values['at'].strip()!r} is no time to start at; {WRONG}"
    request = DispatchRequest(
        to=values["to"],
        body=values["body"],
        thread_id=values["thread"].strip() or None,
        repository=values.get("repository") or None,
        batch=values["batch"].strip() or None,
        scheduled_for=at,
    )
    return (Deed(about=values["thread"].strip(), operation=DISPATCH, request=request, tell=_dispatched),)


def _dispatched(answer: DispatchResponse) -> str:
    when = f", not before {answer.scheduled_for}" if answer.scheduled_for else ""
    reopened = "; the thread was reopened" if answer.reopened else ""
    where = f" in {one_line(answer.repository)}" if answer.repository else ""
    said = "".join(f". {one_line(text)}" for text in (answer.warning, answer.note) if text)
    return f"{answer.thread_id} was given the task as {answer.reference}{where}{when}{reopened}{said}"


def _reply(now: Situation) -> Plan:
    (target,) = now.threads
    ended = target.row is not None and target.row.thread_status != "Active"
    return Plan(
        title=f"Reply in {target.thread}",
        says=("It reopens the thread.",) if ended else (),
        fields=(
            Field(name="to", label="agent", kind="choice", value=_first_agent(now), choices=_agents(now)),
            Field(name="body", label="text", kind="long", hint="what it should know or do; Ctrl-X opens your editor"),
        ),
        deeds=partial(_reply_deeds, target.thread),
        draft=f"reply:{target.thread}",
    )


def _reply_deeds(thread: str, values: Values) -> tuple[Deed, ...] | str:
    if not values["body"].strip():
        return _NO_TASK
    request = DispatchRequest(to=values["to"], body=values["body"], thread_id=thread)
    return (Deed(about=thread, operation=DISPATCH, request=request, tell=_dispatched),)


def _request_changes(now: Situation) -> Plan:
    (target,) = now.threads
    return Plan(
        title=f"Request changes in {target.thread}",
        says=(
            "Records that the branch is not to be merged as it is, and gives the text to the agent whose work it is.",
        ),
        fields=(
            Field(name="body", label="changes", kind="long", hint="what is to be changed; Ctrl-X opens your editor"),
        ),
        deeds=partial(_changes_deeds, target.thread),
        draft=f"changes:{target.thread}",
    )


def _changes_deeds(thread: str, values: Values) -> tuple[Deed, ...] | str:
    if not values["body"].strip():
        return "write what is to be changed; Ctrl-X opens your editor"
    request = RequestChangesRequest(thread_id=thread, body=values["body"])
    return (Deed(about=thread, operation=REQUEST_CHANGES, request=request, tell=_asked_for),)


def _asked_for(answer: RequestChangesResponse) -> str:
    return f"{answer.agent} was told what to change in {answer.thread_id} ({answer.reference})"


def _retry(now: Situation) -> Plan:
    questions: tuple[Question, ...] = ()
    if len(now.threads) == 1:
        request = TranscriptRequest(thread_id=now.threads[0].thread)
        questions = (Question(operation=TRANSCRIPT, request=request, tell=partial(_again, now.threads[0])),)
    return Plan(
        title=f"Run again: {now.names}?",
        says=("Gives the same task to the same agent once more, in the same thread and worktree.",),
        questions=questions,
        deeds=lambda _: tuple(
            Deed(about=target.thread, operation=DISPATCH, request=partial(_same_task, target), tell=_dispatched)
            for target in now.threads
        ),
    )


def _again(target: Target, transcript: TranscriptResponse) -> tuple[str, ...]:
    found = task_of(target, transcript)
    if isinstance(found, str):
        return (found,)
    return (f"{found.to}: {one_line(found.body)[:200]}",)


async def _same_task(target: Target, asks: Asks) -> msgspec.Struct:
    found = task_of(target, await asks.ask(TRANSCRIPT, TranscriptRequest(thread_id=target.thread)))
    if isinstance(found, str):
        raise UnreadyError(found)
    return found


def task_of(target: Target, transcript: TranscriptResponse) -> DispatchRequest | str:
    """Return the task of the execution that is looked at, to be given once more, or say why there is none."""
    runs = transcript.executions
    run = next((one for one in runs if one.id == target.execution), runs[-1] if runs else None)
    if run is None:
        return f"nothing has been started in {target.thread} yet"
    task = next((one for one in transcript.messages if one.id == run.dispatch_message_id), None)
    if task is None:
        return f"the message that execution {run.id} was started by is not in {target.thread}"
    return DispatchRequest(to=run.agent, body=task.body, thread_id=target.thread)


TALKING: tuple[Action, ...] = (
    Action(name="dispatch", help="give an agent a new task", refuse=conditions.has_agents, begin=_dispatch),
    Action(
        name="reply",
        help="say something to the agent in this thread",
        refuse=lambda now: conditions.one(now) or conditions.has_agents(now),
        begin=_reply,
    ),
    Action(
        name="request-changes",
        help="ask for changes to the thread's work",
        refuse=conditions.one,
        begin=_request_changes,
    ),
    Action(name="retry", help="give the same task to the same agent again", refuse=conditions.has_run, begin=_retry),
)
