"""Any command as a backend: the command line it gets, and what its output comes to."""

import re
from pathlib import Path

import hypothesis.strategies as st
import msgspec
import pytest
from hypothesis import given

from compas.backends.backend import ExitStatus, Task
from compas.backends.generic import GenericBackend, GenericReader, TaskRefusedError, fill
from compas.domain.specs import AgentSpec, BackendSpec, OutputSpec, ResumeSpec

AGENT = AgentSpec(alias="dev", backend="cli", workdir="/src/app")
OK = ExitStatus(code=0)
JSON = OutputSpec(format="json", result_field="result", session_id_field="session")
LINES = OutputSpec(format="jsonl", result_field="result", session_id_field="session")

PLACEHOLDERS = ("{{instruction}}", "{{model}}", "{{session_id}}")


def backend(*args: str, **fields: object) -> GenericBackend:
    return GenericBackend(msgspec.structs.replace(BackendSpec(name="cli", command="cli", args=args), **fields))


def task(instruction: str = "do it", **fields: object) -> Task:
    return msgspec.structs.replace(Task(instruction=instruction, workdir="/src/app", files="/run/files"), **fields)


def argv(made: GenericBackend, given_task: Task | None = None, **changes: object) -> tuple[str, ...]:
    return made.command_line(msgspec.structs.replace(AGENT, **changes), given_task or task()).argv


# --- the command line ------------------------------------------------------------------------------------------------


# proves: a-core 91
def test_an_argument_that_is_only_an_absent_model_is_dropped_and_one_that_contains_it_stays() -> None:
    made = backend("run", "{{model}}", "--model={{model}}", "{{instruction}}")
    assert argv(made) == ("cli", "run", "--model=", "do it")
    assert argv(made, model="m1") == ("cli", "run", "m1", "--model=m1", "do it")


# proves: c-config-dashboard 42
def test_the_option_of_an_absent_model_is_dropped_with_its_value() -> None:
    made = backend("--model", "{{model}}", "-q", "{{instruction}}")
    assert argv(made) == ("cli", "-q", "do it")
    assert argv(made, model="m1") == ("cli", "--model", "m1", "-q", "do it")


@pytest.mark.parametrize("kept", ["run", "--", "-", "--kind=fast", "-1"])
def test_what_is_no_option_of_its_own_is_not_dropped_with_a_value(kept: str) -> None:
    assert argv(backend(kept, "{{model}}", "{{instruction}}")) == ("cli", kept, "do it")


def test_a_task_that_looks_like_an_option_is_not_dropped_with_the_value_behind_it() -> None:
    assert argv(backend("{{instruction}}", "{{model}}"), task("--help")) == ("cli", "--help")


# proves: c-config-dashboard 43
def test_a_task_that_contains_placeholders_is_passed_on_as_it_is() -> None:
    text = "explain {{model}}, {{instruction}} and {{session_id}}"
    assert argv(backend("-p", "{{instruction}}"), task(text), model="m1") == ("cli", "-p", text)


# proves: c-config-dashboard 45
@pytest.mark.parametrize("args", [("-p", "{{instruction}}"), ()])
def test_an_agents_prompt_stands_in_front_of_its_task(args: tuple[str, ...]) -> None:
    command = backend(*args).command_line(AGENT, task(prompt="Be kind."))
    assert (command.argv[-1] if args else command.stdin) == "Be kind.\n\ndo it"


def test_without_a_placeholder_the_task_travels_over_standard_input() -> None:
    command = backend("run", prompt="stdin").command_line(AGENT, task("a\nb" * 200_000))
    assert command.argv == ("cli", "run")
    assert command.stdin == "a\nb" * 200_000
    assert backend("{{instruction}}").command_line(AGENT, task()).stdin is None


def test_a_conversation_is_continued_in_front_of_the_arguments_and_only_where_there_is_one() -> None:
    made = backend("run", "{{instruction}}", resume=ResumeSpec(flag="--resume", session_id_arg="{{session_id}}"))
    assert argv(made) == ("cli", "run", "do it")
    assert argv(made, task(session="s1")) == ("cli", "--resume", "s1", "run", "do it")
    joined = backend("{{instruction}}", resume=ResumeSpec(flag="", session_id_arg="--session={{session_id}}"))
    assert argv(joined, task(session="s1")) == ("cli", "--session=s1", "do it")
    assert argv(backend("{{instruction}}"), task(session="s1")) == ("cli", "do it")


def test_an_agents_own_arguments_come_last_and_are_no_templates() -> None:
    assert argv(backend("{{instruction}}"), backend_args=("--fast", "{{model}}")) == (
        "cli",
        "do it",
        "--fast",
        "{{model}}",
    )


