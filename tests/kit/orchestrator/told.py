"""What hooks and people were told, in a whole supervisor."""

from typing import Any

from actors.errors import ActorStopped
from compas.domain import events as e
from compas.domain.outbox.specs import HookSpec
from compas.orchestrator.messages.outbox import FinishTelling
from compas.orchestrator.services import OUTBOX
from tests.kit.orchestrator.actor_workshop import Supervisor, Workshop

Fields = dict[str, Any]


def hook(point: str, command: str = "hook", **settings: object) -> HookSpec:
    """Configure a hook, which is called after its point."""
    fields: dict[str, object] = {"name": point.removeprefix("on_"), **settings}
    return HookSpec(point=point, command=command, **fields)  # type: ignore[arg-type]


async def all_told(supervisor: Supervisor) -> None:
    """Wait until everybody has been told of everything."""
    while True:
        outbox = await supervisor.system.registry.wait_registered(OUTBOX)
        try:
            return await outbox.ask(FinishTelling(), timeout=3600)
        except ActorStopped:
            await outbox.wait_stopped()


def told(shop: Workshop, command: str = "hook") -> list[Fields]:
    """Return what a hook's program was told, run by run."""
    return [dict(fields) for fields in shop.programs.told(command)]


async def hook_ends(shop: Workshop) -> list[e.HookEnded]:
    """Return the outcomes of hooks in the log."""
    return [event for event in await shop.events() if isinstance(event, e.HookEnded)]
