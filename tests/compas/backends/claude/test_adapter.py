"""How Claude Code is started."""

from pathlib import Path

import msgspec
import pytest

from compas.backends.backend import CommandLine, Task
from compas.backends.claude.adapter import ClaudeBackend
from compas.domain.specs import AgentSpec

ALWAYS = ("-p", "--dangerously-skip-permissions", "--verbose", "--output-format", "stream-json")
AGENT = AgentSpec(alias="dev", backend="claude", workdir="/src/app")
TASK = Task(instruction="Fix it.", workdir="/src/app", files="/run/files")


def command_line(*, as_root: bool = False, task: Task = TASK, **changes: object) -> CommandLine:
    return ClaudeBackend(as_root=as_root).command_line(msgspec.structs.replace(AGENT, **changes), task)


def test_a_new_conversation_has_no_more_than_it_needs() -> None:
    command = command_line()
    assert command.argv == ("claude", *ALWAYS)
    assert (command.stdin, command.stdout) == ("Fix it.", "pipe")


# proves: a-core 75
def test_the_system_prompt_replaces_on_a_new_conversation_and_is_appended_on_a_continued_one() -> None:
    task = msgspec.structs.replace(TASK, prompt="-You are dev.")
    new = command_line(task=task)
    assert new.argv == ("claude", *ALWAYS, "--system-prompt-file", "/run/files/system-prompt.md")
    assert new.files == {"system-prompt.md": "-You are dev."}
    continued = command_line(task=msgspec.structs.replace(task, session="s1"))
    assert continued.argv == (
        *("claude", "-r", "s1", *ALWAYS),
        *("--append-system-prompt-file", "/run/files/system-prompt.md"),
    )
    assert continued.files == new.files


def test_model_and_further_arguments_come_as_they_are_configured() -> None:
    found = command_line(model="opus", backend_args=("--allowedTools", "Bash", "Write")).argv
    assert found == ("claude", *ALWAYS, "--model", "opus", "--allowedTools", "Bash", "Write")


@pytest.mark.parametrize("task", ["--help", "-r x", "x" * 2**20, "two\nlines \u2028 and 'quotes'", "/compact"])
def test_a_task_is_never_an_argument(task: str) -> None:
    command = command_line(task=msgspec.structs.replace(TASK, instruction=task))
    assert command.stdin == task
    assert command.argv == ("claude", *ALWAYS)


def test_the_cli_repeats_requests_a_few_times_only() -> None:
    assert command_line().env_defaults == {"CLAUDE_CODE_MAX_RETRIES": "3"}


@pytest.mark.parametrize(
    ("as_root", "safety_mode", "told"),
    [(True, "auto_approve", "1"), (True, None, None), (False, "auto_approve", None), (False, None, None)],
)
def test_as_root_the_cli_is_told_that_it_is_confined_when_the_operator_has_acknowledged_it(
    as_root: bool, safety_mode: str | None, told: str | None
) -> None:
    command = command_line(as_root=as_root, safety_mode=safety_mode)
    assert command.env_defaults.get("IS_SANDBOX") == told
    assert "--dangerously-skip-permissions" in command.argv


def test_it_is_usable_where_its_command_is_found(tmp_path: Path) -> None:
    backend = ClaudeBackend(as_root=False)
    assert not backend.availability(str(tmp_path)).usable
    assert "'claude' is not on PATH" in backend.availability(str(tmp_path)).detail
    command = tmp_path / "claude"
    command.write_text("#!/bin/false\n")
    command.chmod(0o755)
    assert backend.availability(str(tmp_path)).detail == str(command)


def test_the_version_is_told_where_the_file_is_named_for_it(tmp_path: Path) -> None:
    (tmp_path / "versions").mkdir()
    (tmp_path / "bin").mkdir()
    real = tmp_path / "versions" / "2.1.330"
    real.write_text("#!/bin/false\n")
    real.chmod(0o755)
    (tmp_path / "bin" / "claude").symlink_to(real)
    found = ClaudeBackend(as_root=False).availability(str(tmp_path / "bin"))
    assert found.usable
    assert found.detail == f"{tmp_path}/bin/claude (2.1.330)"
