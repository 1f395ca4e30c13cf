"""The relay answers as the SDK's server does behind it, and takes nothing that the SDK cannot read."""

import json
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import mcp.types as types
import pytest
import trio
from hypothesis import given

from actors.remote.session import Session
from compas.client.errors import UnreachableError
from compas.gateway.listed import listed_tools
from compas.gateway.lookup import Lookup
from compas.gateway.menus import built_menus
from compas.gateway.offer import Offer
from compas.gateway.server import build_server, initialization_of
from compas.gateway.streams import LineWire, open_streams
from compas.relay import menus
from compas.relay.answers import HANDSHAKE_VERSIONS, VERSION_KEY, Answers
from compas.relay.conversation import Conversation
from compas.relay.link import Issue, issued
from compas.relay.message import Answer, Notification, Request, read_message
from compas.relay.tool_list import BUILT, BUILT_SET, built_tools
from tests.kit.ceiling import CEILING
from tests.kit.relay.dialogue import ENVELOPE, GREETING, line
from tests.kit.relay.hostile_lines import ODD, lines

INITIALIZED = line("notifications/initialized")
HELLO = line("initialize", "h", **GREETING)
DISCOVER = line("server/discover", "d", _meta=ENVELOPE)

DIALOGUES: dict[str, list[bytes]] = {
    **{
        f"greeting of {version}": [line("initialize", 1, **{**GREETING, "protocolVersion": version})]
        for version in (*HANDSHAKE_VERSIONS, "2026-07-28", "1999-01-01", "")
    },
    "greetings that lack something": [
        line("initialize", 1),
        line("initialize", 2, **{**GREETING, "protocolVersion": 5}),
        line("initialize", 3, **{**GREETING, "clientInfo": {"name": "x"}}),
        line("initialize", 4, **{**GREETING, "capabilities": None}),
    ],
    "a greeting twice": [HELLO, line("initialize", 2, **{**GREETING, "protocolVersion": "2024-11-05"})],
    "what works before the greeting": [line("ping", 1), line("tools/list", 2), line("tools/call", 3, name="orch_wait")],
    "the whole of a handshake": [HELLO, INITIALIZED, line("ping", 1), line("tools/list", "two")],
    "lists with and without a cursor": [HELLO, line("tools/list", 1, cursor="x"), line("tools/list", 2, cursor=5)],
    "the other era after a handshake": [HELLO, DISCOVER, line("tools/list", 2, _meta=ENVELOPE)],
    "its methods without its envelope": [HELLO, line("server/discover", 1)],
    "discovery": [DISCOVER],
    "discovery of a version to come": [line("server/discover", 1, _meta={**ENVELOPE, VERSION_KEY: "2099-01-01"})],
    "discovery of no version": [line("server/discover", 1, _meta={**ENVELOPE, VERSION_KEY: 5})],
    "half an envelope": [line("server/discover", 1, _meta={VERSION_KEY: "2026-07-28"})],
    "a handshake after discovery": [DISCOVER, HELLO, line("initialize", 2)],
    "no envelope after discovery": [DISCOVER, line("tools/list", 1), line("ping", 2), line("tools/list", 3, _meta={})],
    "a ping of the modern era": [DISCOVER, line("ping", 1, _meta=ENVELOPE)],
    "a list of the modern era": [line("tools/list", 1, _meta=ENVELOPE)],
    "a bad cursor of the modern era": [line("tools/list", 1, _meta=ENVELOPE, cursor=5)],
    "fixed menus": [HELLO, INITIALIZED, line("prompts/list", 1), line("resources/templates/list", 2)],
    "fixed menus of the modern era": [
        line("prompts/list", 1, _meta=ENVELOPE),
        line("resources/templates/list", 2, _meta=ENVELOPE),
    ],
    "fixed menus before the greeting": [line("prompts/list", 1), line("resources/list", 2), line("resources/read", 3)],
    "a subscription": [
        line("subscriptions/listen", 1, _meta=ENVELOPE, notifications={"toolsListChanged": True}),
    ],
    "a subscription to nothing": [line("subscriptions/listen", 1, _meta=ENVELOPE, notifications={})],
    "a subscription that says nothing": [line("subscriptions/listen", 1, _meta=ENVELOPE)],
}


