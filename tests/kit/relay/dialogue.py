"""An editor and gateways on both sides of a conversation, as lists of messages."""

import json
from typing import Any

from compas.relay.answers import CAPABILITIES_KEY, MODERN_VERSION, VERSION_KEY, Answers
from compas.relay.conversation import Conversation
from compas.relay.link import READY, Issue, read_issued

GREETING = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "editor", "version": "1"}}
ENVELOPE = {VERSION_KEY: MODERN_VERSION, CAPABILITIES_KEY: {}}
Message = dict[str, Any]


def line(method: str, found: object = None, **params: object) -> bytes:
    """Return a message of an editor's; a request if it has an id."""
    message = {"jsonrpc": "2.0", "method": method, "params": params}
    return json.dumps(message if found is None else {**message, "id": found}).encode()


class Dialogue:
    """A conversation whose list of tools and time are the test's."""

    def __init__(self) -> None:
        self.tools = b'[{"name":"first"}]'
        self.now = 100.0
        self.conversation = Conversation(Answers("1"), lambda: self.tools, "R")

    def say(self, method: str, found: object = None, **params: object) -> list[Message]:
        """Say something as the editor, and return what it hears at once."""
        return self.say_line(line(method, found, **params))

    def say_line(self, said: bytes) -> list[Message]:
        """Say a line as the editor, and return what it hears at once."""
        self.conversation.take(said, self.now)
        return self.heard()

    def shake_hands(self) -> None:
        """Open the conversation as editors before 2026-07-28 do."""
        assert "result" in self.say("initialize", 0, **GREETING)[0]
        assert self.say("notifications/initialized") == []

    def heard(self) -> list[Message]:
        """Return what the editor has heard since."""
        return _taken(self.conversation.to_editor)

    def connect(self) -> list[tuple[Issue, Message]]:
        """Be a new gateway, and return what it is brought at once."""
        self.conversation.hear(READY, self.now)
        return self.brought()

    def brought(self) -> list[tuple[Issue, Message]]:
        """Return what the gateway has been brought since."""
        lines = [read_issued(one) for one in self.conversation.to_gateway]
        self.conversation.to_gateway.clear()
        return [(issue, json.loads(text)) for issue, text in lines]

    def answer(self, found: object, **result: object) -> list[Message]:
        """Answer a request as the gateway, and return what the editor hears."""
        self.conversation.hear(json.dumps({"jsonrpc": "2.0", "id": found, "result": result}).encode(), self.now)
        return self.heard()

    def tell(self, **message: object) -> list[Message]:
        """Ask or tell something as the gateway, and return what the editor hears."""
        self.conversation.hear(json.dumps({"jsonrpc": "2.0", **message}).encode(), self.now)
        return self.heard()

    def lose(self) -> list[Message]:
        """End the gateway, and return what the editor hears."""
        self.conversation.lose(self.now)
        return self.heard()


def _taken(lines: list[bytes]) -> list[Message]:
    taken = [json.loads(one) for one in lines]
    lines.clear()
    return taken
