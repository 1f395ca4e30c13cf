"""The script in a prompt, without any protocol."""

import hypothesis.strategies as st
import pytest
from hypothesis import given

from tests.model_server.model_script import Break, Calls, Conversation, Director, Refuse, Say, ScriptError, Usage


def decide(prompt: str, *results: str, director: Director | None = None) -> object:
    return (director or Director()).decide(Conversation(prompts=[prompt], results=list(results)))


def test_a_prompt_without_a_script_is_echoed_with_its_number() -> None:
    conversation = Conversation(prompts=["one", " two\n"], results=[])
    assert Director().decide(conversation) == Say("echo (prompt 2, 0 tool results): two")


def test_calls_are_played_one_after_each_result_and_then_the_last_words() -> None:
    prompt = 'work\nSCENARIO:write path=a.txt content="A B"\nSCENARIO:shell cmd="ls -l"\nSCENARIO:final text="all done"'
    assert decide(prompt) == Calls((("write", {"path": "a.txt", "content": "A B"}),))
    assert decide(prompt, "ok") == Calls((("shell", {"cmd": "ls -l"}),))
    assert decide(prompt, "ok", "ok") == Say("all done")


def test_calls_joined_by_a_plus_come_in_one_answer() -> None:
    prompt = "SCENARIO:write+ path=a\nSCENARIO:shell cmd=b\nSCENARIO:shell cmd=c"
    assert decide(prompt) == Calls((("write", {"path": "a"}), ("shell", {"cmd": "b"})))
    assert decide(prompt, "1", "2") == Calls((("shell", {"cmd": "c"}),))


def test_a_trouble_comes_as_often_as_it_says_and_then_the_play_goes_on() -> None:
    director = Director()
    prompt = "SCENARIO:ratelimit times=2 retry_after=1\nSCENARIO:final text=done"
    assert [decide(prompt, director=director) for _ in range(4)] == [
        Refuse(429, retry_after="1"),
        Refuse(429, retry_after="1"),
        Say("done"),
        Say("done"),
    ]


def test_a_trouble_comes_at_its_place_among_the_calls_and_for_good() -> None:
    director = Director()
    prompt = "SCENARIO:shell cmd=a\nSCENARIO:cut\nSCENARIO:shell cmd=b"
    assert isinstance(decide(prompt, director=director), Calls)
    assert decide(prompt, "1", director=director) == Break("cut") == decide(prompt, "1", director=director)
    assert decide(prompt, "1", "2", director=director) == Say("echo (prompt 1, 2 tool results): 2")


def test_silence_is_followed_by_what_stands_behind_it() -> None:
    assert decide("SCENARIO:slow s=2\nSCENARIO:final text=x") == Break("slow", 2.0, Say("x"))


def test_nothing_is_played_that_stands_behind_the_end() -> None:
    assert decide("SCENARIO:final text=x\nSCENARIO:end\nSCENARIO:shell cmd=y\nSCENARIO:dance") == Say("x")


def test_usage_is_what_the_prompt_says() -> None:
    said = decide("SCENARIO:usage in=1 out=2 cached=3 created=4")
    assert isinstance(said, Say)
    assert said.usage == Usage(1, 2, 3, 4)


def test_a_long_text_has_its_length_and_no_line_twice() -> None:
    said = decide("SCENARIO:huge bytes=3300")
    assert isinstance(said, Say)
    assert (len(said.text), len(set(said.text.splitlines()))) == (3300, 100)


@pytest.mark.parametrize(
    ("prompt", "says"),
    [("SCENARIO:dance", "no verb 'dance'"), ('SCENARIO:shell cmd="', "quotation"), ("SCENARIO:shell ls", "key=value")],
)
def test_a_script_that_cannot_be_played_is_refused_in_words(prompt: str, says: str) -> None:
    with pytest.raises(ScriptError, match=says):
        decide(prompt)


@given(st.text())
def test_any_prompt_without_a_script_gets_an_answer(prompt: str) -> None:
    if "SCENARIO:" not in prompt:
        assert isinstance(decide(prompt), Say)
