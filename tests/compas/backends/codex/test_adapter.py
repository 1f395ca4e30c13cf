"""How Codex is started."""

import tomllib
from pathlib import Path

import hypothesis.strategies as st
import msgspec
import pytest
from hypothesis import given

from compas.backends.backend import CommandLine, Task
from compas.backends.codex.adapter import BYPASS, CodexBackend
from compas.domain.specs import AgentSpec

THREAD = "01a216d3-ce9e-7690-b680-5fbb7f3a3089"
BEGIN = ("codex", "exec", "--json", "-c", "features.unbounded_connection_retries=false")
SANDBOX = ("-c", 'sandbox_mode="workspace-write"')
AGENT = AgentSpec(alias="dev", backend="codex", workdir="/src/app")
TASK = Task(instruction="Fix it.", workdir="/src/app", files="/run/files")


def command_line(task: Task = TASK, **changes: object) -> CommandLine:
    return CodexBackend(now=lambda: 0.0).command_line(msgspec.structs.replace(AGENT, **changes), task)


def test_a_new_conversation_is_confined_and_has_no_more_than_it_needs() -> None:
    command = command_line()
    assert command.argv == (*BEGIN, *SANDBOX, "--skip-git-repo-check", "-")
    assert (command.stdin, command.files, command.env_defaults) == ("Fix it.", {}, {})


# proves: a-core 82
@pytest.mark.parametrize("safety_mode", ["auto_approve", None])
def test_a_continued_conversation_gets_every_option_before_its_name_and_none_for_the_folder(
    safety_mode: str | None,
) -> None:
    task = msgspec.structs.replace(TASK, session=THREAD, prompt="You are dev.")
    argv = command_line(task, safety_mode=safety_mode, model="gpt-5.5").argv
    assert argv[-3:] == ("resume", THREAD, "-")
    assert not {"-C", "--cd"} & {*argv}
    assert argv[:-3] == command_line(prompt_task(), safety_mode=safety_mode, model="gpt-5.5").argv[:-1]


def prompt_task(prompt: str = "You are dev.") -> Task:
    return msgspec.structs.replace(TASK, prompt=prompt)


@pytest.mark.parametrize("session", ["s1", "last", "--last", "", "01a216d3-ce9e-7690-b680-5fbb7f3a308"])
def test_a_name_that_is_no_conversation_of_codex_is_never_passed_on(session: str) -> None:
    assert command_line(msgspec.structs.replace(TASK, session=session)).argv == command_line().argv


def test_the_acknowledged_agent_has_neither_sandbox_nor_approvals() -> None:
    argv = command_line(safety_mode="auto_approve").argv
    assert BYPASS in argv
    assert not any("sandbox_mode" in argument for argument in argv)


# proves: a-core 83
@pytest.mark.parametrize("safety_mode", ["auto_approve", None])
@pytest.mark.parametrize(
    "arguments",
    [
        (BYPASS,),
        ("--sandbox", "danger-full-access"),
        ("--sandbox=read-only",),
        ("-s", "read-only"),
        ("-sread-only",),
        ("-c", 'sandbox_mode="read-only"'),
        ("-csandbox_mode=read-only",),
        ("--config=sandbox_mode=read-only",),
        ("--search", "-c", "default_permissions=x"),
        ("--approve-for-me",),
    ],
)
def test_an_operator_who_chooses_the_sandbox_gets_no_other_beside_it(
    arguments: tuple[str, ...], safety_mode: str | None
) -> None:
    argv = command_line(backend_args=arguments, safety_mode=safety_mode).argv
    assert argv == (*BEGIN, "--skip-git-repo-check", *arguments, "-")


def test_further_arguments_stand_behind_what_compas_gives() -> None:
    argv = command_line(model="gpt-5.5", backend_args=("-m", "other", "--skip-git-repo-check")).argv
    assert argv == (*BEGIN, "-c", 'model="gpt-5.5"', *SANDBOX, "-m", "other", "--skip-git-repo-check", "-")


# proves: a-core 87
@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_the_prompt_is_a_text_of_codex_settings_whatever_it_contains(prompt: str) -> None:
    command = command_line(prompt_task(prompt))
    (given_,) = [argument for argument in command.argv if argument.startswith("developer_instructions=")]
    assert tomllib.loads(given_) == {"developer_instructions": prompt}
    assert command.stdin == "Fix it."


def test_a_prompt_that_no_argument_holds_stands_before_the_task() -> None:
    command = command_line(prompt_task("p" * 130_000))
    assert command.stdin == "p" * 130_000 + "\n\nFix it."
    assert max(len(argument) for argument in command.argv) < 200


@pytest.mark.parametrize("task", ["--help", "-", "x" * 2**20, "two\nlines \u2028 and 'quotes'", "/compact"])
def test_a_task_is_never_an_argument(task: str) -> None:
    command = command_line(msgspec.structs.replace(TASK, instruction=task))
    assert command.stdin == task
    assert command.argv == command_line().argv


def test_it_is_usable_where_its_command_is_found(tmp_path: Path) -> None:
    backend = CodexBackend(now=lambda: 0.0)
    assert "'codex' is not on PATH" in backend.availability(str(tmp_path)).detail
    command = tmp_path / "codex"
    command.write_text("#!/bin/false\n")
    assert not backend.availability(str(tmp_path)).usable, "it is not executable"
    command.chmod(0o755)
    assert backend.availability(str(tmp_path)).detail == str(command)
