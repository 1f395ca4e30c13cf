"""What an agent sees of the environment: what a list lets through, and what its config sets."""

import hypothesis.strategies as st
import msgspec
import pytest
from hypothesis import given

from compas.backends.environment import MARKS, NOBODY_TO_ASK, SAFE, build_environment
from compas.domain.specs import AgentSpec

MARKED = ["CLAUDECODE", "CLAUDE_CODE_ENTRYPOINT", "CLAUDE_CODE_MESSAGING_TOKEN", "CODEX_SANDBOX", "COMPAS_EXECUTION"]
AGENT = AgentSpec(alias="dev", backend="cli", workdir="/src/app")


def environment(inherited: dict[str, str], remove: tuple[str, ...] = (), **changes: object) -> dict[str, str]:
    agent = msgspec.structs.replace(AGENT, **changes)
    found = build_environment(agent, inherited, remove=remove, extra={"COMPAS_THREAD": "t1"})
    return {name: value for name, value in found.items() if NOBODY_TO_ASK.get(name) != value}


def test_an_agents_git_finds_nobody_to_ask_unless_its_config_says_whom() -> None:
    own = msgspec.structs.replace(AGENT, env={"GIT_EDITOR": "ed"})
    found = build_environment(own, {"GIT_ASKPASS": "/usr/bin/ask"}, extra={})
    assert found == NOBODY_TO_ASK | {"GIT_EDITOR": "ed"}


def test_an_agent_sees_what_is_known_to_be_safe_and_nothing_else() -> None:
    inherited = {"PATH": "/bin", "LC_ALL": "C", "ANTHROPIC_API_KEY": "k", "AWS_SECRET_ACCESS_KEY": "s", "GIT_DIR": "/r"}
    assert environment(inherited) == {"PATH": "/bin", "LC_ALL": "C", "ANTHROPIC_API_KEY": "k", "COMPAS_THREAD": "t1"}


def test_a_list_of_its_own_replaces_the_safe_one() -> None:
    inherited = {"PATH": "/bin", "AWS_REGION": "r", "AWSX": "x", "HOME": "/h"}
    assert environment(inherited, env_pass=("AWS_*", "HOME")) == {
        "AWS_REGION": "r",
        "HOME": "/h",
        "COMPAS_THREAD": "t1",
    }
    assert environment(inherited, env_pass=()) == {"COMPAS_THREAD": "t1"}


# proves: a-core 94, c-config-dashboard 44
def test_a_variable_that_the_backend_removes_is_gone_though_the_supervisor_has_it() -> None:
    assert environment({"PATH": "/bin", "HOME": "/h"}, remove=("HOME",)) == {"PATH": "/bin", "COMPAS_THREAD": "t1"}
    assert "HOME" not in environment({"HOME": "/h"}, remove=("HOME",), env_pass=("*",))


def test_what_the_agents_config_sets_is_set_whatever_is_inherited_or_removed() -> None:
    found = environment({"PATH": "/bin"}, remove=("PATH",), env={"PATH": "/own", "NEW": "1"})
    assert (found["PATH"], found["NEW"]) == ("/own", "1")


def test_a_default_of_the_backend_is_set_only_where_nothing_else_sets_it() -> None:
    def found(inherited: dict[str, str], env: dict[str, str]) -> str:
        agent = msgspec.structs.replace(AGENT, env=env)
        return build_environment(agent, inherited, defaults={"CLAUDE_CODE_X": "default"}, extra={})["CLAUDE_CODE_X"]

    assert found({}, {}) == "default"
    assert found({"CLAUDE_CODE_X": "inherited"}, {}) == "inherited"
    assert found({"CLAUDE_CODE_X": "inherited"}, {"CLAUDE_CODE_X": "own"}) == "own"


def test_what_compas_itself_sets_cannot_be_set_otherwise() -> None:
    assert environment({"COMPAS_THREAD": "other"}, env={"COMPAS_THREAD": "mine"})["COMPAS_THREAD"] == "t1"


# proves: a-core 49
@pytest.mark.parametrize("mark", MARKED)
@pytest.mark.parametrize("env_pass", [None, ("*",), ("CLAUDE*", "CODEX_*", "COMPAS_*")])
def test_the_marks_of_an_agent_around_us_pass_only_by_name(mark: str, env_pass: tuple[str, ...] | None) -> None:
    assert mark not in environment({mark: "1"}, env_pass=env_pass)
    assert environment({mark: "1"}, env_pass=(mark,))[mark] == "1"
    assert environment({}, env={mark: "2"})[mark] == "2"


@given(
    st.dictionaries(st.sampled_from([*MARKS, "PATH", "HOME", "X_1", "LC_ALL", "*"]), st.text(max_size=3)),
    st.none() | st.lists(st.sampled_from(["PATH", "X_*", "*", "LC_*"])).map(tuple),
    st.lists(st.sampled_from(["PATH", "X_1"])).map(tuple),
)
def test_nothing_is_seen_that_was_not_let_through_and_values_stay_as_they_are(
    inherited: dict[str, str], env_pass: tuple[str, ...] | None, remove: tuple[str, ...]
) -> None:
    found = environment(inherited, remove, env_pass=env_pass)
    del found["COMPAS_THREAD"]
    assert found.items() <= inherited.items()
    assert not found.keys() & {*MARKS, *remove}
    if env_pass is not None and "*" in env_pass:
        assert found.keys() == inherited.keys() - {*MARKS, *remove}


def test_no_entry_of_the_safe_list_lets_everything_through() -> None:
    assert all(len(entry.rstrip("*")) >= 2 for entry in SAFE)
