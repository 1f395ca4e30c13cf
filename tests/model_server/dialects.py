"""Which protocols the model server speaks."""

from tests.model_server.anthropic_messages import AnthropicMessages
from tests.model_server.dialect import Dialect
from tests.model_server.gemini_generate import GeminiGenerate
from tests.model_server.openai_chat import OpenAiChat
from tests.model_server.openai_responses import OpenAiResponses

DIALECTS: tuple[Dialect, ...] = (AnthropicMessages(), OpenAiResponses(), OpenAiChat(), GeminiGenerate())


def find_dialect(path: str) -> Dialect | None:
    """Return the dialect that a path belongs to."""
    return next((each for each in DIALECTS if each.is_model(path) or each.is_count(path)), None)