def test_the_variables_to_remove_go_with_the_command() -> None:
    assert backend(env_remove=("TOKEN",)).command_line(AGENT, task()).env_remove == ("TOKEN",)


TEXT = st.text(max_size=8) | st.sampled_from([*PLACEHOLDERS, "--flag", "-x"])


@given(
    st.lists(st.sampled_from(["run", "--flag", "-x", "--a={{model}}", "--", *PLACEHOLDERS]), max_size=8),
    TEXT,
    TEXT | st.none(),
    TEXT | st.none(),
)
def test_filling_keeps_every_value_that_is_there_and_every_word_that_is_no_option(
    args: list[str], instruction: str, model: str | None, session: str | None
) -> None:
    values = {"instruction": instruction, "model": model, "session_id": session}
    filled = fill(tuple(args), values)
    for name, value in values.items():
        if value is not None:
            assert filled.count(value) >= args.count("{{" + name + "}}")
    for word in ("run", "--"):
        assert filled.count(word) >= args.count(word)
    if None not in (model, session):
        assert len(filled) == len(args)


@pytest.mark.parametrize(("path", "usable"), [("/usr/bin:/bin", True), ("/nonexistent", False)])
def test_a_command_is_found_or_it_is_said_where_it_was_looked_for(path: str, usable: bool) -> None:
    found = GenericBackend(BackendSpec(name="cli", command="sh")).availability(path)
    assert found.usable == usable
    assert found.detail.endswith("/sh") if usable else "/nonexistent" in found.detail


# --- the output ------------------------------------------------------------------------------------------------------


def reading(output: OutputSpec, *lines: str, err: tuple[str, ...] = ()) -> GenericReader:
    reader = GenericReader(output)
    for line in lines:
        assert all(one.kind == "message" for one in reader.feed("stdout", line))
    for line in err:
        assert reader.feed("stderr", line) == ()
    return reader


# proves: a-core 103
def test_plain_text_is_the_answer_as_it_is() -> None:
    answer = reading(OutputSpec(), "one", "", "two", err=("warming up",)).finish(OK)
    assert (answer.success, answer.reply, answer.session) == (True, "one\n\ntwo\n", None)
    assert reading(OutputSpec()).finish(OK).reply == ""


# proves: a-core 92
@pytest.mark.parametrize(
    ("output", "reply", "has_result"),
    [
        ('{"other": 1}', "", False),
        ('{"result": 7}', "", False),
        ('{"result": "done"}', "done", True),
        ("no json", "no json\n", False),
    ],
)
def test_a_result_field_is_read_from_one_object(output: str, reply: str, has_result: bool) -> None:
    assert reading(JSON, output).finish(OK).reply == reply
    failed = reading(JSON, output).finish(ExitStatus(code=1))
    assert failed.reply == (reply if has_result else None)


# proves: a-core 92
@pytest.mark.parametrize(
    ("output", "reply"),
    [
        ('{"a": {"b": {"c": "deep"}}}', "deep"),
        ('{"a.b.c": "literal"}', "literal"),
        ('{"a": {"b": "c"}}', ""),
        ("[1]", ""),
    ],
)
def test_a_dotted_path_is_followed_into_the_object(output: str, reply: str) -> None:
    nested = OutputSpec(format="json", result_field="a.b.c")
    assert reading(nested, *output.splitlines()).finish(OK).reply == reply


def test_an_object_over_several_lines_is_one_object() -> None:
    answer = reading(JSON, "{", '"result": "done",', '"session": "s1"', "}").finish(OK)
    assert (answer.reply, answer.session) == ("done", "s1")


# proves: a-core 93
@pytest.mark.parametrize("after", [(), ("bye",), ("", "{"), ("{not json}", "done.")])
def test_of_json_lines_the_last_valid_one_answers_whatever_follows_it(after: tuple[str, ...]) -> None:
    answer = reading(LINES, '{"result": "early"}', '{"result": "late", "session": "s2"}', *after).finish(OK)
    assert (answer.reply, answer.session) == ("late", "s2")


@pytest.mark.parametrize("after", ["42", "null", '"text"', "[]"])
def test_a_value_without_fields_behind_the_last_object_does_not_hide_it(after: str) -> None:
    assert reading(LINES, '{"result": "done"}', after).finish(OK).reply == "done"


def test_json_lines_without_a_valid_one_are_answered_raw() -> None:
    assert reading(LINES, "one", "two").finish(OK).reply == "one\ntwo\n"


