"""Reaches the supervisor of a config over a blocking connection, starting it where that is allowed (design §2)."""

from collections.abc import Mapping

from compas.client.blocking import BlockingConnection
from compas.client.blocking import connect as connect_socket
from compas.client.place import Place
from compas.client.reach import PATIENCE_SECONDS, Start, reach_or_start


def connect_or_start(
    place: Place,
    start: Start,
    *,
    client: str,
    meta: Mapping[str, str] | None = None,
    patience: float = PATIENCE_SECONDS,
) -> BlockingConnection:
    """Return a greeted connection to the supervisor of this config, by the rules of `reach_or_start`."""

    def dial(there: Place) -> BlockingConnection:
        return connect_socket(there.socket, client=client, meta={**place.meta(), **(meta or {})})

    return reach_or_start(place, dial, start, patience=patience)
