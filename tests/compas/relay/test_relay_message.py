"""Lines are taken as messages, or answered with what is wrong with them; nothing is passed over."""

import json

import pytest
from hypothesis import given

from compas.relay.lines import LineSplitter
from compas.relay.message import Answer, Broken, Notification, Request, read_long_message, read_message
from tests.kit.relay.dialogue import Dialogue
from tests.kit.relay.hostile_lines import BROKEN, ODD, lines


@pytest.mark.parametrize("line", BROKEN)
def test_a_broken_line_is_answered_with_its_id_where_that_can_be_read(line: bytes) -> None:
    (answer,) = Dialogue().say_line(line)
    assert (answer["id"], answer["error"]["code"]) == BROKEN[line]


@pytest.mark.parametrize("line", ODD)
def test_an_odd_line_that_is_a_request_is_one(line: bytes) -> None:
    assert isinstance(read_message(line), Request)


def test_messages_are_told_apart() -> None:
    assert isinstance(read_message(b'{"jsonrpc":"2.0","method":"m"}'), Notification)
    assert isinstance(read_message(b'{"jsonrpc":"2.0","id":1,"result":{}}'), Answer)
    assert isinstance(read_message(b'{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"m"}}'), Answer)


def test_a_line_that_is_too_long_is_answered_with_its_id() -> None:
    beginnings: list[bytes] = []
    splitter = LineSplitter(20, beginnings.append)
    got = [*splitter.feed(b'{"jsonrpc":"2.0","id":'), *splitter.feed(b'7,"method":"m'), *splitter.feed(b'"}\n{}\n')]
    assert got == [b"{}"]
    assert read_long_message(beginnings[0] + b"7,", 20).id == 7


@given(lines)
def test_whatever_is_sent_no_line_that_asks_for_an_answer_is_passed_over(line: bytes) -> None:
    dialogue = Dialogue()
    dialogue.shake_hands()
    read = read_message(line)
    heard = dialogue.say_line(line)
    match read:
        case Broken():
            assert [one["id"] for one in heard] == [read.id]
        case Request():
            assert dialogue.conversation.needs_gateway == (heard == [])
            assert all(one["id"] == read.id for one in heard)
        case _:
            assert heard == []
    assert all(json.dumps(one, ensure_ascii=False).encode() for one in heard)
