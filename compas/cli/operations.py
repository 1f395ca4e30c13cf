"""The operations as the command line needs them: read from plain data, so that no command waits for the api to load."""

import json
import os
from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple

from compas.client.answer import Answer

FILE = os.path.join(os.path.dirname(__file__), "operations.json")
"""Written by `python -m compas.api.description`."""


class Parameter(NamedTuple):
    """One field of a request. `flag` is None where the value stands without one."""

    name: str
    wire_name: str
    type: str
    doc: str
    required: bool
    default: object
    choices: list[str]
    is_path: bool
    flag: str | None
    short: str | None
    least: float | None
    most: float | None


class Operation(NamedTuple):
    """One operation; its parameters in the order in which a command line has them."""

    name: str
    area: str
    kind: str
    doc: str
    details: str
    parameters: tuple[Parameter, ...]
    answer: str
    item: str | None

    @property
    def is_write(self) -> bool:
        """Whether it changes something."""
        return self.kind == "write"


@cache
def _data() -> Any:  # noqa: ANN401 - whatever JSON holds
    with open(FILE, encoding="utf-8") as file:
        return json.load(file)


def docs() -> dict[str, str]:
    """Return the line of help for each operation, in the order in which help texts list them."""
    return {name: found["doc"] for name, found in _data()["operations"].items()}


def operation(name: str) -> Operation:
    """Return the operation of this name, which there has to be."""
    found = _data()["operations"][name]
    rows = tuple(Parameter(**row) for row in found["parameters"])
    return Operation(name=name, **{**found, "parameters": rows})


def without_defaults(name: str, args: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return an operation's arguments but those that are as by default: an older supervisor may not know them."""
    known = {one.wire_name: one.default for one in operation(name).parameters if not one.required}
    return {key: value for key, value in args.items() if key not in known or value != known[key]}


def whole(answer: Answer, struct: str) -> Any:  # noqa: ANN401 - stands for the Struct of this name
    """Return an answer with what it leaves out because it is as by default, in every object of it."""
    known = _data()["structs"].get(struct)
    if known is None:
        return answer
    filled = Answer({**known["defaults"], **answer})
    for name, inner in known["inner"].items():
        match filled[name]:
            case Answer() as one:
                filled[name] = whole(one, inner)
            case list(ones):
                filled[name] = [whole(one, inner) for one in ones]
    return filled
