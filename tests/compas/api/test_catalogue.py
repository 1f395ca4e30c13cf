"""Every operation can be asked for: its request decodes, its parameters are described, its handler exists."""

import msgspec
import pytest

from compas.api.catalogue import OPERATIONS
from compas.api.history import LOG
from compas.api.operation import Operation, parameters
from compas.orchestrator.handlers.catalogue import HANDLERS

AnyOperation = Operation[msgspec.Struct, msgspec.Struct]


def required_fields(operation: AnyOperation) -> dict[str, str]:
    return {one.wire_name: (*one.choices, "x")[0] for one in parameters(operation.request) if one.required}


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
def test_a_request_with_its_required_fields_decodes(operation: AnyOperation) -> None:
    given = required_fields(operation)
    decoded = msgspec.json.decode(msgspec.json.encode(given), type=operation.request)
    assert isinstance(decoded, operation.request)


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
def test_every_parameter_and_the_operation_itself_are_described(operation: AnyOperation) -> None:
    assert operation.doc.endswith(".")
    assert [one.name for one in parameters(operation.request) if not one.doc] == []


# proves: b-mcp-cli-merge 138
@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
def test_an_unknown_field_is_refused(operation: AnyOperation) -> None:
    given = required_fields(operation)
    with pytest.raises(msgspec.ValidationError, match="bogus"):
        msgspec.json.decode(msgspec.json.encode({**given, "bogus": 1}), type=operation.request)


def test_every_operation_has_a_handler() -> None:
    assert {operation.name for operation in OPERATIONS} == set(HANDLERS)


def test_an_optional_number_keeps_its_type_and_its_description() -> None:
    tail = next(one for one in parameters(LOG.request) if one.name == "tail")
    assert (tail.type, tail.required, tail.doc) == (int, False, "only the last lines, this many")
