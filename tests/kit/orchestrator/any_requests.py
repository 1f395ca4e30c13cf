"""Makes requests of every operation out of anything, and writes them to the wire as no client of ours would."""

import json
import math
import struct
from collections.abc import Sequence
from typing import Any

import msgspec
from hypothesis import strategies as st

from actors.remote.framing import Encoding
from compas.api.catalogue import OPERATIONS
from compas.api.operation import Operation, Parameter, parameters

KNOWN = (
    *("t1", "t2", "t3", "dev", "rev", "b1", "db:1", "1", "operator", "dispatch", "main", "merge", "/repo"),
    *("{run}", "{op}"),
)
"""Names that mean something to the tree that is asked; those in braces are filled in from what it has made."""
FITTING: dict[str, Sequence[str]] = {
    "thread_id": ("t1", "t2", "t3", "t4", "@last"),
    "execution_id": ("{run}", "t1", "t3"),
    "op_id": ("{op}", "nothing"),
    "after": ("{run}",),
    "which": ("1", "2", "0", "{run}"),
    "before": ("db:9", "db:1"),
    "to": ("dev", "rev"),
    "repository": ("/repo", "/elsewhere", "repo", "nowhere"),
    "reference": ("db:1", "2", "db:999"),
    "since_reference": ("db:1", "2"),
    "dispatch": ("db:2", "2"),
    "batch": ("b1", "b2"),
    "batch_id": ("b1", "b2"),
    "target_branch": ("main", "compas/t1", "nowhere"),
    "strategy": ("merge", "rebase", "squash", "theirs"),
    "intent": ("dispatch", "response", "note"),
    "agent": ("dev", "rev", "nobody"),
    "scheduled_for": ("2030-01-31T09:00:00+01:00", "9999-12-31T23:59:59Z", "yesterday"),
    "filter": ("queued", "failed", "all"),
}
"""What a careful client would give."""
NASTY = (
    *("", "/", "a/b", "..", "\0", "\n", "\ud800", "-", "--force", ":", "{}", "%s"),
    *("é" * 40, "x" * 70_000, "x" * 2_100_000),
)


class AnyRequest(msgspec.Struct, frozen=True):
    """An operation's name, its arguments as plain values, and the id of the request."""

    op: str
    args: Any
    request_id: str


texts = st.sampled_from(KNOWN) | st.sampled_from(NASTY) | st.text(st.characters(exclude_categories=()), max_size=30)
integers = st.integers(-(2**63), 2**64 - 1) | st.sampled_from([0, 1, -1, 2**31, 2**63 - 1, 2**63, 2**64 - 1])
numbers = integers | st.floats()
anything = st.recursive(
    st.none() | st.booleans() | numbers | texts | st.binary(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts | integers, inner, max_size=3),
    max_leaves=6,
)


def one_in(chances: int, rare: st.SearchStrategy[Any], usual: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Draw from `rare` once in so many times."""
    return st.integers(1, chances).flatmap(lambda chance: rare if chance == chances else usual)


def fitting_value(one: Parameter) -> st.SearchStrategy[Any]:
    """Return values that a careful client could give."""
    if one.choices:
        return st.sampled_from(one.choices)
    if isinstance(one.type, type) and issubclass(one.type, msgspec.Struct):
        return fields_of(one.type, fitting_value)
    if one.type is str:
        return st.sampled_from(FITTING.get(one.wire_name, ("work", "some words")))
    return st.booleans() if one.type is bool else st.integers(0, 50)


def any_value(one: Parameter) -> st.SearchStrategy[Any]:
    """Return what fits, what has the right type, or anything at all."""
    typed = {str: texts, int: integers, float: numbers}
    kind = one.type if isinstance(one.type, type) else object
    return one_in(8, anything, one_in(3, typed.get(kind, anything), fitting_value(one)))


def fields_of(request: type[msgspec.Struct], value: Any = any_value) -> st.SearchStrategy[Any]:  # noqa: ANN401
    """Return arguments with the required fields and some of the others."""
    known = parameters(request)
    required = {one.wire_name: value(one) for one in known if one.required}
    return st.fixed_dictionaries(required, optional={one.wire_name: value(one) for one in known if not one.required})


def without_a_ping(args: object) -> object:
    """A ping runs a real program, which no virtual clock waits for."""
    return {key: value for key, value in args.items() if key != "ping"} if isinstance(args, dict) else args


def requests_of(operation: Operation[Any, Any]) -> st.SearchStrategy[AnyRequest]:
    """Return requests of one operation: careful ones, sloppy ones, and some of a wrong shape."""
    known = {one.wire_name: any_value(one) for one in parameters(operation.request)}
    lacking = st.fixed_dictionaries({}, optional={**known, "bogus": anything})
    shaped = one_in(3, fields_of(operation.request), fields_of(operation.request, fitting_value))
    args = one_in(12, anything | lacking, shaped)
    request_id = one_in(8, texts, st.sampled_from(["", "", "r1", "r2"]))
    return st.builds(AnyRequest, st.just(operation.name), args.map(without_a_ping), request_id)


any_request = one_in(
    20, st.builds(AnyRequest, texts, anything, texts), st.sampled_from(OPERATIONS).flatmap(requests_of)
)


def filled(value: object, names: dict[str, str]) -> object:
    """Put in what stands for names that the tree has made."""
    match value:
        case str():
            return names.get(value, value)
        case list():
            return [filled(one, names) for one in value]
        case dict():
            return {filled(key, names): filled(one, names) for key, one in value.items()}
    return value


def written(value: object, encoding: Encoding) -> bytes:
    """Encode anything, also what no text is, such as half a surrogate pair."""
    return _packed(value) if encoding is Encoding.MSGPACK else _dumped(value).encode()


def _packed(value: object) -> bytes:
    match value:
        case str():
            data = value.encode("utf-8", "surrogatepass")
            return b"\xdb" + struct.pack(">I", len(data)) + data
        case list():
            return b"\xdd" + struct.pack(">I", len(value)) + b"".join(_packed(one) for one in value)
        case dict():
            parts = [_packed(part) for item in value.items() for part in item]
            return b"\xdf" + struct.pack(">I", len(value)) + b"".join(parts)
    return msgspec.msgpack.encode(value)


def _dumped(value: object) -> str:
    match value:
        case bytes():
            return json.dumps(value.hex())
        case float() if not math.isfinite(value):
            return "-1e999" if value < 0 else "1e999"
        case list():
            return f"[{','.join(_dumped(one) for one in value)}]"
        case dict():
            return f"{{{','.join(f'{json.dumps(str(key))}:{_dumped(one)}' for key, one in value.items())}}}"
    return json.dumps(value)
