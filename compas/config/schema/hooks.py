"""The `hooks` section: programs that are run when something has happened."""

from typing import Annotated, ClassVar

from compas.config.schema.key import Key, Section


class Hook(Section, frozen=True, kw_only=True):
    """A program that gets an event as JSON on standard input, then the end of input. docs/hooks.md lists the fields."""

    LENIENT: ClassVar[bool] = True

    name: Annotated[
        str | None,
        Key(
            doc="What `compas hooks` calls it; unique.",
            form="alias",
            default="the key without `on_`, from the second hook on with its number: `thread_closed-2`",
        ),
    ] = None
    command: Annotated[
        str,
        Key(
            doc="The program: a name for PATH, or a path. No shell reads it.",
            form="nonblank",
            program=True,
        ),
    ]
    args: Annotated[tuple[str, ...], Key(doc="Its arguments.")] = ()
    timeout_secs: Annotated[
        int, Key(doc="Seconds it may take; then it and all that it started are ended.", ge=1, le=3600)
    ] = 10
    env: Annotated[
        dict[str, str] | None,
        Key(doc="Environment variables beside those that every hook gets.", form="variable"),
    ] = None
    filter: Annotated[
        dict[str, str] | None,
        Key(doc='Fields of its JSON and the text that each must have: `{agent: dev, success: "false"}`.'),
    ] = None


class Hooks(Section, frozen=True, kw_only=True):
    """Programs that are run when something has happened, those of one list one after the other."""

    LENIENT: ClassVar[bool] = True

    on_execution_started: Annotated[tuple[Hook, ...], Key(doc="An agent runs.")] = ()
    on_execution_completed: Annotated[
        tuple[Hook, ...], Key(doc="An attempt has ended, well or not; `final` tells whether another one follows.")
    ] = ()
    on_execution_retrying: Annotated[tuple[Hook, ...], Key(doc="Another attempt was queued.")] = ()
    on_verdict: Annotated[tuple[Hook, ...], Key(doc="A reviewer or a person has judged work.")] = ()
    on_thread_closed: Annotated[tuple[Hook, ...], Key(doc="Somebody has closed a thread.")] = ()
    on_thread_failed: Annotated[tuple[Hook, ...], Key(doc="An execution has failed for good, and its thread.")] = ()
    on_thread_abandoned: Annotated[tuple[Hook, ...], Key(doc="A thread was given up.")] = ()
    on_merge_completed: Annotated[tuple[Hook, ...], Key(doc="A target contains a thread's work.")] = ()
    on_merge_failed: Annotated[tuple[Hook, ...], Key(doc="A merge has failed.")] = ()
    on_breaker: Annotated[tuple[Hook, ...], Key(doc="A backend's circuit breaker has opened or closed.")] = ()
    on_schedule: Annotated[tuple[Hook, ...], Key(doc="A schedule has fired.")] = ()
    on_supervisor_started: Annotated[tuple[Hook, ...], Key(doc="A supervisor has started.")] = ()
    on_supervisor_stopping: Annotated[
        tuple[Hook, ...], Key(doc="The supervisor is about to end; it waits some seconds for these.")
    ] = ()
