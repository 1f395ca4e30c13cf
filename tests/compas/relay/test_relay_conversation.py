"""What a relay says: every answer once, whatever becomes of gateways, and nothing that starts one without need."""

import json
from collections import Counter
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from compas.relay.answers import CAPABILITIES_KEY, SUBSCRIPTION_KEY, TASKS
from compas.relay.link import TOOLS_CHANGED, Issue, refused, unreadable
from compas.relay.open_calls import MOST_LOSSES, MOST_OPEN, STEADY_SECONDS
from tests.kit.relay.dialogue import ENVELOPE, GREETING, Dialogue, line


@pytest.fixture
def dialogue() -> Dialogue:
    """Return a conversation after its handshake."""
    dialogue = Dialogue()
    dialogue.shake_hands()
    return dialogue


def call(dialogue: Dialogue, found: object, name: str = "orch_wait") -> list[dict[str, object]]:
    """Call a tool."""
    return dialogue.say("tools/call", found, name=name, arguments={})


def test_greeting_listing_and_pings_need_no_gateway(dialogue: Dialogue) -> None:
    assert dialogue.say("ping", 1) == [{"jsonrpc": "2.0", "id": 1, "result": {}}]
    assert dialogue.say("tools/list", 2)[0]["result"] == {"tools": [{"name": "first"}]}
    assert not dialogue.conversation.needs_gateway


def test_a_call_waits_for_a_gateway_which_is_told_first_who_the_editor_is(dialogue: Dialogue) -> None:
    assert call(dialogue, 7) == []
    assert dialogue.conversation.needs_gateway
    brought = [message for _, message in dialogue.connect()]
    assert [message["method"] for message in brought] == ["initialize", "notifications/initialized", "tools/call"]
    assert brought[0]["params"] == GREETING
    assert dialogue.answer(brought[0]["id"]) == []
    assert dialogue.answer(7, content=[])[0]["id"] == 7
    assert not dialogue.conversation.needs_gateway


def test_what_the_next_gateway_is_brought_has_its_name_of_before_and_says_how_old_it_is(dialogue: Dialogue) -> None:
    call(dialogue, 7)
    name = dialogue.connect()[-1][0].name
    dialogue.now += 12.9
    assert dialogue.lose() == []
    assert dialogue.connect()[-1][0] == Issue(name, 12)
    assert dialogue.answer(7)[0]["id"] == 7
    assert dialogue.answer(7) == []


def test_two_calls_have_two_names(dialogue: Dialogue) -> None:
    call(dialogue, 1)
    call(dialogue, "1")
    names = [issue.name for issue, message in dialogue.connect() if message["method"] == "tools/call"]
    assert len(set(names)) == 2


def test_a_call_that_ends_every_gateway_is_answered(dialogue: Dialogue) -> None:
    call(dialogue, 7)
    for _ in range(MOST_LOSSES):
        dialogue.connect()
        assert dialogue.lose() == []
    dialogue.connect()
    (answer,) = dialogue.lose()
    assert answer["result"]["isError"]
    assert "went away 4 times" in answer["result"]["content"][0]["text"]
    assert not dialogue.conversation.needs_gateway


def test_a_wait_outlives_any_number_of_gateways_that_lived(dialogue: Dialogue) -> None:
    call(dialogue, 7)
    for _ in range(3 * MOST_LOSSES):
        dialogue.connect()
        dialogue.now += STEADY_SECONDS
        assert dialogue.lose() == []
    dialogue.connect()
    assert len(dialogue.answer(7)) == 1


@pytest.mark.parametrize("pause", [STEADY_SECONDS, 24 * 3600.0])
def test_a_call_that_makes_every_gateway_hang_is_answered(dialogue: Dialogue, pause: float) -> None:
    call(dialogue, 7)
    for _ in range(MOST_LOSSES):
        dialogue.connect()
        heard_at = dialogue.now
        dialogue.now += pause
        dialogue.conversation.lose(heard_at)
        assert dialogue.heard() == []
    dialogue.connect()
    assert "went away 4 times" in str(dialogue.lose())


