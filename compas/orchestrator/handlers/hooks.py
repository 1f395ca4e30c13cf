"""Handlers of `hooks` and `hook_test`."""

from collections.abc import Iterable

import msgspec

from actors.remote.errors import CallError
from compas.api import hooks as api
from compas.domain import events as e
from compas.domain.ids import shown
from compas.domain.outbox.payload import Payload, passes, payload
from compas.domain.outbox.points import points_of, tags_at
from compas.domain.outbox.sample import sample
from compas.domain.outbox.specs import NOTIFICATIONS, HookSpec
from compas.orchestrator.gate.resolved_call import ResolvedCall
from compas.orchestrator.handler_context import HandlerContext
from compas.orchestrator.known_names import refuse_unknown_thread
from compas.orchestrator.outbox.hook_program import hook_program, outcome_of
from compas.orchestrator.outbox.quiet_hours import quiet_until_now
from compas.orchestrator.outbox.subject import subject_of
from compas.orchestrator.outbox.troubles import way_here, why_not_run
from compas.orchestrator.services import Services
from compas.output.redact import Redactor
from compas.store.connection import Reader
from compas.store.projections.outbox import HookRun, due_count, failures_of, newest_notifications, runs_of
from compas.suggest import did_you_mean

LOOKED_AT = 100
"""How many of the newest events are looked at for one that runs the hook."""


async def hooks(context: HandlerContext, call: ResolvedCall) -> api.HooksResponse:
    """List the hooks of the config in force with their last runs, and how notifications are."""
    request, services = call.decode(api.HooksRequest), context.services
    wanted = services.config.hooks if request.hook is None else (_named(services, request.hook),)

    def read(reader: Reader) -> api.HooksResponse:
        return api.HooksResponse(
            hooks=tuple(_listing(services, reader, hook, request.runs) for hook in wanted),
            notifications=_notifications(services, reader, request.runs) if request.hook is None else None,
        )

    return await services.store.query(read)


def _named(services: Services, name: str) -> HookSpec:
    found = next((hook for hook in services.config.hooks if hook.name == name), None)
    if found is None:
        known = [hook.name for hook in services.config.hooks]
        listed = ", ".join(known) or "none"
        raise CallError(
            "no_such_hook", f"there is no hook {shown(name)}{did_you_mean(name, known)}; there are: {listed}"
        )
    return found


def _listing(services: Services, reader: Reader, hook: HookSpec, runs: int) -> api.HookListing:
    return api.HookListing(
        name=hook.name,
        point=hook.point,
        command=hook.command,
        args=_shown(services, hook.args),
        timeout_secs=hook.timeout_secs,
        filter=hook.filter,
        failures=failures_of(reader, hook.subscriber),
        waiting=due_count(reader, hook.subscriber),
        problem=why_not_run(services, hook),
        runs=tuple(_run(run) for run in runs_of(reader, hook.subscriber, runs)),
    )


def _shown(services: Services, args: tuple[str, ...]) -> tuple[str, ...]:
    """Return arguments as they may be shown to models, too; what is in `env` is not shown at all."""
    config = services.config
    return tuple(Redactor(config.redaction_patterns).lines(args)) if config.redact_secrets else args


def _run(run: HookRun) -> api.HookRunShown:
    return api.HookRunShown(
        at=run.at,
        about=run.about,
        outcome=run.outcome,
        seconds=run.seconds,
        thread_id=run.thread,
        exit_code=run.exit_code,
        output=run.output,
        problem=run.problem,
    )


def _notifications(services: Services, reader: Reader, count: int) -> api.NotificationsListing | None:
    spec = services.config.notifications
    if not spec.kinds:
        return None
    way = way_here(services)
    last = newest_notifications(reader, count)
    return api.NotificationsListing(
        about=spec.kinds,
        via=way.via,
        problem=way.problem,
        quiet_until=quiet_until_now(services),
        waiting=due_count(reader, NOTIFICATIONS),
        last=tuple(
            api.NotificationShown(at=one.at, events=one.events, title=one.title, body=one.body, problem=one.problem)
            for one in last
        ),
    )


async def hook_test(context: HandlerContext, call: ResolvedCall) -> api.HookTestResponse:
    """Run a hook for the newest event of its kind, or for a sample of one; nothing but the answer is recorded."""
    request, services = call.decode(api.HookTestRequest), context.services
    hook = _named(services, request.hook)
    if request.thread_id is not None:
        await refuse_unknown_thread(context, request.thread_id)
    key = f"test:{call.request_id.name}"
    told = await _newest(services, hook, request.thread_id, key)
    if told is None and request.thread_id is not None:
        sentence = f"nothing has happened in thread {shown(request.thread_id)} that {hook.point} is told of"
        raise CallError("no_such_event", f"{sentence}; leave the thread out for a sample")
    fields = told or sample(hook, key, services.clock())
    ended = await services.programs.run(hook_program(services, hook, fields))
    response = api.HookTestResponse(
        hook=hook.name,
        outcome=outcome_of(ended),
        seconds=round(ended.seconds, 3),
        told=msgspec.json.encode(fields).decode(),
        is_sample=told is None,
        is_let_through=passes(hook, fields),
        exit_code=ended.code,
        output=ended.output,
        problem=ended.problem,
    )
    await context.keep_answer(call.request_id, response)
    return response


async def _newest(services: Services, hook: HookSpec, thread: str | None, key: str) -> Payload | None:
    """Return what the hook is told of the newest event of its kind, of a thread or of all; None where there is none."""
    recorded = await services.store.read_newest(tags_at(hook.point), LOOKED_AT)
    for one in _at_point(recorded, hook):
        subject = await subject_of(services.store, one)
        fields = payload(hook, one, subject, key=key)
        if thread is None or fields.get("thread") == thread:
            return fields
    return None


def _at_point(recorded: Iterable[e.Recorded], hook: HookSpec) -> Iterable[e.Recorded]:
    return (one for one in recorded if hook.point in points_of(one.event))
