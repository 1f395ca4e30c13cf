"""Lines that no editor should send, and ones that it may although they look odd."""

import json

from hypothesis import strategies as st

from compas.relay.message import MOST_LEVELS


def nested(levels: int) -> bytes:
    """Return a request whose params lie so deep in one another, the message itself counted."""
    inside = b"[" * (levels - 2) + b"]" * (levels - 2)
    return b'{"jsonrpc":"2.0","id":7,"method":"m","params":{"a":' + inside + b"}}"


BROKEN: dict[bytes, tuple[object, int]] = {
    # a line                                                      the id and the code of the answer
    b"hello": (None, -32700),
    b"{": (None, -32700),
    b'{"jsonrpc":"2.0","id":7,"method":"ping"': (7, -32700),
    b'{"id":"a","method":"ping",}': ("a", -32700),
    b'{"jsonrpc":"2.0","method":"m","params":{"id":7': (None, -32700),
    b'{"id":7,"method":"\xff"}': (7, -32700),
    b'\xff{"id":7}': (None, -32700),
    b'{"jsonrpc":"2.0","id":7,"method":"\\ud800"}': (7, -32700),
    b'{"jsonrpc":"2.0","id":"\\udc00","method":"m"}': (None, -32700),
    b'{"jsonrpc":"2.0","id":7,"method":"m","params":{"a":NaN}}': (7, -32700),
    b'{"jsonrpc":"2.0","id":7,"method":"m","params":{"a":1' + b"0" * 5000 + b"}}": (7, -32700),
    b"[" * 200_000: (None, -32700),
    b'{"id":7,"a":' + b"[" * 200_000: (7, -32700),
    nested(MOST_LEVELS + 1): (7, -32700),
    b"[]": (None, -32600),
    b'[{"jsonrpc":"2.0","id":7,"method":"ping"}]': (None, -32600),
    b"7": (None, -32600),
    b'"ping"': (None, -32600),
    b"null": (None, -32600),
    b"{}": (None, -32600),
    b'{"id":7,"method":"ping"}': (7, -32600),
    b'{"jsonrpc":"1.0","id":7,"method":"ping"}': (7, -32600),
    b'{"jsonrpc":"2.0","id":7}': (7, -32600),
    b'{"jsonrpc":"2.0","id":7,"method":7}': (7, -32600),
    b'{"jsonrpc":"2.0","id":7,"method":null}': (7, -32600),
    b'{"jsonrpc":"2.0","id":7,"method":"ping","params":[1]}': (7, -32600),
    b'{"jsonrpc":"2.0","id":null,"method":"ping"}': (None, -32600),
    b'{"jsonrpc":"2.0","id":1.0,"method":"ping"}': (None, -32600),
    b'{"jsonrpc":"2.0","id":true,"method":"ping"}': (None, -32600),
    b'{"jsonrpc":"2.0","id":[1],"method":"ping"}': (None, -32600),
}

ODD = (
    b' {"jsonrpc":"2.0","id":7,"method":"m"} \r',
    b'{"jsonrpc":"2.0","id":6,"id":7,"method":"m"}',
    b'{"jsonrpc":"2.0","id":7,"method":"m","params":null,"more":{}}',
    b'{"jsonrpc":"2.0","id":7,"method":"","params":{"\\u0000":"\\ud83d\\ude00","a":1e999,"b":-0.0}}',
    b'{"jsonrpc":"2.0","id":-99999999999999999999999999,"method":"m"}',
    b'{"jsonrpc":"2.0","id":"","method":"m"}',
    nested(MOST_LEVELS),
)

_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
_messages = st.fixed_dictionaries(
    {},
    optional={
        "jsonrpc": st.just("2.0") | _values,
        "id": st.integers() | st.text(max_size=3) | _values,
        "method": st.sampled_from(["ping", "initialize", "tools/list", "tools/call", "server/discover"]) | _values,
        "params": st.dictionaries(st.text(max_size=4), _values, max_size=2) | _values,
    },
)


@st.composite
def _torn(draw: st.DrawFn) -> bytes:
    line = json.dumps(draw(_messages)).encode()
    at = draw(st.integers(0, len(line)))
    return line[:at] + draw(st.binary(max_size=3)) + line[at + draw(st.integers(0, 3)) :]


lines = (st.binary(max_size=60) | _messages.map(lambda one: json.dumps(one).encode()) | _torn()).map(
    lambda line: line.replace(b"\n", b" ")
)
"""Anything on one line: bytes, messages with something wrong, and messages that were torn."""
