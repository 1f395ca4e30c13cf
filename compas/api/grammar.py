"""What a text in a request may be: one rule for each name of a field, the same in every operation."""

from collections.abc import Callable
from functools import partial
from typing import Any, Final

import msgspec

from compas.api.operation import Operation
from compas.domain import ids
from compas.domain.decision import Refusal

LONGEST_BODY: Final = 2_000_000
"""Characters of a message; in every script it fits into one frame."""
LONGEST_NOTE: Final = 20_000
"""Characters of what is said beside: a summary, a note, a commit message."""


class Rule(msgspec.Struct, frozen=True):
    """Says in words what is wrong with a text, and under which code it is refused."""

    problem: Callable[[str], str | None]
    code: str = "invalid"


THREAD = Rule(ids.thread_id_problem, "bad_thread_id")
LABEL = Rule(ids.label_problem)
MADE_ID = Rule(ids.made_id_problem)
REFERENCE = Rule(ids.reference_problem)
REPOSITORY = Rule(ids.repository_problem, "bad_path")
NOTE = Rule(partial(ids.text_problem, longest=LONGEST_NOTE))
BODY = Rule(partial(ids.text_problem, longest=LONGEST_BODY))

RULES: dict[str, Rule] = {
    # how requests spell a field: what its text has to be
    "thread_id": THREAD,
    "execution_id": LABEL,  # a thread is taken too, for its newest execution
    "which": LABEL,  # the number of an execution, or its id
    "op_id": MADE_ID,
    "after": MADE_ID,
    "reference": REFERENCE,
    "since_reference": REFERENCE,
    "before": REFERENCE,
    "dispatch": REFERENCE,
    "repository": REPOSITORY,
    "to": LABEL,
    "from": LABEL,
    "agent": LABEL,
    "name": LABEL,
    "intent": LABEL,
    "batch": LABEL,
    "batch_id": LABEL,
    "target_branch": LABEL,
    "strategy": LABEL,
    "accept_target": LABEL,
    "commit": LABEL,
    "filter": LABEL,
    "scheduled_for": LABEL,
    "hook": LABEL,
    "text": LABEL,
    "summary": NOTE,
    "note": NOTE,
    "message": NOTE,
    "body": BODY,
}


def refuse_texts(operation: Operation[Any, Any], request: msgspec.Struct) -> Refusal | None:
    """Say which text of a request cannot be what it should be, and why; None when all of them can.

    Threads that are only read may have names that could not be given to a new thread today: old logs have them.
    """
    for field in msgspec.structs.fields(request):
        value = getattr(request, field.name)
        refusal = None
        if isinstance(value, msgspec.Struct):
            refusal = refuse_texts(operation, value)
        elif isinstance(value, str):
            refusal = _refuse(operation, field.encode_name, value)
        if refusal is not None:
            return refusal
    return None


def _refuse(operation: Operation[Any, Any], field: str, text: str) -> Refusal | None:
    rule = RULES.get(field)
    if rule is THREAD and operation.kind != "write":
        rule = LABEL
    problem = rule.problem(text) if rule is not None else None
    if rule is None or problem is None:
        return None
    return Refusal(code=rule.code, message=f"{field} of {operation.name}: {problem}")
