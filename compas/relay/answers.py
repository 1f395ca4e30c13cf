"""What the relay answers by itself, in the words of the SDK behind the gateway; a test holds the two together."""

import json

from compas.relay.instructions import INSTRUCTIONS
from compas.relay.menus import EMPTY, LISTS
from compas.relay.message import (
    INTERNAL_ERROR,
    INVALID_PARAMS,
    INVALID_REQUEST,
    METHOD_NOT_FOUND,
    Id,
    Json,
    Request,
)

HANDSHAKE_VERSIONS = ("2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25")
MODERN_VERSION = "2026-07-28"
"""The version without a handshake, whose requests carry what is to be known of the client."""

VERSION_KEY = "io.modelcontextprotocol/protocolVersion"
CAPABILITIES_KEY = "io.modelcontextprotocol/clientCapabilities"
TASKS = "io.modelcontextprotocol/tasks"
"""The extension by which a call that takes long goes on as a task."""
SUBSCRIPTION_KEY = "io.modelcontextprotocol/subscriptionId"
_SERVER_KEY = "io.modelcontextprotocol/serverInfo"
UNSUPPORTED_VERSION = -32022
MISSING_CAPABILITY = -32021

_CAPABILITIES = {
    "completions": {},
    "prompts": {"listChanged": False},
    "resources": {"listChanged": False, "subscribe": False},
    "tools": {"listChanged": True},
}

SERVED = LISTS | EMPTY.keys() | {"tools/call", "prompts/get", "resources/read"}
"""What may be asked once hands have been shaken, beside what is answered here in any case."""

Problem = tuple[int, str, object]
"""Code, message and data of an error; no data when it is None."""

INVALID: Problem = (INVALID_PARAMS, "Invalid request parameters", "")


def encoded(message: Json) -> bytes:
    """Return a message as one line, without its end."""
    return json.dumps({"jsonrpc": "2.0", **message}, ensure_ascii=False, separators=(",", ":")).encode()


def result(found: Id, value: Json) -> bytes:
    """Return the line that answers a request."""
    return encoded({"id": found, "result": value})


def error(found: Id | None, code: int, message: str, data: object = None) -> bytes:
    """Return the line that refuses a request."""
    more = {} if data is None else {"data": data}
    return encoded({"id": found, "error": {"code": code, "message": message, **more}})


def refusal(found: Id, problem: Problem) -> bytes:
    """Return the line that says what is wrong with a request."""
    return error(found, *problem)


def tools_changed(subscription: Id | None = None) -> bytes:
    """Return the notification that the list of tools is another one, for a subscription if there is one."""
    params: Json = {} if subscription is None else {"params": {"_meta": {SUBSCRIPTION_KEY: subscription}}}
    return encoded({"method": "notifications/tools/list_changed", **params})


def listening(subscription: Id, wanted: Json) -> bytes:
    """Return the notification that begins a subscription, of which tools are all that ever changes."""
    honored = {"toolsListChanged": True} if wanted.get("toolsListChanged") is True else {}
    params: Json = {"_meta": {SUBSCRIPTION_KEY: subscription}, "notifications": honored}
    return encoded({"method": "notifications/subscriptions/acknowledged", "params": params})


def discovering(found: Id) -> Json:
    """Return the request that opens a conversation of the modern era."""
    return {
        "id": found,
        "method": "server/discover",
        "params": {"_meta": {VERSION_KEY: MODERN_VERSION, CAPABILITIES_KEY: {}}},
    }


