"""Operation `verdict`: a reviewer says, from inside its execution, what it thinks of the work."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from compas.api.operation import Operation


class VerdictRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the reviewer thinks."""

    verdict: Annotated[Literal["approve", "request_changes"], Meta(description="whether the work is good as it is")]


class VerdictResponse(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The verdict counts when the execution ends well; a later one replaces it. `judged` is the commit it is about."""

    execution_id: str
    thread_id: str
    verdict: str
    judged: str | None = None


VERDICT = Operation(
    name="verdict",
    request=VerdictRequest,
    response=VerdictResponse,
    doc="Say, as a reviewer at work, whether the work is good.",
    kind="write",
    positional=("verdict",),
    details="For agents, inside an execution. A last line `Verdict: approve` or `Verdict: request changes` of a reply "
    "does the same.",
)
