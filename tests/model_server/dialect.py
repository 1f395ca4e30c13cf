"""What the model server needs to know of a protocol, so that it can play the same script in each."""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from tests.model_server.model_script import Conversation, Options, Refuse, Usage

Json = dict[str, Any]
Call = tuple[str, Json]
"""Name and input of a tool to call."""
Event = tuple[str | None, str]
"""A server-sent event: its name, if events have names here, and its data."""

_PIECES = 4


@dataclass(frozen=True, slots=True)
class Query:
    """A request to a model. `path` is without its query, `headers` are by lower-case name."""

    path: str
    headers: Mapping[str, str]
    body: Json


@dataclass(frozen=True, slots=True)
class Reply:
    """What the model answers: tools to call, or else a text."""

    text: str = ""
    calls: tuple[Call, ...] = ()
    usage: Usage = field(default_factory=Usage)


class Numbers:
    """Makes ids that count up, so that the same script gives the same answers."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)

    def next(self, kind: str) -> str:
        """Return the next id, which begins with `kind`."""
        return f"{kind}{next(self._numbers):04}"


def pieces(text: str) -> list[str]:
    """Cut a text as a stream carries it; there is always a piece."""
    size = max(1, -(-len(text) // _PIECES))
    return [text[start : start + size] for start in range(0, len(text), size)] or [""]


class Dialect(Protocol):
    """One protocol. A path belongs to at most one dialect."""

    name: str

    def is_model(self, path: str) -> bool:
        """Say whether a request to this path wants an answer of the model's."""
        ...

    def is_count(self, path: str) -> bool:
        """Say whether a request to this path wants its tokens counted."""
        ...

    def counted(self, tokens: int) -> Json:
        """Return the answer to a request that wants its tokens counted."""
        ...

    def key(self, headers: Mapping[str, str]) -> str:
        """Return the key that a request comes with."""
        ...

    def problems(self, query: Query) -> list[str]:
        """Say what is wrong with a request; a real model server would refuse it for these."""
        ...

    def model(self, query: Query) -> str:
        """Return the name of the model that is asked."""
        ...

    def is_streaming(self, query: Query) -> bool:
        """Say whether the answer is wanted in pieces."""
        ...

    def tools(self, query: Query) -> list[str]:
        """Return the names of the tools that the CLI offers."""
        ...

    def system(self, query: Query) -> str:
        """Return the system prompt, however it is written."""
        ...

    def read(self, query: Query) -> Conversation:
        """Return what the user's side of a request says."""
        ...

    def find_call(self, verb: str, options: Options, tools: list[str]) -> Call:
        """Return the call for a verb of the script. Raises ScriptError when nothing that is offered can do it."""
        ...

    def answer(self, query: Query, reply: Reply, numbers: Numbers) -> Json:
        """Return an answer in one piece."""
        ...

    def events(self, answer: Json) -> list[Event]:
        """Return the same answer as a stream of events."""
        ...

    def refusal(self, action: Refuse) -> tuple[int, Json, dict[str, str]]:
        """Return the status of a refusal, its body, and the headers that belong to it."""
        ...
