"""What agents are seen doing is written in batches, and no batch waits for the next event."""

import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from actors.ref import ActorRef
from actors.spec import ChildSpec
from actors.system import open_actor_system
from compas.backends.backend import Progress
from compas.orchestrator.telemetry.actor import LARGEST_BATCH, LONGEST_WAIT_SECS, Noted, TelemetryActor
from compas.store.telemetry import Telemetry, open_telemetry
from tests.kit.orchestrator.actor_workshop import wall_clock


async def note(actor: ActorRef, index: int) -> None:
    """Tell of one thing that the execution `x` did."""
    said = Progress(kind="message", summary=f"n{index}")
    await actor.tell(Noted(execution="x", agent="dev", index=index, progress=said, at=wall_clock()))


async def visible(telemetry: Telemetry) -> int:
    """Return how many events can be read."""
    return len((await telemetry.read("x", limit=1000)).events)


# proves: a-core 104
async def test_telemetry_is_written_in_batches_and_a_single_event_is_not_kept_waiting(
    autojump_clock: MockClock,
) -> None:
    with trio.fail_after(60):
        async with open_telemetry(None) as telemetry:
            spec = ChildSpec("telemetry", lambda: TelemetryActor(telemetry))
            async with open_actor_system("t", spec) as system:
                await note(system.root, 0)
                await wait_all_tasks_blocked()
                assert await visible(telemetry) == 0, "it waits for company"
                await trio.sleep(LONGEST_WAIT_SECS + 0.01)
                assert await visible(telemetry) == 1, "none came"
                for index in range(1, LARGEST_BATCH):
                    await note(system.root, index)
                await wait_all_tasks_blocked()
                assert await visible(telemetry) == 1
                await note(system.root, LARGEST_BATCH)
                await wait_all_tasks_blocked()
                assert await visible(telemetry) == 1 + LARGEST_BATCH, "a full batch is written at once"