def test_a_failure_says_how_it_ended_and_what_was_printed_and_is_classified_by_the_error_channel() -> None:
    answer = reading(OutputSpec(), "I fixed the authentication", err=("HTTP 429",)).finish(ExitStatus(code=3))
    assert (answer.success, answer.category) == (False, "transient"), "what it printed on its way is no answer"
    assert answer.error == "the command ended with exit status 3:\nHTTP 429"
    assert answer.reply == "I fixed the authentication\n"
    silent = reading(OutputSpec()).finish(ExitStatus(signal=9))
    assert silent.error == "the command ended with signal 9 and printed nothing"
    assert (silent.category, silent.reply) == ("unknown", None)
    assert reading(JSON, err=("HTTP 429",)).finish(ExitStatus(code=3)).category == "transient"
    answered = reading(JSON, '{"result": "Made it."}', err=("HTTP 429",)).finish(ExitStatus(code=3))
    assert answered.category == "agent_error"
    assert reading(OutputSpec(), "oops", err=("a bug",)).finish(ExitStatus(code=1)).category == "agent_error"
    assert reading(OutputSpec(), "oops").finish(ExitStatus(code=1)).error.endswith("exit status 1:\noops")


def test_an_end_that_the_process_did_not_choose_is_told_without_made_up_numbers() -> None:
    assert "None" not in reading(OutputSpec()).finish(ExitStatus()).error


def test_of_a_flood_of_errors_the_end_is_kept() -> None:
    answer = reading(OutputSpec(), err=tuple(f"line {n}" for n in range(10_000))).finish(ExitStatus(code=1))
    assert answer.error.endswith("line 9999")
    assert len(answer.error) < 5000


def test_json_that_is_nested_beyond_reason_is_no_json() -> None:
    deep = "[" * 100_000 + "]" * 100_000
    assert reading(JSON, deep).finish(OK).reply == f"{deep}\n"
    assert reading(LINES, '{"result": "done"}', deep).finish(OK).reply == "done"


def test_of_a_flood_of_output_the_end_is_kept_and_the_rest_is_counted() -> None:
    reader = GenericReader(OutputSpec())
    for _ in range(10):
        reader.feed("stdout", "x" * 1024 * 1024)
    reader.feed("stdout", "the end")
    reply = reader.finish(OK).reply
    assert reply is not None
    assert reply.endswith("\nthe end\n")
    assert re.match(r"\[\d{7} characters before this are left out", reply)
    assert len(reply) < 9 * 1024 * 1024


# --- how a task travels ----------------------------------------------------------------------------------------------


def test_a_task_in_a_file_is_named_by_its_path_and_may_be_of_any_length() -> None:
    made = backend("--prompt-file", "{{instruction}}", "--all={{instruction}}", prompt="file")
    command = made.command_line(AGENT, task("x" * 500_000, prompt="Be kind."))
    assert command.argv == ("cli", "--prompt-file", "/run/files/instruction", "--all=/run/files/instruction")
    assert command.files == {"instruction": "Be kind.\n\n" + "x" * 500_000}
    assert command.stdin is None


@pytest.mark.parametrize(("length", "character"), [(131_072, "x"), (65_536, "é")])
def test_a_task_that_no_argument_can_hold_is_refused_with_the_way_that_can(length: int, character: str) -> None:
    made = backend("{{instruction}}")
    fits = character * (length - 1)
    assert argv(made, task(fits)) == ("cli", fits)
    with pytest.raises(TaskRefusedError, match=r"131072 bytes, and 131071 are possible; set `prompt: file`"):
        made.command_line(AGENT, task(character * length))


def test_a_task_with_a_nul_character_is_refused_as_an_argument_and_travels_otherwise() -> None:
    with pytest.raises(TaskRefusedError, match="NUL character"):
        backend("{{instruction}}").command_line(AGENT, task("a\0b"))
    assert backend("run", prompt="stdin").command_line(AGENT, task("a\0b")).stdin == "a\0b"


def test_a_file_that_is_not_executable_is_said_to_be_that(tmp_path: Path) -> None:
    (tmp_path / "cli").write_text("")
    found = backend().availability(str(tmp_path))
    assert (found.usable, found.in_words) == (
        False,
        f"{tmp_path}/cli is not executable; make it so, or install it again",
    )
    missing = backend(command=f"{tmp_path}/gone").availability("/bin")
    assert missing.in_words == f"there is no {tmp_path}/gone; install it or correct its path"


def test_a_command_that_writes_json_lines_tells_what_it_says_on_the_way() -> None:
    reader = GenericReader(LINES)
    assert [one.detail for one in reader.feed("stdout", '{"result": "Half of it\\nis done."}')] == [
        "Half of it\nis done."
    ]
    for line in ('{"other": 1}', '{"result": 7}', "no JSON", '["result"]', "[" * 100_000):
        assert reader.feed("stdout", line) == ()
    assert reader.feed("stderr", '{"result": "x"}') == ()
    assert GenericReader(OutputSpec()).feed("stdout", '{"result": "x"}') == ()
