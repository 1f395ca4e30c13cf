"""The person at an editor, who is asked."""

from mcp.client.session import ClientRequestContext
from mcp.types import ElicitRequestParams, ElicitResult, ErrorData


class Person:
    """Answers every question in one way, and remembers them."""

    def __init__(self, answer: ElicitResult | ErrorData) -> None:
        self.answer = answer
        self.questions: list[str] = []

    async def __call__(self, context: ClientRequestContext, params: ElicitRequestParams) -> ElicitResult | ErrorData:
        self.questions.append(params.message)
        return self.answer


YES, NO, AWAY = (ElicitResult(action=action) for action in ("accept", "decline", "cancel"))
