"""What an action asks before it is carried out, and what it has the supervisor do. Data, made by pure functions."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Literal

import msgspec

from compas.api.operation import Operation
from compas.dashboard.source import Asks
from compas.errors import CompasError

Values = Mapping[str, str]
"""What was filled in, by the names of the fields. A switch that is on has the value `yes`, else it is empty."""


class Field(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is asked.

    `text` is one line, `long` as many as it takes; a `choice` has one of `choices`, a `switch` is on or off. `hint`
    says what an empty one means.
    """

    name: str
    label: str
    kind: Literal["text", "long", "choice", "switch"] = "text"
    value: str = ""
    choices: tuple[str, ...] = ()
    hint: str = ""


class UnreadyError(CompasError):
    """What was to be done cannot be put into a request; says why."""


Prepare = Callable[[Asks], Awaitable[msgspec.Struct]]
"""Makes a request out of what the supervisor knows. Raises UnreadyError."""


class Deed(msgspec.Struct, frozen=True, kw_only=True):
    """One request to the supervisor. `about` names the thread, `tell` puts the answer into a sentence."""

    about: str
    operation: Operation[Any, Any]
    request: msgspec.Struct | Prepare
    tell: Callable[[Any], str]


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """Something to be read before a person answers; `tell` puts the answer into sentences.

    With `field`, a choice of that name is between what `choices` finds in the answer, each with what is known of it.
    """

    operation: Operation[Any, Any]
    request: msgspec.Struct
    tell: Callable[[Any], tuple[str, ...]] = lambda _: ()
    field: str = ""
    choices: Callable[[Any], Mapping[str, str]] = lambda _: {}


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked: `says` is what will happen, and what is worth knowing before.

    A plan without fields is a yes or no. `deeds` returns what to do with the values, or a sentence on what is wrong
    with them. `draft` is the name under which what was typed is kept until it has been sent. One that is not asked is
    carried out at once.
    """

    title: str
    says: tuple[str, ...] = ()
    fields: tuple[Field, ...] = ()
    questions: tuple[Question, ...] = ()
    deeds: Callable[[Values], tuple[Deed, ...] | str]
    draft: str = ""
    is_asked: bool = True
