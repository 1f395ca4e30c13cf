"""What commands know of operations without loading the api is what the api says."""

import msgspec
import pytest

from compas.api.catalogue import BY_NAME
from compas.api.description import FILE, description
from compas.api.operation import Operation, arguments
from compas.cli.commands.operation import renderer
from compas.cli.operations import docs, operation, without_defaults
from compas.cli.render.text import Style
from tests.kit.api.filled import filled
from tests.kit.cli.answered import as_answered

PIPE = Style(now=0.0)
WRITTEN_ELSEWHERE = ("stop",)
"""Answers that are written while another is awaited, and by a function of one argument."""


def shown(known: Operation[msgspec.Struct, msgspec.Struct]) -> msgspec.Struct:
    """Return the emptiest answer, or item, that the renderer of an operation writes."""
    return filled(known.item if known.kind == "stream" and known.item is not None else known.response)


def test_the_description_of_the_operations_is_up_to_date() -> None:
    assert FILE.read_text() == description(), "run `python -m compas.api.description`"


def test_operations_are_listed_with_their_help_in_the_order_of_the_api() -> None:
    assert docs() == {name: known.doc for name, known in BY_NAME.items()}


@pytest.mark.parametrize("name", BY_NAME)
def test_an_answer_from_the_wire_has_every_field_of_the_declared_one(name: str) -> None:
    struct = shown(BY_NAME[name])
    answer = as_answered(struct)
    for field in msgspec.structs.fields(struct):
        value = getattr(struct, field.name)
        found = getattr(answer, field.name)
        assert found == msgspec.json.decode(msgspec.json.encode(value)), field.name


@pytest.mark.parametrize("name", [name for name in BY_NAME if name not in WRITTEN_ELSEWHERE])
def test_an_answer_from_the_wire_is_written_like_the_declared_one(name: str) -> None:
    render = renderer(operation(name))
    struct = shown(BY_NAME[name])
    assert render(as_answered(struct), PIPE) == render(struct, PIPE)


@pytest.mark.parametrize("name", BY_NAME)
def test_a_command_sends_what_a_client_with_the_structs_sends(name: str) -> None:
    request = filled(BY_NAME[name].request)
    assert without_defaults(name, arguments(request)) == msgspec.to_builtins(request)
