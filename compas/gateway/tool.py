"""What a tool is: an operation as a model sees it."""

from typing import Any

import msgspec

from compas.api.operation import Operation


class Tool(msgspec.Struct, frozen=True, kw_only=True):
    """One tool.

    People read `title`. `is_core` says that the small set has it as well. `hidden` are request fields that the tool
    does not offer, `beside` declares parameters of its own, `answer` replaces the operation's response. `destructive`,
    `idempotent` and `open_world`, which reaches beyond compas, are the hints a client is given.
    """

    name: str
    title: str
    is_core: bool = False
    operation: Operation[Any, Any]
    doc: str
    hidden: tuple[str, ...] = ()
    beside: type[msgspec.Struct] | None = None
    answer: type[msgspec.Struct] | None = None
    destructive: bool = False
    idempotent: bool = False
    open_world: bool = False

    @property
    def answer_type(self) -> type[msgspec.Struct]:
        """What the tool answers with."""
        response: type[msgspec.Struct] = self.answer or self.operation.response
        return response

    @property
    def is_read_only(self) -> bool:
        """Whether nothing is changed by a call."""
        return self.operation.kind != "write"
