"""Names for actors, unique within one system."""

from collections.abc import Callable

import trio

from actors.errors import ActorStopped, NameTaken
from actors.exit_reason import ExitReason
from actors.ref import ActorRef


class Registry:
    """Maps names to live actors. A name is free again when its holder has ended for good."""

    def __init__(self, system: str) -> None:
        self._system = system
        self._refs: dict[str, ActorRef] = {}
        self._releases: dict[str, Callable[[], None]] = {}
        self._waiting: dict[str, trio.lowlevel.ParkingLot] = {}

    def register(self, name: str, ref: ActorRef) -> None:
        """Give `ref` a name, until it has ended for good. Again with the same ref: nothing happens.

        So an actor may register itself in every on_start().

        Raises:
            NameTaken: another actor holds the name.
            ActorStopped: `ref` has ended already.
        """
        if not ref.is_alive:
            raise ActorStopped(ref.name)
        holder = self._refs.get(name)
        if holder is ref:
            return
        if holder is not None:
            raise NameTaken(name, f"the registry of system {self._system!r} (held by {holder.name})")
        self._refs[name] = ref

        def release(_ended: ActorRef, _reason: ExitReason) -> None:
            self.unregister(name)

        self._releases[name] = ref.on_stopped(release)
        lot = self._waiting.get(name)
        if lot is not None:
            lot.unpark_all()

    def unregister(self, name: str) -> None:
        """Free a name; nothing happens if nobody holds it."""
        if self._refs.pop(name, None) is not None:
            self._releases.pop(name)()

    def find(self, name: str) -> ActorRef | None:
        """Return the holder of a name, or None."""
        return self._refs.get(name)

    async def wait_registered(self, name: str) -> ActorRef:
        """Wait until somebody holds the name and return its ref."""
        await trio.lowlevel.checkpoint()
        while (ref := self._refs.get(name)) is None:
            lot = self._waiting.setdefault(name, trio.lowlevel.ParkingLot())
            try:
                await lot.park()
            finally:
                if not lot and self._waiting.get(name) is lot:
                    del self._waiting[name]
        return ref

    def names(self) -> tuple[str, ...]:
        """Return the names in use, sorted."""
        return tuple(sorted(self._refs))

    def __repr__(self) -> str:
        return f"<Registry {self._system} {len(self._refs)} names>"
