"""A model server on loopback: plays what prompts script, refuses what is no proper request, and records all of it."""

import contextlib
import json
import threading
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.model_server.dialect import Call, Dialect, Event, Numbers, Query, Reply
from tests.model_server.dialects import find_dialect
from tests.model_server.model_script import Action, Break, Calls, Conversation, Director, Refuse, Say, ScriptError

BAD_KEY = "bad-key"
"""The key that is always refused."""
LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it came, and what was answered."""

    method: str
    path: str
    dialect: str = ""
    key: str = ""
    model: str = ""
    stream: bool = False
    system: str = ""
    tools: list[str] = field(default_factory=list)
    prompts: list[str] = field(default_factory=list)
    results: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    answer: str = ""


class Record:
    """Every request so far, and optionally a file with one JSON line for each."""

    def __init__(self, log: Path | None) -> None:
        self._log = log
        self._requests: list[Request] = []
        self._lock = threading.Lock()

    def add(self, request: Request) -> None:
        """Note a request."""
        with self._lock:
            self._requests.append(request)
            if self._log is not None:
                with self._log.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(asdict(request)) + "\n")

    def all(self) -> list[Request]:
        """Return the requests so far."""
        with self._lock:
            return list(self._requests)


class ModelServer(ThreadingHTTPServer):
    """Listens on loopback only; port 0 takes a free one."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, port: int = 0, log: Path | None = None) -> None:
        super().__init__((LOOPBACK, port), _Handler)
        self.record = Record(log)
        self.director = Director()
        self.numbers = Numbers()
        self.deciding = threading.Lock()
        self.closing = threading.Event()

    @property
    def url(self) -> str:
        """Where it is, as a CLI wants to be told."""
        return f"http://{LOOPBACK}:{self.server_address[1]}"

    @property
    def requests(self) -> list[Request]:
        """The requests to a model so far."""
        return [request for request in self.record.all() if request.dialect]

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: clients that hang up early are part of the play."""


@contextlib.contextmanager
def open_model_server(port: int = 0, log: Path | None = None) -> Iterator[ModelServer]:
    """Serve in threads of this process until the context ends; whoever hangs then is let go."""
    with ModelServer(port, log) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield server
        finally:
            server.closing.set()
            server.shutdown()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: ModelServer

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the base class's
        """Say nothing; what came is in the record."""

    def do_HEAD(self) -> None:
        """Be there for whoever only looks."""
        self._reply(200, {})

    def do_GET(self) -> None:
        """Show the record, or that it lives."""
        path = self.path.partition("?")[0]
        if path == "/__log":
            self._reply(200, [asdict(request) for request in self.server.record.all()])
        elif path == "/__health":
            self._reply(200, {"status": "ok"})
        else:
            self._refuse_path()

    def do_POST(self) -> None:
        """Answer a request to the model."""
        path = self.path.partition("?")[0]
        raw = self.rfile.read(int(self.headers.get("content-length") or 0))
        dialect = find_dialect(path)
        if dialect is None:
            self._refuse_path()
        elif dialect.is_count(path):
            self.server.record.add(Request("POST", path))
            self._reply(200, dialect.counted(111))
        else:
            self._answer(dialect, path, raw)

    def _refuse_path(self) -> None:
        self.server.record.add(Request(self.command, self.path, problems=["there is no such path"]))
        self._reply(404, {"type": "error", "error": {"type": "not_found_error", "message": "there is no such path"}})

    # --- one request -------------------------------------------------------------------------------------------------

    def _answer(self, dialect: Dialect, path: str, raw: bytes) -> None:
        body, problems = _read_body(raw)
        query = Query(path, {name.lower(): value for name, value in self.headers.items()}, body)
        problems = problems or dialect.problems(query)
        conversation = Conversation() if problems else dialect.read(query)
        tools = [] if problems else dialect.tools(query)
        key = dialect.key(query.headers)
        calls: list[Call] = []
        with self.server.deciding:
            action = self._decide(conversation, tools, problems, key)
            try:
                calls = _find_calls(dialect, action, tools)
            except (ScriptError, KeyError, ValueError) as error:
                problems.append(f"the script cannot be played: {error}")
                action = Refuse(400, problems[-1])
        answer = type(action).__name__.lower() if not isinstance(action, Break) else action.how
        self.server.record.add(
            Request(
                method="POST",
                path=path,
                dialect=dialect.name,
                key=key,
                model=dialect.model(query),
                stream=dialect.is_streaming(query),
                system=dialect.system(query),
                tools=tools,
                prompts=conversation.prompts,
                results=conversation.results,
                problems=problems,
                answer=f"{answer} {action.code}" if isinstance(action, Refuse) else answer,
            )
        )
        self._play(dialect, query, action, calls)

    def _decide(self, conversation: Conversation, tools: list[str], problems: list[str], key: str) -> Action:
        if problems:
            return Refuse(400, "; ".join(problems))
        if key == BAD_KEY:
            return Refuse(401, "invalid x-api-key")
        if not tools:  # a title or the like: never part of the play
            return Say("Scripted session")
        try:
            return self.server.director.decide(conversation)
        except (ScriptError, KeyError, ValueError) as error:
            problems.append(f"the script cannot be played: {error}")
            return Refuse(400, problems[-1])

    def _play(self, dialect: Dialect, query: Query, action: Action, calls: list[Call]) -> None:
        if isinstance(action, Break) and action.how == "slow":
            self.server.closing.wait(action.seconds)
            assert action.then is not None
            action = action.then
        match action:
            case Refuse():
                self._reply(*dialect.refusal(action))
            case Say() | Calls():
                text = action.text if isinstance(action, Say) else ""
                answer = dialect.answer(query, Reply(text, tuple(calls), action.usage), self.server.numbers)
                self._stream(dialect.events(answer)) if dialect.is_streaming(query) else self._reply(200, answer)
            case Break():
                self._break(dialect, query, action)

    def _break(self, dialect: Dialect, query: Query, action: Break) -> None:
        answer = dialect.answer(query, Reply("an answer that is not whole"), self.server.numbers)
        is_streaming = dialect.is_streaming(query)
        half = dialect.events(answer)
        half = half[: len(half) // 2]
        self.close_connection = True
        if action.how == "invalid":
            nonsense = b"data: {nonsense\n\n"
            self._start(200, "text/event-stream" if is_streaming else "application/json", len(nonsense))
            self.wfile.write(nonsense)
        elif is_streaming:
            self._stream(half, whole=False)
        else:
            self._start(200, "application/json", 1000)
            self.wfile.write(json.dumps(answer).encode()[:40])
        self.wfile.flush()
        if action.how == "hang":
            self.server.closing.wait()

    # --- HTTP --------------------------------------------------------------------------------------------------------

    def _start(self, code: int, kind: str, length: int | None, headers: Mapping[str, str] | None = None) -> None:
        self.send_response(code)
        self.send_header("content-type", kind)
        if length is None:
            self.send_header("transfer-encoding", "chunked")
        else:
            self.send_header("content-length", str(length))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()

    def _reply(self, code: int, body: object, headers: Mapping[str, str] | None = None) -> None:
        data = json.dumps(body).encode()
        self._start(code, "application/json", len(data), headers)
        if self.command != "HEAD":
            self.wfile.write(data)

    def _stream(self, events: list[Event], *, whole: bool = True) -> None:
        self._start(200, "text/event-stream", None)
        for name, payload in events:
            data = (f"event: {name}\n" if name else "") + f"data: {payload}\n\n"
            self.wfile.write(b"%x\r\n%s\r\n" % (len(data.encode()), data.encode()))
            self.wfile.flush()
        if whole:
            self.wfile.write(b"0\r\n\r\n")


def _find_calls(dialect: Dialect, action: Action, tools: list[str]) -> list[Call]:
    """Return the tools to call, now or after a silence. Raises ScriptError for one that the CLI does not offer."""
    if isinstance(action, Break) and action.then is not None:
        action = action.then
    return (
        [dialect.find_call(verb, options, tools) for verb, options in action.calls] if isinstance(action, Calls) else []
    )


def _read_body(raw: bytes) -> tuple[dict[str, Any], list[str]]:
    try:
        body = json.loads(raw)
    except ValueError as error:
        return {}, [f"the body is not JSON: {error}"]
    if not isinstance(body, dict):
        return {}, ["the body is not an object"]
    return body, []
