"""Runs `compas mcp-server`: a light process between an editor and the gateway, which ends with the editor."""

import os
import signal
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

from compas.client.place import Place, place_of
from compas.client.reach import caller_meta
from compas.config.locate import locate
from compas.distribution import installed_version
from compas.errors import CompasError
from compas.relay.answers import Answers
from compas.relay.attended import is_attended
from compas.relay.conversation import Conversation
from compas.relay.descriptors import claim_stdio, unblocking
from compas.relay.dialing import Dialer
from compas.relay.editor import EditorGoneError, watched_editor
from compas.relay.link import Introduction, introduction_line
from compas.relay.relay import IDLE_SECONDS, Relay
from compas.relay.silence import patience_of
from compas.relay.tool_list import ToolSet, built_tools, read_tools, tool_set


def run_relay(config: str | None, environ: Mapping[str, str], *, may_start: bool, tools: ToolSet | None = None) -> None:
    """Serve the editor on standard input and output until it closes them, ends, or SIGTERM or SIGINT comes.

    Calls that are under way are cancelled then; the supervisor goes on, as its agents do. A supervisor is started by
    the first call that needs one, if `may_start`. `config` and `tools` are the options of these names. What is wrong
    with the place is answered to the call, for an editor shows nobody why a server did not start.
    """

    def find_place() -> Place:
        return place_of(locate(config, environ), environ)

    name = os.urandom(10).hex()
    conversation = Conversation(Answers(installed_version()), _tools_of(find_place, tools), name)
    dialer = Dialer(find_place, environ, may_start=may_start)
    introduction = introduction_line(
        Introduction(
            cwd=_directory(),
            meta=caller_meta(environ),
            tools=tools,
            is_attended=is_attended(environ),
            origin=f"editor:{name}",
            named=_named(find_place),
        )
    )
    stdio = claim_stdio()
    with suppress(EditorGoneError), _signalled() as signalled, watched_editor(os.getppid()) as editor:
        ends = [signalled] if editor is None else [signalled, editor]
        with unblocking(*stdio):
            Relay(conversation, dialer, introduction, stdio, IDLE_SECONDS, patience_of(environ)).run(ends)


def _tools_of(find_place: Callable[[], Place], chosen: ToolSet | None) -> Callable[[], bytes]:
    def tools() -> bytes:
        try:
            path: Path = find_place().tools
        except (CompasError, OSError):
            return built_tools(chosen)  # the first call is told what is wrong
        return read_tools(path, chosen)

    return tools


def _named(find_place: Callable[[], Place]) -> dict[str, str]:
    try:
        return find_place().meta()
    except (CompasError, OSError):
        return {}  # the first call is told what is wrong


def _directory() -> str:
    try:
        return os.getcwd()
    except FileNotFoundError:
        return "a directory that is gone"


@contextmanager
def _signalled() -> Iterator[int]:
    """Give a descriptor that is readable once a signal wants the process to end."""
    told, telling = socket.socketpair()
    telling.setblocking(False)

    def tell(number: int, frame: FrameType | None) -> None:
        with suppress(BlockingIOError):  # it was told of enough signals before
            telling.send(b".")

    with told, telling:
        before = {number: signal.signal(number, tell) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            yield told.fileno()
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def main(arguments: list[str]) -> int | None:
    """Run the relay if these are plain arguments of `mcp-server`; return its exit code, else None and do nothing."""
    may_start = True
    values: dict[str, str] = {}
    left = iter(arguments)
    for argument in left:
        name, equals, value = argument.partition("=")
        if argument == "--no-start":
            may_start = False
        elif name in {"--config", "--tools"} and (equals or (value := next(left, ""))):
            values[name] = value
        else:
            return None
    tools = tool_set(values["--tools"]) if "--tools" in values else None
    if tools is None and "--tools" in values:
        return None
    run_relay(values.get("--config"), os.environ, may_start=may_start, tools=tools)
    return 0