class Answers:
    """The answers of a server of this version of compas."""

    def __init__(self, version: str) -> None:
        self._server = {"name": "compas", "version": version}

    def welcome(self, request: Request) -> bytes:
        """Answer `initialize`, which has to be whole."""
        asked = request.params["protocolVersion"]
        version = asked if asked in HANDSHAKE_VERSIONS else HANDSHAKE_VERSIONS[-1]
        value: Json = {
            "capabilities": _CAPABILITIES,
            "instructions": INSTRUCTIONS,
            "protocolVersion": version,
            "serverInfo": self._server,
        }
        return result(request.id, value)

    def discovery(self, request: Request) -> bytes:
        """Answer `server/discover`."""
        value: Json = {
            "cacheScope": "private",
            "capabilities": {**_CAPABILITIES, "extensions": {TASKS: {}}},
            "instructions": INSTRUCTIONS,
            "resultType": "complete",
            "supportedVersions": [MODERN_VERSION],
            "ttlMs": 0,
            "_meta": {_SERVER_KEY: self._server},
        }
        return result(request.id, value)

    def tools(self, request: Request, tools: bytes, *, is_modern: bool) -> bytes:
        """Answer `tools/list` with a JSON list."""
        head = json.dumps({"jsonrpc": "2.0", "id": request.id}, ensure_ascii=False, separators=(",", ":")).encode()
        before = b'"cacheScope":"private","resultType":"complete",' if is_modern else b""
        after = b',"ttlMs":0,"_meta":' + self._stamp() if is_modern else b""
        return head[:-1] + b',"result":{' + before + b'"tools":' + tools + after + b"}}"

    def menu(self, request: Request, value: Json, *, is_modern: bool) -> bytes:
        """Answer what an editor fills a menu with."""
        if is_modern:
            for_lists: Json = {"cacheScope": "private", "ttlMs": 0} if request.method in LISTS else {}
            value = {**value, **for_lists, "resultType": "complete", "_meta": {_SERVER_KEY: self._server}}
        return result(request.id, value)

    def failure(self, request: Request, sentence: str, *, is_modern: bool) -> bytes:
        """Answer a request that could not be brought to the gateway; a model reads that of a tool.

        A menu is empty then.
        """
        if request.method in EMPTY:
            return self.menu(request, EMPTY[request.method], is_modern=is_modern)
        if request.method != "tools/call":
            return error(request.id, INTERNAL_ERROR, sentence)
        value: Json = {"content": [{"text": sentence, "type": "text"}], "isError": True}
        if is_modern:
            value |= {"resultType": "complete", "_meta": {_SERVER_KEY: self._server}}
        return result(request.id, value)

    def _stamp(self) -> bytes:
        return json.dumps({_SERVER_KEY: self._server}, ensure_ascii=False, separators=(",", ":")).encode()


def handshake_problem(request: Request) -> Problem | None:
    """Say what is wrong with `initialize`, or None."""
    client = request.params.get("clientInfo")
    is_whole = (
        isinstance(request.params.get("protocolVersion"), str)
        and isinstance(request.params.get("capabilities"), dict)
        and isinstance(client, dict)
        and all(isinstance(client.get(name), str) for name in ("name", "version"))
    )
    return None if is_whole else INVALID


def listing_problem(request: Request, *, is_welcome: bool) -> Problem | None:
    """Say what is wrong with `tools/list`, or None; before the handshake nobody is `is_welcome` to it."""
    return None if is_welcome and isinstance(request.params.get("cursor"), str | None) else INVALID


def is_enveloped(request: Request) -> bool:
    """Tell whether a request says of itself which version it is of."""
    meta = request.params.get("_meta")
    return isinstance(meta, dict) and VERSION_KEY in meta


def envelope_problem(request: Request) -> Problem | None:
    """Say what is wrong with what a request of the modern era carries, or None."""
    meta = request.params.get("_meta")
    if not isinstance(meta, dict):
        needed = f"params._meta must be an object carrying the required '{VERSION_KEY}' and '{CAPABILITIES_KEY}'"
        return INVALID_PARAMS, f"{needed} envelope keys", None
    if missing := [key for key in (VERSION_KEY, CAPABILITIES_KEY) if key not in meta]:
        return INVALID_PARAMS, f"params._meta is missing the required envelope key(s): {', '.join(missing)}", None
    version = meta[VERSION_KEY]
    if not isinstance(version, str):
        return INVALID_PARAMS, "the protocol-version envelope value must be a string", None
    if version != MODERN_VERSION:
        return UNSUPPORTED_VERSION, "Unsupported protocol version", _served(version)
    return None


def declares_tasks(request: Request) -> bool:
    """Tell whether a request of the modern era says that the client understands tasks."""
    found: object = request.params
    for key in ("_meta", CAPABILITIES_KEY, "extensions", TASKS):
        found = found.get(key) if isinstance(found, dict) else None
    return isinstance(found, dict)


def handshake_refused(request: Request) -> Problem:
    """Say that a client of the modern era cannot shake hands any more."""
    asked = request.params.get("protocolVersion")
    sentence = f"connection is serving the {MODERN_VERSION} protocol; the initialize handshake is not accepted"
    return UNSUPPORTED_VERSION, sentence, _served(asked) if isinstance(asked, str) else {"supported": [MODERN_VERSION]}


TASKS_UNDECLARED: Problem = (
    MISSING_CAPABILITY,
    "the client has not declared tasks",
    {"requiredCapabilities": {"extensions": {TASKS: {}}}},
)

ENVELOPE_REFUSED: Problem = (
    INVALID_REQUEST,
    f"this connection serves the handshake protocol era; requests carrying the {MODERN_VERSION} envelope are not "
    "accepted on it",
    None,
)


def unknown_method(method: str) -> Problem:
    """Say that there is no such method."""
    return METHOD_NOT_FOUND, "Method not found", method


def _served(asked: str) -> Json:
    return {"supported": [MODERN_VERSION], "requested": asked}
