"""The tab with the supervisor and its config: what holds, where it comes from, and what waits."""

import pytest
import trio
import trio.testing

from compas.api.configuration import SettingRow, SettingsResponse
from compas.domain import events as e
from tests.kit.dashboard.played_screen import open_screen
from tests.kit.dashboard.played_supervisor import NOW, PlayedSupervisor, health


def setting(key: str, value: str, source: str = "file", **fields: object) -> SettingRow:
    known = {"effect": "at its next use", "doc": f"What {key} means."}
    return SettingRow(key=key, value=value, source=source, **{**known, **fields})


def configured() -> PlayedSupervisor:
    supervisor = PlayedSupervisor()
    supervisor.settings = SettingsResponse(
        config="/c.yaml",
        state_dir="/s",
        since=NOW,
        settings=(
            setting("default_workdir", "/src/app", line=1),
            setting("state_dir", "/new", line=2, waits=True),
            setting("orchestration.merge_timeout_secs", "90", line=6),
            setting("orchestration.ping_timeout_secs", "15", "default"),
            setting("agents.dev.model", "opus", "agent_defaults", line=3),
        ),
        warnings=("line 9, column 1: models: accepted, but has no effect",),
    )
    return supervisor


async def test_each_value_shows_where_it_comes_from_and_what_waits_for_a_restart() -> None:
    async with open_screen(configured(), (120, 40)) as screen:
        await screen.type("4")
        assert (await screen.line("/src/app")).endswith("line 1")
        assert (await screen.line("/new")).endswith("line 2 waits")
        assert (await screen.line("ping_timeout_secs")).endswith("default")
        assert (await screen.line("opus")).endswith("agent defaults")
        assert "  ! line 9, column 1: models: accepted, but has no effect" in await screen.text()
        await screen.type("/", *"merge_timeout", "enter")
        assert "What orchestration.merge_timeout_secs means. Used at its next use." in await screen.text()


@pytest.mark.parametrize(
    ("is_idle", "said"), [(True, "ends by itself once there is nothing to do"), (False, "goes on until `compas stop`")]
)
@pytest.mark.parametrize("size", [(40, 12), (80, 24), (120, 40)])
async def test_it_says_whose_life_the_supervisors_is_and_how_to_stop_it(
    is_idle: bool, said: str, size: tuple[int, int]
) -> None:
    supervisor = configured()
    supervisor.health = health(ends_when_idle=is_idle)
    async with open_screen(supervisor, size) as screen:
        await screen.type("4")
        await screen.type("j")
        text = " ".join((await screen.text()).split())
        assert said in text
        assert "`compas stop`" in text


async def test_a_changed_config_is_shown_by_itself(autojump_clock: trio.testing.MockClock) -> None:
    supervisor = configured()
    async with open_screen(supervisor, (120, 40)) as screen:
        await screen.type("4")
        assert "/src/app" in await screen.text()
        changed = (setting("default_workdir", "/elsewhere", line=1),)
        supervisor.settings = SettingsResponse(config="/c.yaml", state_dir="/s", since=NOW, settings=changed)
        supervisor.record(e.SUPERVISOR_STREAM, e.ConfigLoaded(digest="d"))
        await trio.sleep(3)
        assert "/elsewhere" in await screen.text()


async def test_a_long_list_keeps_its_headings_above_their_rows() -> None:
    supervisor = configured()
    rows = tuple(setting(f"agents.a{number}.model", f"m{number}") for number in range(60))
    supervisor.settings = SettingsResponse(config="/c.yaml", state_dir="/s", since=NOW, settings=rows)
    async with open_screen(supervisor) as screen:
        await screen.type("4")
        await screen.type("end")
        assert "m59" in await screen.selected()
        lines = await screen.lines()
        at = next(number for number, line in enumerate(lines) if "m59" in line)
        assert lines[at - 1].strip() == "agents.a59"
        for _ in range(70):
            await screen.type("up")
        assert "state" in await screen.selected()