def test_whether_a_gateway_lives_is_asked_in_its_editors_era_and_the_answer_is_kept_from_it(dialogue: Dialogue) -> None:
    modern = Dialogue()
    modern.say("server/discover", 0, _meta=ENVELOPE)
    for one, method in ((dialogue, "ping"), (modern, "server/discover")):
        one.conversation.ask_for_life()
        assert one.brought() == [], "nobody is there to be asked"
        one.connect()
        one.conversation.ask_for_life()
        ((issue, message),) = one.brought()
        assert (issue.name, message["method"]) == ("-", method)
        assert one.answer(message["id"]) == []
        assert "another request" in str(one.say("tools/call", message["id"], name="x"))


def test_connections_that_no_gateway_took_in_count_for_nothing(dialogue: Dialogue) -> None:
    call(dialogue, 7)
    for _ in range(3 * MOST_LOSSES):
        assert dialogue.lose() == []
    assert dialogue.conversation.needs_gateway


def test_a_cancelled_call_is_over_on_both_sides(dialogue: Dialogue) -> None:
    call(dialogue, 7)
    dialogue.connect()
    dialogue.say("notifications/cancelled", requestId="7")
    assert [message["method"] for _, message in dialogue.brought()] == ["notifications/cancelled"]
    assert not dialogue.conversation.needs_gateway
    assert dialogue.answer(7) == []
    dialogue.lose()
    assert "tools/call" not in [message["method"] for _, message in dialogue.connect()]


def test_a_call_that_is_cancelled_while_a_gateway_starts_is_never_brought(dialogue: Dialogue) -> None:
    call(dialogue, 7)
    dialogue.say("notifications/cancelled", requestId=7)
    assert not dialogue.conversation.needs_gateway
    assert "tools/call" not in [message["method"] for _, message in dialogue.connect()]


def test_progress_and_other_words_of_the_gateway_pass(dialogue: Dialogue) -> None:
    dialogue.connect()
    dialogue.conversation.hear(line("notifications/progress", progressToken=7, progress=1), dialogue.now)
    assert dialogue.heard()[0]["method"] == "notifications/progress"


def test_notifications_pass_to_a_gateway_and_start_none(dialogue: Dialogue) -> None:
    dialogue.say("notifications/roots/list_changed")
    assert not dialogue.conversation.needs_gateway
    dialogue.connect()
    dialogue.say("notifications/roots/list_changed")
    assert dialogue.brought()[-1][1]["method"] == "notifications/roots/list_changed"


def test_nothing_is_started_for_menus_and_what_came_meanwhile_is_still_brought(dialogue: Dialogue) -> None:
    dialogue.say("resources/list", 1)
    assert (dialogue.conversation.needs_gateway, dialogue.conversation.may_start) == (True, False)
    call(dialogue, 2)
    assert dialogue.conversation.may_start
    dialogue.conversation.fail_menus()
    assert [(heard["id"], heard["result"]) for heard in dialogue.heard()] == [(1, {"resources": []})]
    assert dialogue.connect()[-1][1]["id"] == 2


def asked(dialogue: Dialogue, found: object, message: str = "Merge?") -> dict[str, Any]:
    """Ask something as the gateway, and return what the editor is asked."""
    (question,) = dialogue.tell(method="elicitation/create", id=found, params={"message": message})
    assert (question["method"], question["params"]) == ("elicitation/create", {"message": message})
    return question


def reply(dialogue: Dialogue, question: dict[str, Any], action: str = "accept") -> list[dict[str, object]]:
    """Answer a question as the editor, and return what the gateway is brought."""
    answer = {"jsonrpc": "2.0", "id": question["id"], "result": {"action": action}}
    assert dialogue.say_line(json.dumps(answer).encode()) == []
    return [message for _, message in dialogue.brought()]


def test_the_gateway_gets_the_answer_to_what_it_asked_once(dialogue: Dialogue) -> None:
    call(dialogue, 7)
    dialogue.connect()
    first, second = asked(dialogue, 0), asked(dialogue, 1, "Remove?")
    assert reply(dialogue, second, "decline") == [{"jsonrpc": "2.0", "id": 1, "result": {"action": "decline"}}]
    assert reply(dialogue, first) == [{"jsonrpc": "2.0", "id": 0, "result": {"action": "accept"}}]
    assert reply(dialogue, first) == []
    assert reply(dialogue, {"id": "never asked"}) == []


