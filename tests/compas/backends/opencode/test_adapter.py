"""How OpenCode is started: task over standard input, and options whose values cannot be taken for anything else."""

import msgspec
import pytest

from compas.backends.backend import Task
from compas.backends.opencode.adapter import OpenCodeBackend
from compas.domain.specs import AgentSpec

AGENT = AgentSpec(alias="dev", backend="opencode", workdir="/src/app")
TASK = Task(instruction="--help @x /y\n", workdir="/src/app", files="/run/files")
LOGGED = ("opencode", "run", "--format", "json", "--print-logs", "--log-level", "ERROR")


def test_the_task_is_the_input_word_for_word() -> None:
    command = OpenCodeBackend().command_line(AGENT, TASK)
    assert command.argv == LOGGED
    assert command.stdin == "--help @x /y\n"
    assert command.stdout == "pipe"


def test_session_model_and_further_arguments_reach_the_cli() -> None:
    agent = msgspec.structs.replace(AGENT, model="p/m", backend_args=("--variant", "high"))
    command = OpenCodeBackend().command_line(agent, msgspec.structs.replace(TASK, session="ses_1"))
    assert command.argv == (*LOGGED, "-s", "ses_1", "-m", "p/m", "--variant", "high")


# proves: a-core 89
@pytest.mark.parametrize(
    ("prompt", "options", "given"),
    [
        ("reviewer", ("--agent=reviewer",), "--help @x /y\n"),
        ("my-agent_2", ("--agent=my-agent_2",), "--help @x /y\n"),
        ("You review code.", (), "You review code.\n\n--help @x /y\n"),
        ("", (), "--help @x /y\n"),
        (None, (), "--help @x /y\n"),
    ],
)
def test_a_prompt_of_one_word_chooses_a_profile_and_any_other_stands_before_the_task(
    prompt: str | None, options: tuple[str, ...], given: str
) -> None:
    command = OpenCodeBackend().command_line(AGENT, msgspec.structs.replace(TASK, prompt=prompt))
    assert command.argv == (*LOGGED, *options)
    assert command.stdin == given


@pytest.mark.parametrize("args", [("-m", "x/y"), ("--model", "x/y"), ("--model=x/y",)])
def test_a_model_among_the_further_arguments_is_the_only_one(args: tuple[str, ...]) -> None:
    agent = msgspec.structs.replace(AGENT, model="p/m", backend_args=args)
    assert OpenCodeBackend().command_line(agent, TASK).argv == (*LOGGED, *args)


def test_permissions_are_given_only_where_the_config_acknowledges_it() -> None:
    acknowledged = msgspec.structs.replace(AGENT, safety_mode="auto_approve")
    assert OpenCodeBackend().command_line(acknowledged, TASK).argv == (*LOGGED, "--auto")
    twice = msgspec.structs.replace(acknowledged, backend_args=("--auto",))
    assert OpenCodeBackend().command_line(twice, TASK).argv == (*LOGGED, "--auto")


def test_it_does_not_update_itself_during_a_run_unless_the_operator_says_so() -> None:
    assert OpenCodeBackend().command_line(AGENT, TASK).env_defaults["OPENCODE_DISABLE_AUTOUPDATE"] == "1"
