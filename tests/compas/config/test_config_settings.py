"""The configuration key by key: the value that holds, and whether the file, a default or the machine gave it."""

from compas.config.config import Setting
from tests.kit.config.config_desk import Desk

TEXT = """\
default_workdir: .
agent_defaults:
  model: opus
  env: {TOKEN: hunter2}
orchestration:
  merge_timeout_secs: 90
agents:
  - alias: dev
    backend: claude
    safety_mode: auto_approve
    env: {PORT: "8080"}
  - alias: rev
    backend: claude
    safety_mode: auto_approve
    model: haiku
    handoff: {on_response: dev}
repositories:
  - path: .
    copy: [.env]
"""


def listed(desk: Desk, text: str = TEXT) -> dict[str, Setting]:
    found = desk.load(text).settings
    assert len({one.key for one in found}) == len(found)
    return {one.key: one for one in found}


def test_what_the_file_says_has_its_line_and_what_it_does_not_is_a_default(desk: Desk) -> None:
    found = listed(desk)
    said, unsaid = found["orchestration.merge_timeout_secs"], found["orchestration.ping_timeout_secs"]
    assert (said.value, said.source, said.line) == ("90", "file", 6)
    assert (unsaid.value, unsaid.source, unsaid.line) == ("15", "default", 0)
    assert found["default_workdir"].value == str(desk.directory)
    assert found["orchestration.circuit_breaker.enabled"].value == "true"
    assert found["orchestration.merge_message"].value.startswith("the thread's summary")
    assert found["state_dir"].effect == "after a restart"


def test_an_agent_shows_what_it_has_and_what_it_inherits_and_no_value_of_a_variable(desk: Desk) -> None:
    found = listed(desk)
    assert (found["agents.dev.model"].value, found["agents.dev.model"].source) == ("opus", "agent_defaults")
    assert found["agents.dev.model"].line == 3
    assert (found["agents.rev.model"].value, found["agents.rev.model"].source) == ("haiku", "file")
    assert found["agents.dev.env"].value == "TOKEN, PORT"
    assert found["agents.rev.env"].value == "TOKEN"
    assert found["agents.rev.handoff"].value == "on_response: dev, max_chain_depth: 3"
    assert "hunter2" not in str(found)
    assert "agents.dev.max_retries" not in found, "what nobody has set is in the documentation"


def test_items_of_lists_show_what_somebody_has_set(desk: Desk) -> None:
    found = listed(desk)
    assert found[f"repositories.{desk.directory}.copy"].value == ".env"
    assert f"repositories.{desk.directory}.setup" not in found


def test_what_the_machine_overrides_and_what_follows_from_the_agents_is_said_as_it_holds(desk: Desk) -> None:
    desk.environ["COMPAS_STATE_DIR"] = "/elsewhere"
    found = listed(desk)
    assert (found["state_dir"].value, found["state_dir"].source) == ("/elsewhere", "environment")
    most = found["orchestration.max_concurrent_triggers"]
    assert (most.value, most.source) == ("2", "default")
