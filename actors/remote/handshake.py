"""Decides what a server answers to a greeting and what a client makes of the answer; imports only msgspec."""

import msgspec

from actors.remote.errors import FrameInvalid, PeerRefused, SessionLost, VersionRefused
from actors.remote.frames import VERSION, Frame, Goodbye, Hello, Refused, Welcome
from actors.remote.versions import Versions, check_choice


class WelcomeInfo(msgspec.Struct, frozen=True, kw_only=True):
    """What a server says of itself: name/version, its state ("recovering", "ready", …), its epoch, and what its
    clients agree on with it beyond that."""

    server: str
    state: str = "ready"
    epoch: int = 0
    meta: dict[str, str] = {}


def greet(client: str, versions: Versions, meta: dict[str, str] | None = None) -> Hello:
    """The client's first frame."""
    return Hello(protocol=versions.newest, oldest=versions.oldest, client=client, meta=meta or {})


def answer_hello(hello: Hello, versions: Versions, info: WelcomeInfo) -> Welcome | Refused:
    """Welcome with the highest common version, or a refusal naming both ranges and the side to upgrade."""
    protocol = min(hello.protocol, versions.newest)
    if protocol >= max(hello.oldest, versions.oldest):
        return Welcome(protocol=protocol, server=info.server, state=info.state, epoch=info.epoch, meta=info.meta)
    theirs = Versions(oldest=hello.oldest, newest=hello.protocol)
    behind = f"the client {hello.client}" if hello.protocol < versions.oldest else f"the server {info.server}"
    return Refused(
        code=VERSION,
        message=f"the client {hello.client} speaks protocol {theirs}, the server {info.server} speaks {versions}: "
        f"upgrade {behind}",
    )


def take_answer(answer: Frame, hello: Hello) -> Welcome:
    """The server's welcome. Raises VersionRefused, PeerRefused, SessionLost (it said goodbye) or FrameInvalid."""
    match answer:
        case Welcome(protocol=protocol, server=server):
            check_choice(protocol, Versions(hello.oldest, hello.protocol), server=server, client=hello.client)
            return answer
        case Refused(code=code, message=message):
            raise VersionRefused(message) if code == VERSION else PeerRefused(code, message)
        case Goodbye(reason=reason):
            raise SessionLost(reason)
        case _:
            raise FrameInvalid(f"expected the server's welcome, got a {type(answer).__name__} frame")