def test_an_answer_to_a_gateway_that_is_gone_is_not_given_to_the_next_under_the_same_number(
    dialogue: Dialogue,
) -> None:
    call(dialogue, 7)
    dialogue.connect()
    old = asked(dialogue, 0, "Merge one?")
    assert dialogue.lose() == [cancelled(old)]
    dialogue.connect()
    new = asked(dialogue, 0, "Merge another?")
    assert reply(dialogue, old) == []
    assert reply(dialogue, new)[0]["id"] == 0


def test_a_question_that_the_gateway_takes_back_is_over(dialogue: Dialogue) -> None:
    call(dialogue, 7)
    dialogue.connect()
    question = asked(dialogue, 3)
    assert dialogue.tell(method="notifications/cancelled", params={"requestId": 4}) == []
    assert dialogue.tell(method="notifications/cancelled", params={"requestId": 3}) == [cancelled(question)]
    assert reply(dialogue, question) == []


def cancelled(question: dict[str, Any]) -> dict[str, object]:
    """Return what an editor hears of a question that nobody waits to have answered any more."""
    return {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": question["id"]}}


def test_an_id_that_waits_for_its_answer_is_not_taken_twice(dialogue: Dialogue) -> None:
    call(dialogue, 7)
    (refusal,) = call(dialogue, 7)
    assert (refusal["id"], refusal["error"]["code"]) == (None, -32600)
    (broken,) = dialogue.say_line(b'{"id": 7, "method": 5')
    assert (broken["id"], broken["error"]["code"]) == (None, -32700)
    dialogue.connect()
    assert len(dialogue.answer(7)) == 1


def test_more_calls_than_can_be_kept_are_refused(dialogue: Dialogue) -> None:
    for number in range(1, MOST_OPEN + 1):
        assert call(dialogue, number) == []
    assert "too many requests" in call(dialogue, MOST_OPEN + 1)[0]["result"]["content"][0]["text"]
    dialogue.connect()
    dialogue.answer(1)
    assert call(dialogue, MOST_OPEN + 1) == []


def test_what_no_gateway_can_be_reached_for_is_answered_in_the_form_of_its_kind(dialogue: Dialogue) -> None:
    call(dialogue, 1)
    dialogue.say("prompts/get", 2)
    dialogue.conversation.fail("no way")
    first, second = dialogue.heard()
    assert first["result"] == {"content": [{"type": "text", "text": "no way"}], "isError": True}
    assert second["error"] == {"code": -32603, "message": "no way"}


def test_a_gateway_that_refuses_says_why(dialogue: Dialogue) -> None:
    call(dialogue, 1)
    dialogue.conversation.hear(refused("another\nuser's"), dialogue.now)
    assert dialogue.heard()[0]["result"]["content"][0]["text"] == "another user's"


def test_what_a_gateway_cannot_read_is_answered(dialogue: Dialogue) -> None:
    call(dialogue, 1)
    issue = dialogue.connect()[-1][0]
    dialogue.conversation.hear(unreadable(issue), dialogue.now)
    assert [(one["id"], one["error"]["code"]) for one in dialogue.heard()] == [(1, -32600)]


def test_another_list_of_tools_is_told_once_to_who_has_the_old_one(dialogue: Dialogue) -> None:
    dialogue.tools = b"[1]"
    dialogue.connect()
    assert dialogue.heard() == []
    dialogue.say("tools/list", 1)
    dialogue.tools = b"[2]"
    for _ in range(2):
        dialogue.conversation.hear(TOOLS_CHANGED, dialogue.now)
    assert dialogue.heard() == [{"jsonrpc": "2.0", "method": "notifications/tools/list_changed"}]
    dialogue.lose()
    dialogue.tools = b"[3]"
    dialogue.connect()
    assert [one["method"] for one in dialogue.heard()] == ["notifications/tools/list_changed"]


def test_in_the_modern_era_only_who_subscribed_is_told_of_another_list() -> None:
    dialogue = Dialogue()
    dialogue.say("tools/list", 1, _meta=ENVELOPE)
    for number, wanted in ((2, {"toolsListChanged": True}), (3, {"promptsListChanged": True})):
        (begun,) = dialogue.say("subscriptions/listen", number, _meta=ENVELOPE, notifications=wanted)
        assert begun["method"] == "notifications/subscriptions/acknowledged"
        assert begun["params"]["_meta"] == {SUBSCRIPTION_KEY: number}
    assert not dialogue.conversation.needs_gateway
    dialogue.tools = b"[2]"
    dialogue.connect()
    (told,) = dialogue.heard()
    assert (told["method"], told["params"]["_meta"]) == ("notifications/tools/list_changed", {SUBSCRIPTION_KEY: 2})
    dialogue.say("notifications/cancelled", requestId=2)
    dialogue.tools = b"[3]"
    dialogue.conversation.check_tools()
    assert dialogue.heard() == []


def test_of_tasks_a_listener_is_told_nothing_and_has_to_declare_them_to_ask_for_it() -> None:
    dialogue = Dialogue()
    wanted = {"taskIds": ["wait.x"], "toolsListChanged": True}
    (refused_,) = dialogue.say("subscriptions/listen", 1, _meta=ENVELOPE, notifications=wanted)
    assert refused_["error"]["code"] == -32021
    declared = {**ENVELOPE, CAPABILITIES_KEY: {"extensions": {TASKS: {}}}}
    (begun,) = dialogue.say("subscriptions/listen", 2, _meta=declared, notifications=wanted)
    assert begun["params"]["notifications"] == {"toolsListChanged": True}


def test_a_gateway_of_a_modern_editor_is_opened_in_that_era_whatever_comes_first() -> None:
    dialogue = Dialogue()
    dialogue.say("tools/call", 1, _meta=ENVELOPE, name="orch_wait")
    (_, opening), (_, called) = dialogue.connect()
    assert (opening["method"], opening["params"]["_meta"]) == ("server/discover", ENVELOPE)
    assert called["id"] == 1
    assert dialogue.answer(opening["id"]) == []


class AnyDialogue(RuleBasedStateMachine):
    """Editors ask and cancel, gateways come, answer and go, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.dialogue = Dialogue()
        self.dialogue.shake_hands()
        self.asked: set[int] = set()
        self.cancelled: set[int] = set()
        self.names: dict[int, str] = {}
        self.known: set[int] = set()
        self.answers: Counter[int] = Counter()

    def note(self) -> None:
        """Note what was brought and heard."""
        for issue, message in self.dialogue.brought():
            if message["method"] == "tools/call":
                assert self.names.setdefault(message["id"], issue.name) == issue.name
                assert message["id"] not in self.known, "brought twice to one gateway"
                self.known.add(message["id"])
        for message in self.dialogue.heard():
            self.answers[message["id"]] += 1

    @rule()
    def ask(self) -> None:
        self.asked.add(number := len(self.asked) + 1)
        self.dialogue.conversation.take(line("tools/call", number, name="x"), self.dialogue.now)
        self.note()

    @rule(number=st.integers(1, 9), as_text=st.booleans())
    def cancel(self, number: int, as_text: bool) -> None:
        said = line("notifications/cancelled", requestId=str(number) if as_text else number)
        self.dialogue.conversation.take(said, self.dialogue.now)
        if number in self.asked and not self.answers[number]:
            self.cancelled.add(number)
        self.note()

    @rule()
    def come(self) -> None:
        if not self.dialogue.conversation.is_connected:
            self.dialogue.conversation.hear(b"!ready", self.dialogue.now)
            self.note()

    @rule(number=st.integers(1, 9))
    def answer(self, number: int) -> None:
        if number in self.known:
            text = json.dumps({"jsonrpc": "2.0", "id": number, "result": {}}).encode()
            self.dialogue.conversation.hear(text, self.dialogue.now)
            self.note()

    @rule(seconds=st.sampled_from([0.0, STEADY_SECONDS]))
    def go(self, seconds: float) -> None:
        self.dialogue.now += seconds
        self.known.clear()
        self.dialogue.conversation.lose(self.dialogue.now)
        self.note()

    @rule()
    def fail(self) -> None:
        self.known.clear()
        self.dialogue.conversation.fail("no way")
        self.note()
        assert self.asked == self.cancelled | set(self.answers)

    @invariant()
    def nothing_is_answered_twice(self) -> None:
        assert all(count == 1 for count in self.answers.values())
        assert not self.cancelled & set(self.answers)


TestAnyDialogue = AnyDialogue.TestCase
