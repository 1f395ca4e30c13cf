"""Which protocols the model server speaks."""

from anthropic_messages import AnthropicMessages
from dialect import Dialect
from gemini_generate import GeminiGenerate
from openai_chat import OpenAiChat
from openai_responses import OpenAiResponses

DIALECTS: tuple[Dialect, ...] = (AnthropicMessages(), OpenAiResponses(), OpenAiChat(), GeminiGenerate())


def find_dialect(path: str) -> Dialect | None:
    """Return the dialect that a path belongs to."""
    return next((each for each in DIALECTS if each.is_model(path) or each.is_count(path)), None)
