"""Decides what a relay says: to its editor, which must hear every answer once, and to whatever gateway there is.

No input or output of its own: `to_editor` and `to_gateway` are what is to be sent, a message each.
"""

import json
from collections.abc import Callable, Iterator
from typing import Literal

from compas.relay import answers as say
from compas.relay.answers import Answers
from compas.relay.link import (
    NAMELESS,
    NOTICE,
    READY,
    TOOLS_CHANGED,
    Issue,
    issued,
    name_of_unreadable,
    reason_of_refusal,
)
from compas.relay.menus import fixed_menu
from compas.relay.message import INVALID_REQUEST, Answer, Broken, Id, Json, Notification, Request, read_message
from compas.relay.open_calls import OpenCall, OpenCalls
from compas.relay.questions import Questions

INTRODUCTION_ID = "compas:introduction"
LIFE_ID = "compas:life"
_OURS = (INTRODUCTION_ID, LIFE_ID)
_UNTOLD = Issue(NAMELESS, 0)
_GONE = (
    "the gateway of compas went away {times} times while it had this request; what it changes is changed at most once. "
    "The supervisor's log says more"
)


class Conversation:
    """One editor's conversation, over any number of gateways."""

    def __init__(self, answers: Answers, tools: Callable[[], bytes], prefix: str) -> None:
        """`tools` returns the list of tools as it is now; `prefix` makes this relay's names of requests unique."""
        self.to_editor: list[bytes] = []
        self.to_gateway: list[bytes] = []
        self.is_connected = False
        self._answers = answers
        self._tools = tools
        self._told: bytes | None = None
        self._open = OpenCalls(prefix)
        self._questions = Questions()
        self._era: Literal["handshake", "modern"] | None = None
        self._greeting: Json | None = None
        self._is_initialized = False
        self._listening: dict[Id, bool] = {}

    @property
    def needs_gateway(self) -> bool:
        """Whether something is asked that only a gateway can answer."""
        return bool(self._open)

    @property
    def may_start(self) -> bool:
        """Whether what is asked is worth starting a supervisor for."""
        return not self._open.are_menus

    # --- the editor --------------------------------------------------------------------------------------------------

    def take(self, line: bytes, now: float) -> None:
        """Take a line of the editor's."""
        match read_message(line):
            case Request() as request:
                self._take_request(request, now)
            case Notification() as notification:
                self._take_notification(notification)
            case Answer():
                answer = self._questions.pass_to_gateway(line)
                if answer is not None:
                    self._pass_on(answer)
            case Broken() as broken:
                self.take_broken(broken)

    def take_broken(self, broken: Broken) -> None:
        """Answer a line that is no message; the answer to a request under way is not taken away by that."""
        found = None if broken.id is None or self._is_known(broken.id) else broken.id
        self.to_editor.append(say.error(found, broken.code, broken.sentence))

    def _take_request(self, request: Request, now: float) -> None:
        if self._is_known(request.id):
            sentence = f"the id {json.dumps(request.id)} is that of another request, which is not answered yet"
            self.to_editor.append(say.error(None, INVALID_REQUEST, sentence))
            return
        if self._era is None:
            is_modern = request.method != "initialize" and say.is_enveloped(request)
            self._era = "modern" if is_modern else "handshake"
        answer = self._modern(request) if self._era == "modern" else self._handshake(request)
        if answer is None and (menu := fixed_menu(request.method)) is not None:
            answer = self._answers.menu(request, menu, is_modern=self._era == "modern")
        if answer is not None:
            self.to_editor.append(answer)
        elif request.id not in self._listening:
            self._bring(request, now)

    def _handshake(self, request: Request) -> bytes | None:
        """Return the answer to a request of the handshake's era, or None when it is the gateway's to give."""
        problem: say.Problem | None = None
        match request.method:
            case "initialize":
                problem = say.handshake_problem(request)
                if problem is None:
                    self._greeting = request.params
                    return self._answers.welcome(request)
            case _ if say.is_enveloped(request):
                problem = say.ENVELOPE_REFUSED
            case "ping":
                return say.result(request.id, {})
            case "tools/list":
                problem = say.listing_problem(request, is_welcome=self._greeting is not None)
                if problem is None:
                    return self._list(request)
            case method if self._greeting is None and method in say.SERVED:
                problem = say.INVALID
            case _ if self._greeting is None or request.method == "server/discover":
                problem = say.unknown_method(request.method)
        return None if problem is None else say.refusal(request.id, problem)

    def _modern(self, request: Request) -> bytes | None:
        """Return the answer to a request of the modern era, or None when somebody else's is still to come."""
        problem = say.handshake_refused(request) if request.method == "initialize" else say.envelope_problem(request)
        if problem is None:
            match request.method:
                case "server/discover":
                    return self._answers.discovery(request)
                case "ping":
                    problem = say.unknown_method("ping")
                case "tools/list":
                    problem = say.listing_problem(request, is_welcome=True)
                    if problem is None:
                        return self._list(request)
                case "subscriptions/listen":
                    problem = self._listen(request)
        return None if problem is None else say.refusal(request.id, problem)

    def _list(self, request: Request) -> bytes:
        self._told = self._tools()
        return self._answers.tools(request, self._told, is_modern=self._era == "modern")

    def _listen(self, request: Request) -> say.Problem | None:
        """Begin to tell of another list of tools: only the relay knows what its editor was told."""
        wanted = request.params.get("notifications")
        if not isinstance(wanted, dict):
            return say.INVALID
        if "taskIds" in wanted and not say.declares_tasks(request):
            return say.TASKS_UNDECLARED
        self._listening[request.id] = wanted.get("toolsListChanged") is True
        self.to_editor.append(say.listening(request.id, wanted))
        return None

    def _bring(self, request: Request, now: float) -> None:
        if self._open.is_full:
            sentence = "too many requests are under way; wait for one of them to end"
            self.to_editor.append(self._failure(request, sentence))
            return
        call = self._open.add(request, now)
        if self.is_connected:
            self.to_gateway.append(call.bring(now))

    def _take_notification(self, notification: Notification) -> None:
        match notification.method:
            case "notifications/cancelled":
                found = notification.params.get("requestId")
                if isinstance(found, int | str) and self._listening.pop(found, None) is not None:
                    return
                if self._open.end(found) is None:
                    return
            case "notifications/initialized":
                self._is_initialized = True
        self._pass_on(notification.line)

    def _pass_on(self, line: bytes) -> None:
        """Bring what is not answered to the gateway that is there; the next one is told all it needs when it comes."""
        if self.is_connected:
            self.to_gateway.append(issued(_UNTOLD, line))

    def _is_known(self, found: Id) -> bool:
        return found in self._open or found in self._listening or found in _OURS

    # --- the gateway -------------------------------------------------------------------------------------------------

    def _begin(self, now: float) -> None:
        """Speak to a new gateway: say who the editor is, then bring all that is not answered."""
        self.is_connected = True
        self.to_gateway += [*self._introduction(), *self._open.bring_all(now)]
        self.check_tools()

    def ask_for_life(self) -> None:
        """Ask the gateway for an answer that takes nothing but a loop that goes round; it is not passed on."""
        if self.is_connected:
            question: Json = {"id": LIFE_ID, "method": "ping"}
            asked = say.discovering(LIFE_ID) if self._era == "modern" else question
            self._pass_on(say.encoded(asked))

    def lose(self, heard_at: float) -> None:
        """Note that the gateway is gone, which was last heard of then: what it did not answer is for the next one."""
        self._disconnect()
        for call in self._open.lose(heard_at):
            self._fail(call, _GONE.format(times=call.losses))

    def fail(self, sentence: str) -> None:
        """Answer everything with why no gateway can be reached."""
        self._disconnect()
        for call in self._open.end_all():
            self._fail(call, sentence)

    def fail_menus(self) -> None:
        """Answer what does not need the supervisor that does not run."""
        self._disconnect()
        for call in self._open.end_menus():
            self._fail(call, "")

    def hear(self, line: bytes, now: float) -> None:
        """Take a line of the gateway's. Raises ValueError or TypeError when it is none."""
        if line == READY:
            self._begin(now)
            return
        if line.startswith(NOTICE):
            self._take_notice(line)
            return
        message = dict(json.loads(line))
        if "method" in message:
            told = self._questions.pass_to_editor(message)
            self.to_editor += [] if told is None else [told]
        elif self._open.end(message.get("id")) is not None:
            self.to_editor.append(line)

    def check_tools(self) -> None:
        """Tell the editor when the list of tools is not the one it was told of."""
        if self._told is None or (tools := self._tools()) == self._told:
            return
        self._told = tools
        if self._era == "handshake":
            self.to_editor.append(say.tools_changed())
        self.to_editor += [say.tools_changed(found) for found, wants_tools in self._listening.items() if wants_tools]

    def _take_notice(self, notice: bytes) -> None:
        if notice == TOOLS_CHANGED:
            self.check_tools()
        elif (sentence := reason_of_refusal(notice)) is not None:
            self.fail(sentence)
        elif (name := name_of_unreadable(notice)) is not None and (call := self._open.end_named(name)) is not None:
            self.to_editor.append(say.error(call.request.id, INVALID_REQUEST, "the gateway cannot read this request"))

    def _introduction(self) -> Iterator[bytes]:
        """Yield what opens a gateway's conversation in the era of the editor's; its answer is not passed on."""
        if self._era == "modern":
            yield issued(_UNTOLD, say.encoded(say.discovering(INTRODUCTION_ID)))
        elif self._greeting is not None:
            again: Json = {"id": INTRODUCTION_ID, "method": "initialize", "params": self._greeting}
            yield issued(_UNTOLD, say.encoded(again))
            if self._is_initialized:
                yield issued(_UNTOLD, say.encoded({"method": "notifications/initialized"}))

    def _disconnect(self) -> None:
        self.is_connected = False
        self.to_gateway.clear()
        self.to_editor += self._questions.withdraw()

    def _fail(self, call: OpenCall, sentence: str) -> None:
        self.to_editor.append(self._failure(call.request, sentence))

    def _failure(self, request: Request, sentence: str) -> bytes:
        return self._answers.failure(request, sentence, is_modern=self._era == "modern")
