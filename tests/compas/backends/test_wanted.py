"""Which variables of operators' shells are asked for: those of the CLIs that the config uses, and what it names."""

from pathlib import Path

import pytest

from compas.backends.environment import MARKS
from compas.backends.wanted import wanted_variables
from compas.domain.brought import Brought, in_force, take
from compas.domain.specs import AgentSpec


def agent(tmp_path: Path, backend: str, env_pass: tuple[str, ...] | None = None, role: str = "worker") -> AgentSpec:
    return AgentSpec(alias="a", backend=backend, workdir=str(tmp_path), timeout_secs=1, env_pass=env_pass, role=role)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("backend", "name"), [("claude", "ANTHROPIC_*"), ("codex", "OPENAI_*"), ("gemini", "GEMINI_*")]
)
def test_an_agent_has_its_own_vendors_variables_brought(tmp_path: Path, backend: str, name: str) -> None:
    names = wanted_variables([agent(tmp_path, backend)]).names
    assert name in names
    others = {"ANTHROPIC_*", "OPENAI_*", "GEMINI_*"} - {name}
    assert not others & set(names)


@pytest.mark.parametrize("backend", ["opencode", "of-the-config"])
def test_a_cli_that_speaks_to_any_vendor_may_have_the_keys_of_all(tmp_path: Path, backend: str) -> None:
    assert {"ANTHROPIC_*", "OPENAI_*", "GEMINI_*"} <= set(wanted_variables([agent(tmp_path, backend)]).names)


def test_what_env_pass_names_is_asked_for_but_nothing_of_the_machine(tmp_path: Path) -> None:
    passed = ("MY_KEY", "MY_*", "PATH", "HOME", "LC_*", "GIT_DIR", "LD_PRELOAD", "COMPAS_CONFIG", "not a name")
    assert wanted_variables([agent(tmp_path, "claude", passed)]).names == ("MY_*", "MY_KEY")


def test_an_agent_that_is_not_given_its_vendors_key_has_none_brought(tmp_path: Path) -> None:
    assert wanted_variables([agent(tmp_path, "claude", ("PATH",))]).names == ()
    assert "ANTHROPIC_*" in wanted_variables([agent(tmp_path, "claude", ("ANTHROPIC_API_KEY",))]).names


def test_who_is_no_worker_and_who_needs_no_login_asks_for_nothing(tmp_path: Path) -> None:
    assert wanted_variables([agent(tmp_path, "scripted"), agent(tmp_path, "claude", role="operator")]).names == ()


def test_marks_of_the_cli_around_a_client_are_not_taken(tmp_path: Path) -> None:
    offered = {"ANTHROPIC_API_KEY": "k", **dict.fromkeys(MARKS, "1")}
    wanted = wanted_variables([agent(tmp_path, "claude")])
    assert in_force({}, take({}, Brought(), offered, wanted)) == {"ANTHROPIC_API_KEY": "k"}


def test_a_beginning_that_covers_the_machine_takes_nothing_of_it(tmp_path: Path) -> None:
    wanted = wanted_variables([agent(tmp_path, "claude", ("P*",))])
    assert in_force({}, take({}, Brought(), {"PATH": "/evil", "PIN": "1"}, wanted)) == {"PIN": "1"}
