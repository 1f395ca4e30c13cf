"""The config's hooks and notifications: what they mean, and which mistakes are found when the file is loaded."""

import pytest

from compas.config.checks.hooks import name_of
from compas.config.schema.declared import keys
from compas.config.schema.hooks import Hook, Hooks
from compas.domain.outbox.points import FIELDS, POINTS, TAGS, tags_at
from compas.domain.outbox.specs import DEFAULT_NOTICES, HookSpec, NotificationSpec, QuietSpec
from tests.kit.config.config_desk import Desk


def test_every_point_has_its_key_and_its_fields() -> None:
    assert tuple(keys(Hooks)) == POINTS == tuple(FIELDS)
    assert {tag for point in POINTS for tag in tags_at(point)} == TAGS


def test_a_hook_as_the_original_has_it_loads_unchanged(desk: Desk) -> None:
    text = """
        hooks:
          on_execution_completed:
            - command: ./notify.sh
              args: [--loud]
              timeout_secs: 5
              env: {CHANNEL: builds}
              filter: {success: "false", agent_alias: dev}
            - command: logger
          on_thread_closed:
            - {command: logger}
    """
    loaded = desk.load(desk.with_agent(text))
    assert loaded.warnings == ()
    first, second, third = loaded.config.hooks
    assert first == HookSpec(
        name="execution_completed",
        point="on_execution_completed",
        command=str(desk.directory / "notify.sh"),
        args=("--loud",),
        timeout_secs=5,
        env={"CHANNEL": "builds"},
        filter={"success": "false", "agent_alias": "dev"},
    )
    assert (second.name, second.command, second.timeout_secs) == ("execution_completed-2", "logger", 10)
    assert third.name == "thread_closed"


def test_a_point_that_is_misspelt_is_named(desk: Desk) -> None:
    (said,) = desk.warnings(desk.with_agent("hooks: {on_execution_complete: [{command: x}]}\n"))
    assert "on_execution_completed" in said


def test_two_hooks_of_one_name_are_refused(desk: Desk) -> None:
    text = "hooks: {on_verdict: [{command: a, name: thread_closed}], on_thread_closed: [{command: b}]}\n"
    assert "another hook is called 'thread_closed' too" in desk.error(desk.with_agent(text))
    assert name_of("on_verdict", 1, Hook(command="x")) == "verdict-2"


# proves: c-config-dashboard 68
@pytest.mark.parametrize(("value", "shown"), [("true", "true"), ("1", "1"), ("null", '""')])
def test_a_filter_that_is_no_text_is_refused_and_says_how_to_quote_it(desk: Desk, value: str, shown: str) -> None:
    text = f"hooks: {{on_execution_completed: [{{command: x, filter: {{success: {value}}}}}]}}\n"
    assert "a string" in (said := desk.error(desk.with_agent(text)))
    assert shown in said


def test_a_filter_on_a_field_that_is_never_there_is_warned_of(desk: Desk) -> None:
    text = "hooks: {on_thread_closed: [{command: x, filter: {succes: yes, batches: b}}]}\n".replace("yes", "'yes'")
    first, second = desk.warnings(desk.with_agent(text))
    assert "no field 'succes', so this hook never runs" in first
    assert "did you mean 'batch'" in second


@pytest.mark.parametrize("seconds", [0, 3601])
def test_a_time_limit_is_within_bounds(desk: Desk, seconds: int) -> None:
    text = f"hooks: {{on_verdict: [{{command: x, timeout_secs: {seconds}}}]}}\n"
    assert "from 1 to 3600" in desk.error(desk.with_agent(text))


def test_notifications_are_off_by_default_and_on_as_the_original_has_them(desk: Desk) -> None:
    assert desk.config(desk.with_agent("")).notifications.kinds == ()
    assert desk.config(desk.with_agent("notifications: {desktop: true}\n")).notifications.kinds == DEFAULT_NOTICES
    off = "notifications: {desktop: true, events: []}\n"
    assert desk.config(desk.with_agent(off)).notifications.kinds == ()


def test_notifications_are_read_whole(desk: Desk) -> None:
    text = """
        notifications:
          events: [needs_you, done]
          via: command
          command: ./say
          args: [-v]
          agents: [dev]
          batches: [night]
          quiet_hours: {from: "22:00", to: "07:30", timezone: UTC}
    """
    assert desk.config(desk.with_agent(text)).notifications == NotificationSpec(
        kinds=("needs_you", "done"),
        via="command",
        command=str(desk.directory / "say"),
        args=("-v",),
        quiet=QuietSpec(begins=1320, ends=450, timezone="UTC"),
        agents=("dev",),
        batches=("night",),
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{via: command}", "needs the command"),
        ("{desktop: maybe}", "true or false"),
        ("{events: [need_you]}", "did you mean 'needs_you'"),
        ('{quiet_hours: {from: "24:00", to: "07:00"}}', "a time of day"),
        ('{quiet_hours: {from: "7:00", to: "07:00"}}', "a time of day"),
        ('{quiet_hours: {from: "07:00"}}', "to is missing"),
        ('{quiet_hours: {from: "07:00", to: "07:00"}}', "begin and end at the same time"),
        ('{quiet_hours: {from: "07:00", to: "08:00", timezone: Europe/Berln}}', "no time zone 'Europe/Berln'"),
    ],
)
def test_notifications_that_make_no_sense_are_refused(desk: Desk, text: str, said: str) -> None:
    assert said in desk.error(desk.with_agent(f"notifications: {text}\n"))


def test_notifications_about_nobody_and_commands_that_are_not_run_are_warned_of(desk: Desk) -> None:
    text = "notifications: {agents: [dve], command: say}\n"
    said = "\n".join(desk.warnings(desk.with_agent(text)))
    assert "no agent is called 'dve'; did you mean 'dev'" in said
    assert "only with via: command" in said


def test_a_time_of_day_needs_no_quotes(desk: Desk) -> None:
    text = "notifications: {quiet_hours: {from: 22:00, to: 07:00}}\n"
    said = desk.load(desk.with_agent(text)).config.notifications.quiet
    assert said == QuietSpec(begins=1320, ends=420)
