"""Every operation can be asked for: its request decodes, its parameters are described, its handler exists."""

from collections.abc import Iterator

import msgspec
import pytest

from compas.api.catalogue import OPERATIONS
from compas.api.dispatch import DISPATCH
from compas.api.grammar import RULES, refuse_texts
from compas.api.history import LOG
from compas.api.lifecycle import ABANDON, CLOSE
from compas.api.merges import MERGE
from compas.api.operation import Operation, Parameter, arguments, parameters
from compas.api.threads import STATUS
from compas.orchestrator.gate.handlers import HANDLERS

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


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
def test_a_field_that_is_as_by_default_is_not_sent(operation: AnyOperation) -> None:
    given = required_fields(operation)
    request = msgspec.convert(given, operation.request)
    assert msgspec.to_builtins(request) == given
    assert msgspec.convert(arguments(request), operation.request) == request
    assert set(arguments(request)) == {one.wire_name for one in parameters(operation.request)}


def test_every_operation_has_a_handler() -> None:
    assert {operation.name for operation in OPERATIONS} == set(HANDLERS)


def test_an_optional_number_keeps_its_type_and_its_description() -> None:
    tail = next(one for one in parameters(LOG.request) if one.name == "tail")
    assert (tail.type, tail.required, tail.doc) == (int, False, "only the last lines, this many")


def leaves(request: type[msgspec.Struct]) -> Iterator[Parameter]:
    """Yield the parameters of a request, and those inside of one that has fields of its own."""
    for one in parameters(request):
        if isinstance(one.type, type) and issubclass(one.type, msgspec.Struct):
            yield from leaves(one.type)
        else:
            yield one


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
def test_every_text_of_a_request_has_a_rule(operation: AnyOperation) -> None:
    texts = {one.wire_name for one in leaves(operation.request) if one.type is str and not one.choices}
    assert texts - set(RULES) == set()


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
@pytest.mark.parametrize("number", [2**63, 2**64, -(2**63), 10**30, float("inf"), float("-inf"), float("nan")])
def test_every_number_of_a_request_has_bounds_that_the_log_can_hold(operation: AnyOperation, number: float) -> None:
    given = required_fields(operation)
    for one in leaves(operation.request):
        if one.type in (int, float):
            with pytest.raises(msgspec.ValidationError, match=rf"\$\.{one.wire_name}"):
                msgspec.convert({**given, one.wire_name: number}, operation.request)


@pytest.mark.parametrize(
    ("operation", "fields", "code"),
    [
        (DISPATCH, {"thread_id": "a/b"}, "bad_thread_id"),
        (ABANDON, {"thread_id": ""}, "bad_thread_id"),
        (ABANDON, {"thread_id": "x" * 10_000_000}, "bad_thread_id"),
        (ABANDON, {"from": "a\nb"}, "invalid"),
        (DISPATCH, {"to": "x" * 201}, "invalid"),
        (DISPATCH, {"body": "x\0"}, "invalid"),
        (DISPATCH, {"body": "x" * 2_000_001}, "invalid"),
        (MERGE, {"repository": "relative/path"}, "bad_path"),
        (MERGE, {"repository": ".."}, "bad_path"),
        (MERGE, {"repository": "a\nb"}, "bad_path"),
        (MERGE, {"repository": "/a\0b"}, "bad_path"),
        (MERGE, {"repository": "/" + "x" * 5000}, "bad_path"),
        (CLOSE, {"merge": {"target_branch": "a\nb"}}, "invalid"),
        (STATUS, {"thread_id": "a\nb"}, "invalid"),
    ],
)
def test_a_text_that_cannot_be_is_refused_in_one_short_line(
    operation: AnyOperation, fields: dict[str, object], code: str
) -> None:
    request = msgspec.convert({**required_fields(operation), **fields}, operation.request)
    refusal = refuse_texts(operation, request)
    assert refusal is not None
    assert refusal.code == code
    assert operation.name in refusal.message
    assert len(refusal.message) < 400
    assert refusal.message.isprintable()


@pytest.mark.parametrize("name", ["a/b", "merge-x", "x..y", "Größe", "two words"])
def test_a_thread_of_an_old_log_is_read_by_its_name(name: str) -> None:
    assert refuse_texts(STATUS, STATUS.request(thread_id=name)) is None
    assert refuse_texts(ABANDON, ABANDON.request(thread_id=name)) is not None
