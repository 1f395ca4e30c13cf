"""`schedules` in the config file: what is accepted, what is refused, and what is warned of."""

import pytest
from msgspec import structs

from compas.domain.specs import ScheduleSpec
from tests.kit.config.config_desk import Desk


def with_schedules(desk: Desk, *entries: str, before: str = "") -> str:
    """Return a config file with these schedules, in YAML's short form."""
    lines = "".join(f"  - {{{entry}}}\n" for entry in entries)
    return desk.with_agent(f"{before}schedules:\n{lines}")


def one(desk: Desk, **keys: object) -> str:
    """Return a config file with one schedule, these keys over those that it needs."""
    given: dict[str, object] = {"name": "nightly", "agent": "dev", "cron": "'0 2 * * *'", "body": "tidy up", **keys}
    return with_schedules(desk, ", ".join(f"{key}: {value}" for key, value in given.items()))


def test_a_schedule_has_defaults_for_all_but_its_name_agent_times_and_text(desk: Desk) -> None:
    spec = desk.config(one(desk)).schedules["nightly"]
    assert spec == ScheduleSpec(name="nightly", agent="dev", cron="0 2 * * *", body="tidy up")
    assert structs.asdict(spec) | {"max_runs": 100, "overlap": "skip", "catch_up": "one"} == structs.asdict(spec)


def test_every_key_of_a_schedule_arrives(desk: Desk) -> None:
    (desk.directory / "src").mkdir()
    text = one(
        desk,
        cron="'30 9 * * MON-FRI'",
        timezone="Europe/Berlin",
        batch="tidy",
        repository="src",
        max_runs=3,
        enabled="false",
        overlap="queue",
        catch_up="none",
        jitter_secs=60,
    )
    assert desk.config(text).schedules["nightly"] == ScheduleSpec(
        name="nightly",
        agent="dev",
        cron="30 9 * * MON-FRI",
        timezone="Europe/Berlin",
        body="tidy up",
        batch="tidy",
        repository=str(desk.directory / "src"),
        max_runs=3,
        enabled=False,
        overlap="queue",
        catch_up="none",
        jitter_secs=60,
    )
    assert desk.warnings(text) == []


# proves: c-config-dashboard 54
@pytest.mark.parametrize(
    "cron",
    [
        "* * * * *",
        "*/5 * * * *",
        "0 9 * * MON-FRI",
        "0 0 1,15 JAN *",
        "0 0 L * ?",
        "0 0 ? * MON",
        "0 0 LW * *",
        "0 0 * * 1#2",
        "0 0 * * 5L",
        "0 0 * * 5-7",
        "0 0 * * fri-sun",
        "30 0 9 * * *",
        "@daily",
        "@HOURLY",
        "10-40/10 * * * *",
        "0 0 29 2 *",
    ],
)
def test_the_documented_forms_of_cron_expressions_are_accepted(desk: Desk, cron: str) -> None:
    assert desk.warnings(one(desk, cron=f"'{cron}'")) == []


# proves: c-config-dashboard 54
@pytest.mark.parametrize(
    ("cron", "said"),
    [
        ("", "has 0 fields, not 5"),
        ("not-a-cron", "has 1 fields, not 5"),
        ("* * * *", "has 4 fields, not 5"),
        ("0 0 9 * * * 2030", "a year cannot be given"),
        ("61 * * * *", "'61' cannot be the minute: use 0 to 59"),
        ("* 24 * * *", "'24' cannot be the hour: use 0 to 23"),
        ("* * 0 * *", "'0' cannot be the day of month"),
        ("* * 32 * *", "'32' cannot be the day of month"),
        ("* * * 13 *", "'13' cannot be the month: use 1 to 12, or JAN to DEC"),
        ("* * * * 8", "'8' cannot be the day of week"),
        ("60 * * * * *", "'60' cannot be the second"),
        ("0 0 15W * *", "'15W' cannot be the day of month"),
        ("0 0 * * +sun", "'+SUN' cannot be the day of week"),
        ("*/0 * * * *", "cannot be the minute"),
        ("5-1 * * * *", "cannot be the minute"),
        ("@never", "is none of @yearly"),
        ("* * * * 1#6", "cannot be the day of week"),
        ("1, * * * *", "cannot be the minute"),
        ("? * * * *", "cannot be the minute"),
        ("² * * * *", "cannot be the minute"),
        ("9" * 5000 + " * * * *", "more than 1000"),
    ],
)
def test_what_is_no_cron_expression_is_refused_with_what_would_be_one(desk: Desk, cron: str, said: str) -> None:
    assert said in desk.error(one(desk, cron=f"'{cron}'"))


# proves: c-config-dashboard 54
@pytest.mark.parametrize(
    ("cron", "never"),
    [
        ("0 0 30 2 *", True),
        ("0 0 0 30 2 *", True),
        ("0 0 31 4,6 *", True),
        ("0 0 */20 2 1L", True),
        ("0 0 29 2 *", False),
        ("0 0 29 2 MON#5", False),
        ("0 0 30 2 MON", False),
    ],
)
def test_a_date_that_no_year_has_is_warned_of(desk: Desk, cron: str, never: bool) -> None:
    assert any("never fires" in said for said in desk.warnings(one(desk, cron=f"'{cron}'"))) is never


# proves: c-config-dashboard 61
def test_a_schedule_that_can_start_nothing_is_warned_of(desk: Desk) -> None:
    agents = "default_workdir: .\nagents:\n  - {alias: dev, backend: claude, safety_mode: auto_approve}\n"
    agents += "  - {alias: me, backend: claude, role: operator}\n"
    schedule = "schedules: [{name: n, agent: %s, cron: '@daily', body: b}]\n"
    assert any("never started" in said for said in desk.warnings(agents + schedule % "me"))
    other = "orchestration: {trigger_intents: [handoff]}\n"
    assert any("start nothing" in said for said in desk.warnings(agents + other + schedule % "dev"))
    assert desk.warnings(agents + schedule % "dev") == []


def test_names_agents_and_numbers_are_checked(desk: Desk) -> None:
    text = with_schedules(
        desk,
        "name: n, agent: dev, cron: '* * * * *', body: b",
        "name: n, agent: dve, cron: '61 * * * *', body: '', max_runs: 0, jitter_secs: -1, overlap: maybe",
    )
    assert [said.split(": ")[1] for said in desk.errors(text)] == [
        "schedules[1].name",
        "schedules[1].agent",
        "schedules[1].cron",
        "schedules[1].body",
        "schedules[1].max_runs",
        "schedules[1].jitter_secs",
        "schedules[1].overlap",
    ]


def test_a_time_zone_is_one_of_the_systems(desk: Desk) -> None:
    assert "no time zone 'Mars/Olympus'" in desk.error(one(desk, timezone="Mars/Olympus"))
    assert "no time zone '../../etc/passwd'" in desk.error(one(desk, timezone="../../etc/passwd"))


def test_a_jitter_that_reaches_the_next_run_and_a_missing_repository_are_warned_of(desk: Desk) -> None:
    (said,) = desk.warnings(one(desk, cron="'*/5 * * * *'", jitter_secs=300))
    assert "runs fall together" in said
    (said,) = desk.warnings(one(desk, repository="nowhere"))
    assert "is not a directory now" in said


def test_a_name_is_one_line(desk: Desk) -> None:
    assert "on one line" in desk.error(one(desk, name='"two\\nlines"'))
