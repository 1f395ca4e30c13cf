"""Asks the person at a client whether something may be done, in whichever way its era of the protocol allows."""

import hashlib
from typing import Any, Final

import mcp.types as types
from mcp.shared.exceptions import MCPError

from compas.errors import CompasError

YES_OR_NO: Final[dict[str, Any]] = {"type": "object", "properties": {}}
"""A form without fields: accepting or declining it is the answer."""


class DeclinedError(CompasError):
    """The person was asked, and did not agree."""

    code: Final = "declined"


def can_ask(capabilities: types.ClientCapabilities | None) -> bool:
    """Tell whether a client can show a form. One that says only that it can ask can do that; see MCP 2025-06-18."""
    asking = capabilities.elicitation if capabilities is not None else None
    return asking is not None and (asking.form is not None or asking.url is None)


async def ask(
    question: str,
    context: Any,  # noqa: ANN401 - the SDK's type of it has parameters that are of no use here
    params: types.CallToolRequestParams,
) -> types.InputRequiredResult | None:
    """Return None once the person has agreed.

    Before 2026-07-28 the server asks while the call is open. Since then it may not: it answers the call with the
    question, which is returned here, and the client calls again with what the person said. That counts for exactly
    this question; when it has changed meanwhile, it is asked again. Raises DeclinedError.
    """
    if context.session.can_send_request:
        try:
            said = await context.session.elicit_form(question, YES_OR_NO, related_request_id=context.request_id)
        except MCPError as error:
            raise DeclinedError(
                f"declined: the operator could not be asked ({error.message}). Nothing was done; the question was: "
                f"{question}"
            ) from error
    else:
        key = hashlib.sha256(question.encode()).hexdigest()[:16]
        said = (params.input_responses or {}).get(key)
        if not isinstance(said, types.ElicitResult):
            form = types.ElicitRequestFormParams(message=question, requested_schema=YES_OR_NO)
            return types.InputRequiredResult(input_requests={key: types.ElicitRequest(params=form)})
    if said.action == "accept":
        return None
    did = "said no" if said.action == "decline" else "did not answer"
    raise DeclinedError(
        f"declined: the operator was asked and {did}. Nothing was done; ask what to do instead. The question was: "
        f"{question}"
    )
