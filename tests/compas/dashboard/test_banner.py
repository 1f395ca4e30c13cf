"""The line below the first says what is wrong all the time: an older supervisor, and that more happens than is read."""

import pytest
import trio
import trio.testing

from compas.dashboard.feed import LAG_EVENTS
from compas.domain import events as e
from tests.kit.dashboard.played_screen import open_screen
from tests.kit.dashboard.played_supervisor import NOW, PlayedSupervisor, executing, health


@pytest.mark.parametrize(("version", "is_said"), [("1", False), ("2", True), ("", False)])
async def test_a_supervisor_of_another_version_is_said_with_what_to_do(version: str, is_said: bool) -> None:
    async with open_screen(PlayedSupervisor(), (120, 24), version=version) as screen:
        said = "the supervisor is of version 1, this dashboard of 2; `compas restart` brings it along"
        assert (said in await screen.text()) == is_said


async def test_a_supervisor_that_knows_no_details_is_shown_as_well(autojump_clock: trio.testing.MockClock) -> None:
    supervisor = PlayedSupervisor()
    supervisor.threads = [executing("t1", summary="Do it")]
    supervisor.is_older = True
    async with open_screen(supervisor) as screen:
        assert "Do it" in await screen.selected()
        supervisor.happen("t1", e.ExecutionEnded(execution="x-t1", status="completed"))
        await trio.sleep(3)
        assert "answered" in await screen.selected()
        assert "not connected" not in await screen.text()


async def test_being_behind_is_said_until_that_is_over() -> None:
    supervisor = PlayedSupervisor()
    supervisor.threads = [executing("t1")]
    async with open_screen(supervisor) as screen:
        for number in range(LAG_EVENTS):
            supervisor.happen("t1", e.VerdictGiven(execution=f"x{number}", verdict="approve"), NOW - 9)
        assert "9 s behind: more happens than can be read" in await screen.text()
        supervisor.happen("t1", e.VerdictGiven(execution="x", verdict="approve"), NOW)
        assert "behind" not in await screen.text()


async def test_a_stopping_supervisor_is_said_before_anything_else() -> None:
    supervisor = PlayedSupervisor()
    supervisor.health = health(state="stopping", config_notices=("the config file cannot be used",))
    async with open_screen(supervisor) as screen:
        assert "the supervisor is stopping; it starts no more work" in (await screen.lines())[1]


@pytest.mark.parametrize("size", [(40, 24), (80, 24)])
async def test_what_is_wrong_is_wrapped_between_words_and_leaves_room_for_the_rest(size: tuple[int, int]) -> None:
    supervisor = PlayedSupervisor()
    supervisor.threads = [executing("t1", summary="Do it")]
    supervisor.health = health(config_notices=("the config file cannot be used as it is now " * 9,))
    async with open_screen(supervisor, size) as screen:
        lines = await screen.lines()
        assert lines[1].startswith(" !  the config file")
        assert lines[3].endswith("…")
        words = " ".join(line.strip(" !…") for line in lines[1:4]).split()
        assert set(words) <= {"the", "config", "file", "cannot", "be", "used", "as", "it", "is", "now"}
        assert "Do it" in await screen.text()
