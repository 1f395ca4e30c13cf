"""What `@last` stands for: the thread of the newest dispatch from the terminal, or the editor, that asks."""

import msgspec

from actors.remote.call import Call
from compas.api.names import KINDS, LAST
from compas.domain.advice import advise, say
from compas.domain.decision import Refusal
from compas.domain.ids import label_problem
from compas.orchestrator.handler_context import HandlerContext
from compas.orchestrator.refused import refused
from compas.store.projections.origins import last_thread_of


def origin_of(call: Call) -> str:
    """Return what names the terminal or the editor that the operator calls from; empty where that is not known.

    Calls from inside an execution have none: an agent that gave the name of somebody's terminal would choose what its
    operator merges.
    """
    said = call.peer.meta.get("origin", "")
    return "" if call.peer.meta.get("execution") or label_problem(said) is not None else said


async def with_last(context: HandlerContext, arguments: msgspec.Struct, origin: str) -> msgspec.Struct:
    """Return the arguments with the thread that `@last` stands for. Raises CallError where it stands for none."""
    fields = [
        field.name
        for field in msgspec.structs.fields(arguments)
        if KINDS.get(field.encode_name) in ("thread", "execution") and getattr(arguments, field.name) == LAST
    ]
    if not fields:
        return arguments
    if not origin:
        raise refused(_no_origin())
    thread = await context.services.store.query(lambda reader: last_thread_of(reader, origin))
    if thread is None:
        raise refused(_nothing_dispatched(origin))
    full: msgspec.Struct = msgspec.structs.replace(arguments, **dict.fromkeys(fields, thread))
    return full


def _no_origin() -> Refusal:
    sentence = say(
        f"{LAST} is the thread of the newest dispatch from the same terminal or editor, and this call comes from "
        "neither, as in a job without a terminal, or from inside an execution; name the thread: `",
        advise("status"),
        "` lists them",
    )
    return Refusal(code="no_last_thread", message=sentence)


def _nothing_dispatched(origin: str) -> Refusal:
    where = "editor" if origin.startswith("editor:") else "terminal"
    sentence = say(
        f"nothing has been dispatched from this {where}, so {LAST} stands for no thread; name one: `",
        advise("status"),
        "` lists them",
    )
    return Refusal(code="no_last_thread", message=sentence)
