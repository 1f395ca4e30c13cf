"""The relay between real descriptors: what comes in pieces, what is broken, who hangs up, and when it lets go."""

import json
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from compas.relay.answers import Answers
from compas.relay.conversation import Conversation
from compas.relay.dialing import Dialer
from compas.relay.lines import MOST_LINE_BYTES
from compas.relay.link import READY, TOOLS_CHANGED, read_issued, refused
from compas.relay.relay import Relay
from tests.kit.ceiling import CEILING
from tests.kit.relay.dialogue import GREETING, line
from tests.kit.relay.hostile_lines import BROKEN, ODD

pytestmark = pytest.mark.system


class Switchboard(Dialer):
    """Connects to the test instead of a gateway."""

    def __init__(self) -> None:
        super().__init__(lambda: pytest.fail("nobody is looked for"), {}, may_start=False)
        self._made: list[socket.socket] = []
        self._gateways: list[socket.socket] = []
        self._dialed = threading.Semaphore(0)

    def _reach(self, may_start: bool) -> socket.socket:
        ours, theirs = socket.socketpair()
        ours.settimeout(CEILING)
        theirs.setblocking(False)
        self._made += [ours, theirs]
        self._gateways.append(ours)
        self._dialed.release()
        return theirs

    def gateway(self) -> "Gateway":
        """Return the gateway that is dialed next."""
        assert self._dialed.acquire(timeout=CEILING)
        return Gateway(self._gateways.pop(0))

    def close(self) -> None:
        """Hang up everywhere, once a relay that has ended dials no more."""
        if self.is_dialing:
            self.take()
        for sock in self._made:
            sock.close()


class Gateway:
    """The gateway's side of one connection."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._file = sock.makefile("rb")

    def __enter__(self) -> "Gateway":
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
        self._sock.close()

    def say(self, *lines: bytes) -> None:
        """Say whole lines."""
        self._sock.sendall(b"".join(one + b"\n" for one in lines))

    def line(self) -> bytes:
        """Return the next line; nothing at the end."""
        return self._file.readline().rstrip(b"\n")

    def take_in(self) -> dict[str, Any]:
        """Take the relay in, and return how it introduces itself."""
        introduction = json.loads(self.line())
        self.say(READY)
        return introduction

    def brought(self, method: str) -> dict[str, Any]:
        """Return the next message of this method."""
        while True:
            message = json.loads(read_issued(self.line())[1])
            if message["method"] == method:
                return message


class Rig:
    """A relay that runs, its editor's side, and its end."""

    def __init__(self, stack: ExitStack, idle_seconds: float = CEILING, patience: float = CEILING) -> None:
        reading, self.to_it = os.pipe()
        from_it, writing = os.pipe()
        self._end, self._told = os.pipe()
        for one in (reading, writing):
            os.set_blocking(one, False)
        self.switchboard = Switchboard()
        self.editor = stack.enter_context(os.fdopen(from_it, "rb"))
        conversation = Conversation(Answers("1"), lambda: b"[]", "R")
        stdio = (reading, writing)
        self._relay = Relay(conversation, self.switchboard, b'{"who":"me"}', stdio, idle_seconds, patience)
        self.thread = threading.Thread(target=self._relay.run, args=([self._end],), daemon=True)
        self.thread.start()
        stack.callback(self.finish)

    def say(self, *lines: bytes) -> None:
        """Say whole lines as the editor."""
        left = memoryview(b"".join(one + b"\n" for one in lines))
        while left:
            left = left[os.write(self.to_it, left) :]

    def hear(self) -> dict[str, Any]:
        """Return what the editor hears next."""
        return dict(json.loads(self.editor.readline()))

    def shake_hands(self) -> None:
        """Open the conversation."""
        self.say(line("initialize", 0, **GREETING), line("notifications/initialized"))
        assert self.hear()["id"] == 0

    def finish(self) -> None:
        """End it as a signal does."""
        os.write(self._told, b".")
        self.thread.join(CEILING)
        assert not self.thread.is_alive()
        self.switchboard.close()


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    """Return what ends what a test has begun."""
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def rig(stack: ExitStack) -> Rig:
    """Return a relay that never lets go."""
    return Rig(stack)


