"""A JSON object whose fields are attributes, so that what reads an answer does not care how it was decoded."""

import json
from typing import Any

_RENAMED = {"sender": "from"}
"""Fields that the api calls otherwise in Python than on the wire, where their name is a keyword."""


class Answer(dict[str, Any]):
    """An object of an answer. A field that is not there raises AttributeError, as on the api's own Structs."""

    __slots__ = ()

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever JSON holds
        try:
            return self[_RENAMED.get(name, name)]
        except KeyError:
            raise AttributeError(f"the answer has no {name}; it has: {', '.join(self)}") from None


def in_json(value: object) -> str:
    """Return a value as one line of JSON, as the supervisor writes it."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
