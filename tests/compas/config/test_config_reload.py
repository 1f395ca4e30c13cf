"""What of a changed file is used at once, what waits, and what is said about it."""

import copy
import hashlib
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import structs

from compas.config.config import Config
from compas.config.differences import differences, shaping_keys
from compas.config.findings import ConfigError
from compas.config.load import load
from compas.config.reload import update_config
from compas.config.schema.key import Effect
from tests.kit.config.config_desk import Desk

SECOND = "  - {alias: rev, backend: claude, safety_mode: auto_approve}\n"


def test_what_is_live_is_used_at_once_and_named_as_in_the_file(desk: Desk) -> None:
    old = desk.config(desk.agent(""))
    (desk.directory / "sub").mkdir()
    new = desk.config(
        desk.agent("model: other\nenv: {TOKEN: secret}\n").replace("default_workdir: .", "default_workdir: sub")
        + "worktree_dir: trees\n"
        + "orchestration: {max_queued_executions: 9, redaction_patterns: [a+]}\n"
    )
    taken = update_config(old, new)
    assert taken.config == new
    assert (taken.waiting, taken.notes) == ((), ())
    assert taken.changed == (
        "default_workdir",
        "worktree_dir",
        "agents.dev.model",
        "agents.dev.env",
        "agents.dev.workdir",
        "orchestration.max_queued_executions",
        "orchestration.redaction_patterns",
    )
    assert "secret" not in repr(taken.changed), "the names go into the log, the values do not"


def test_what_takes_a_restart_is_named_and_keeps_its_old_value_while_the_rest_is_used(desk: Desk) -> None:
    old = desk.config(desk.agent(""))
    new = desk.config(
        desk.agent("model: other\n")
        + "state_dir: elsewhere\nbackend_definitions: [{name: mine, command: x}]\n"
        + "orchestration: {max_concurrent_triggers: 3}\n"
    )
    taken = update_config(old, new)
    assert taken.waiting == ("state_dir", "backend_definitions.mine added")
    assert taken.changed == ("agents.dev.model", "orchestration.max_concurrent_triggers")
    assert (taken.config.state_dir, taken.config.backends) == (old.state_dir, {})
    assert taken.config.agents["dev"].model == "other"
    assert taken.config.effective_concurrency == 3
    again = update_config(taken.config, new)
    assert (again.changed, again.waiting) == ((), taken.waiting), "it goes on waiting"
    assert update_config(taken.config, old).waiting == (), "taken back, there is nothing to wait for"


def test_an_agent_on_a_backend_that_waits_is_said_to_wait_with_it(desk: Desk) -> None:
    old = desk.config(desk.agent(""))
    new = desk.config(desk.agent("", backend="mine") + "backend_definitions: [{name: mine, command: x}]\n")
    (note,) = update_config(old, new).notes
    assert "'dev' cannot be started before the restart brings its backend 'mine'" in note


def test_a_new_agent_explains_how_many_executions_run_now(desk: Desk) -> None:
    one, two = desk.config(desk.agent("")), desk.config(desk.agent("") + SECOND)
    more = update_config(one, two)
    assert more.changed == ("agents.rev added",)
    assert more.notes == (
        "up to 2 executions run at once now, 1 before: that is one per worker agent, "
        "since orchestration.max_concurrent_triggers is not set",
    )
    fewer = update_config(two, one)
    assert "agents.rev removed" in fewer.changed
    assert "what runs beyond that goes on to its end" in fewer.notes[0]
    assert "the agent 'rev' is gone" in fewer.notes[1]
    said = desk.config(desk.agent("") + "orchestration: {max_concurrent_triggers: 5}\n")
    assert "what orchestration.max_concurrent_triggers says" in update_config(one, said).notes[0]


def test_every_field_of_a_configuration_is_decided_by_a_key_of_the_file() -> None:
    decided = {field for _, field, _ in shaping_keys()}
    fields = {field.name for field in structs.fields(Config)}
    assert fields - decided == {"config_path", "effective_concurrency"}, "nobody would see a change of the others"


def test_a_load_tells_what_it_has_read(desk: Desk) -> None:
    (desk.directory / "p.md").write_text("prompt")
    text = desk.agent("prompt_file: p.md\n")
    loaded = desk.load(text)
    assert loaded.digest == hashlib.sha256(text.encode()).hexdigest()
    assert loaded.reads == (str(desk.directory), str(desk.directory / "p.md"))
    with pytest.raises(ConfigError) as caught:
        desk.load(desk.agent("prompt_file: gone.md\n"))
    assert str(desk.directory / "gone.md") in caught.value.reads
    assert len(caught.value.digest) == 64
    with pytest.raises(ConfigError) as caught:
        load(desk.directory / "gone.yaml", environ=desk.environ)
    assert (caught.value.digest, caught.value.reads) == ("", ())


WHOLE: dict[str, Any] = {
    "default_workdir": ".",
    "state_dir": "s",
    "agents": [
        {"alias": "a", "backend": "claude", "handoff": {"on_response": "b"}},
        {"alias": "b", "backend": "mine", "prompt": "x", "timeout_secs": 5},
    ],
    "orchestration": {"trigger_intents": ["a"], "max_triggers_per_agent": 2},
    "backend_definitions": [{"name": "mine", "command": "x"}],
    "repositories": [{"path": ".", "base": "trunk"}],
}
CHANGES = [
    (("state_dir",), "t"),
    (("on_crash",), "fail"),
    (("agents", 0, "model"), "m"),
    (("agents", 1, "role"), "operator"),
    (("agents", 1, "alias"), "c"),
    (("agents", 0, "handoff"), {}),
    (("orchestration", "max_concurrent_triggers"), 7),
    (("orchestration", "trigger_intents"), ["z"]),
    (("backend_definitions", 0, "command"), "y"),
    (("repositories", 0, "base"), "main"),
]


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(st.lists(st.sets(st.sampled_from(range(len(CHANGES)))), max_size=4))
def test_however_a_file_changes_what_holds_is_the_new_one_but_for_what_waits(
    desk: Desk, versions: list[set[int]]
) -> None:
    in_force = began = desk.config(yaml.safe_dump(WHOLE))
    for version in versions:
        whole = copy.deepcopy(WHOLE)
        for path, value in (CHANGES[index] for index in sorted(version)):
            holder: Any = whole
            for step in path[:-1]:
                holder = holder[step]
            holder[path[-1]] = value
        if {3, 4} & version:
            whole["agents"][0]["handoff"] = {}
        loaded = desk.config(yaml.safe_dump(whole))
        taken = update_config(in_force, loaded)
        assert (taken.config.state_dir, taken.config.backends) == (began.state_dir, began.backends)
        assert differences(loaded, taken.config, *Effect) == differences(loaded, taken.config, Effect.RESTART)
        assert bool(taken.changed) == (taken.config != in_force)
        assert bool(taken.waiting) == (taken.config != loaded)
        in_force = taken.config
