"""Where the config lists several repositories, they can be chosen, are shown, and narrow the list."""

from compas.api.dispatch import DispatchResponse
from tests.kit.dashboard.played_screen import PlayedScreen, open_screen
from tests.kit.dashboard.played_supervisor import PlayedSupervisor, agent, health, settled

LISTED = ("/src/app", "/src/lib")


def two_threads(*listed: str) -> PlayedSupervisor:
    supervisor = PlayedSupervisor()
    supervisor.health = health(agents=(agent("dev"),), repositories=listed)
    places = dict(zip(("one", "two"), listed, strict=False))
    supervisor.threads = [
        settled(name, summary=f"About {name}", review="not_reviewed", repository=places.get(name))
        for name in ("one", "two")
    ]
    answer = {"thread_id": "t9", "message_id": 5, "reference": "db:5", "next_step": ""}
    supervisor.answers["dispatch"] = DispatchResponse(**answer, repository="/src/lib", note="it is elsewhere")  # type: ignore[arg-type]
    return supervisor


async def words(screen: PlayedScreen) -> str:
    return " ".join(" ".join(await screen.lines()).split())


def sent(supervisor: PlayedSupervisor) -> list[object]:
    return [request["repository"] for name, request in supervisor.written if name == "dispatch"]


async def test_a_task_goes_where_it_belongs_by_itself_or_into_the_repository_that_is_chosen() -> None:
    supervisor = two_threads(*LISTED)
    async with open_screen(supervisor, (120, 40)) as screen:
        await screen.type("t", *"Make it")
        assert "repository the agent's own, else the one you are in, else the default" in await words(screen)
        await screen.type("enter")
        assert "t9 was given the task as db:5 in /src/lib. it is elsewhere" in await words(screen)
        await screen.type("t", *"Make it", "tab", "right", "right")
        assert "/src/lib" in await screen.text()
        await screen.type("enter")
        assert sent(supervisor) == [None, "/src/lib"]


async def test_of_one_repository_nothing_is_asked() -> None:
    supervisor = two_threads()
    async with open_screen(supervisor) as screen:
        await screen.type("t", *"Make it")
        assert "repository" not in await screen.text()
        await screen.type("enter")
        assert sent(supervisor) == [None]


async def test_threads_are_found_by_the_name_of_their_repository() -> None:
    async with open_screen(two_threads(*LISTED), (120, 40)) as screen:
        assert "About one" in await screen.text()
        await screen.type("/", *"lib")
        text = await screen.text()
        assert "About two" in text
        assert "About one" not in text