def test_every_broken_line_is_answered_and_the_relay_goes_on(rig: Rig) -> None:
    rig.shake_hands()
    for broken, (found, code) in BROKEN.items():
        rig.say(broken)
        heard = rig.hear()
        assert (heard["id"], heard["error"]["code"]) == (found, code)
    rig.say(b'{"jsonrpc":"2.0","id":8,"method":"m","a":"' + b"x" * MOST_LINE_BYTES + b'"}')
    heard = rig.hear()
    assert (heard["id"], heard["error"]["code"]) == (8, -32600)
    rig.say(line("ping", 9))
    assert rig.hear()["result"] == {}


def test_odd_lines_reach_the_gateway_as_they_came(rig: Rig) -> None:
    rig.shake_hands()
    rig.say(ODD[0])
    with rig.switchboard.gateway() as gateway:
        assert gateway.take_in() == {"who": "me"}
        while (text := read_issued(gateway.line())[1]) != ODD[0]:
            assert json.loads(text)["method"] in ("initialize", "notifications/initialized")


def test_answers_however_long_and_cut_come_out_whole(rig: Rig) -> None:
    rig.shake_hands()
    rig.say(line("tools/call", 1, name="x"))
    with rig.switchboard.gateway() as gateway:
        gateway.take_in()
        gateway.brought("tools/call")
        answer = json.dumps({"jsonrpc": "2.0", "id": 1, "result": {"text": "ä" * 3_000_000}}).encode()
        sender = threading.Thread(target=gateway.say, args=(answer,))
        sender.start()
        assert len(rig.hear()["result"]["text"]) == 3_000_000
        sender.join(CEILING)


def test_a_lost_connection_is_followed_by_the_next_which_gets_what_is_open(rig: Rig) -> None:
    rig.shake_hands()
    rig.say(line("tools/call", 1, name="x"))
    with rig.switchboard.gateway() as gateway:
        gateway.take_in()
        gateway.brought("tools/call")
    with rig.switchboard.gateway() as gateway:
        gateway.take_in()
        assert gateway.brought("tools/call")["id"] == 1
        gateway.say(b"no message")
    with rig.switchboard.gateway() as gateway:
        gateway.take_in()
        gateway.brought("tools/call")
        gateway.say(b'{"jsonrpc":"2.0","id":1,"result":{}}', TOOLS_CHANGED)
        assert rig.hear()["id"] == 1


def test_a_refusal_answers_what_waits_and_the_next_call_tries_again(rig: Rig) -> None:
    rig.shake_hands()
    for number in (1, 2):
        rig.say(line("tools/call", number, name="x"))
        with rig.switchboard.gateway() as gateway:
            gateway.say(refused("not now"))
            assert rig.hear()["result"]["content"][0]["text"] == "not now"


def test_an_idle_connection_is_given_up_and_the_next_call_opens_another(stack: ExitStack) -> None:
    rig = Rig(stack, 0.05)
    rig.shake_hands()
    for number in (1, 2):
        rig.say(line("tools/call", number, name="x"))
        with rig.switchboard.gateway() as gateway:
            gateway.take_in()
            gateway.brought("tools/call")
            gateway.say(f'{{"jsonrpc":"2.0","id":{number},"result":{{}}}}'.encode())
            assert rig.hear()["id"] == number
            assert gateway.line() == b""
    assert rig.thread.is_alive()


def test_a_gateway_that_owes_an_answer_and_says_nothing_is_asked_and_left_for_the_next(stack: ExitStack) -> None:
    rig = Rig(stack, patience=0.05)
    rig.shake_hands()
    rig.say(line("tools/call", 1, name="x"))
    with rig.switchboard.gateway() as silent:
        silent.take_in()
        silent.brought("tools/call")
        assert silent.brought("ping")["id"] != 1
        assert silent.line() == b""
        with rig.switchboard.gateway() as gateway:
            gateway.take_in()
            gateway.brought("tools/call")
            gateway.say(b'{"jsonrpc":"2.0","id":1,"result":{}}')
            assert rig.hear()["id"] == 1


def test_an_editor_that_hangs_up_hears_what_was_said_before_and_ends_its_calls(rig: Rig) -> None:
    rig.shake_hands()
    rig.say(line("tools/call", 1, name="x"))
    with rig.switchboard.gateway() as gateway:
        gateway.take_in()
        gateway.brought("tools/call")
        rig.say(line("ping", 2))
        os.close(rig.to_it)
        assert rig.hear()["id"] == 2
        assert gateway.line() == b""
    rig.thread.join(CEILING)
    assert not rig.thread.is_alive()


def test_an_editor_that_reads_no_more_ends_its_relay(rig: Rig) -> None:
    rig.shake_hands()
    rig.editor.close()
    rig.thread.join(CEILING)
    assert not rig.thread.is_alive()