def relay_says(said: Sequence[bytes]) -> list[bytes]:
    """Return what the relay answers by itself."""
    conversation = Conversation(Answers("1.2"), built_tools, "R")
    for one in said:
        conversation.take(one, 0.0)
    assert not conversation.needs_gateway
    return conversation.to_editor


@asynccontextmanager
async def reach_nobody() -> AsyncIterator[Session]:
    """Find no supervisor."""
    raise UnreachableError("no supervisor is running")
    yield


async def server_says(said: Sequence[bytes], answers: int) -> list[bytes]:
    """Return the first answers of the SDK's server."""
    reading, to_it = os.pipe()
    from_it, writing = os.pipe()
    heard: list[bytes] = []
    source, sink, ear = (trio.lowlevel.FdStream(one) for one in (reading, writing, from_it))
    with trio.fail_after(CEILING):
        async with source, sink, ear, trio.open_nursery() as nursery:
            lookup = Lookup(reach_nobody)
            offer = Offer(built_tools, lambda: BUILT_SET)

            async def serve() -> None:
                async with open_streams(LineWire(source), LineWire(sink).tell) as (incoming, outgoing):
                    server = build_server(None, lookup, offer, "1.2")  # no tool is called
                    await server.run(incoming, outgoing, initialization_of(server))

            nursery.start_soon(serve)
            hearing = LineWire(ear)
            for one in said:
                os.write(to_it, issued(Issue("R", 0), one) + b"\n")
                if read_message(one)._fields[0] == "id" and len(heard) < answers:
                    heard.append(await anext(hearing))
            nursery.cancel_scope.cancel()
        os.close(to_it)
    return heard


COMPLETION = {"ref": {"type": "ref/prompt", "name": "x"}, "argument": {"name": "agent", "value": "d"}}
MENUS = {
    "handshake": [HELLO, INITIALIZED, line("resources/list", 1), line("completion/complete", 2, **COMPLETION)],
    "modern": [line("resources/list", 1, _meta=ENVELOPE), line("completion/complete", 2, _meta=ENVELOPE, **COMPLETION)],
}


@pytest.mark.parametrize("era", MENUS)
async def test_where_no_supervisor_runs_the_relay_knows_what_the_server_would_say(era: str) -> None:
    conversation = Conversation(Answers("1.2"), built_tools, "R")
    for one in MENUS[era]:
        conversation.take(one, 0.0)
    assert not conversation.may_start
    conversation.fail_menus()
    assert not conversation.needs_gateway
    served = await server_says(MENUS[era], len(conversation.to_editor))
    assert [json.loads(one) for one in conversation.to_editor] == [truthful(json.loads(one)) for one in served]


@pytest.mark.parametrize("name", DIALOGUES)
async def test_the_relay_answers_as_the_server_does(name: str) -> None:
    said = DIALOGUES[name]
    relayed = relay_says(said)
    assert relayed
    served = await server_says(said, len(relayed))
    assert [json.loads(one) for one in relayed] == [truthful(json.loads(one)) for one in served]


def truthful(answer: dict[str, Any]) -> dict[str, Any]:
    """Return an answer without the changes that the SDK takes to be told of once anything may be subscribed to."""
    for name in ("prompts", "resources"):
        hints = answer.get("result", {}).get("capabilities", {}).get(name, {})
        hints.update(dict.fromkeys(hints, False))
    return answer


def test_the_built_menus_are_the_gateways() -> None:
    assert built_menus() == menus.BUILT.read_bytes(), "run `python -m compas.gateway.menus`"


def test_the_built_list_is_the_gateways() -> None:
    assert listed_tools() == BUILT.read_bytes(), "run `python -m compas.gateway.listed`"


@given(lines)
def test_what_the_relay_takes_the_server_can_read(said: bytes) -> None:
    read = read_message(said)
    if isinstance(read, Request | Notification):
        message = types.jsonrpc_message_adapter.validate_json(said, by_name=False)
        kind = types.JSONRPCRequest if isinstance(read, Request) else types.JSONRPCNotification
        assert isinstance(message, kind)
        assert message.method == read.method
        if isinstance(read, Request):
            assert message.id == read.id
    else:
        assert isinstance(read, Answer) or read.sentence


@pytest.mark.parametrize("said", ODD)
def test_the_server_can_read_odd_lines_too(said: bytes) -> None:
    assert types.jsonrpc_message_adapter.validate_json(said, by_name=False).id == read_message(said).id  # type: ignore[union-attr]
