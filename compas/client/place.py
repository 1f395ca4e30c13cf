"""Where the files stand through which clients and the supervisor of one config file find each other."""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from compas.paths import gateway_socket_path, runtime_directory, socket_lock_path, socket_path, tool_list_path


class Place(NamedTuple):
    """The files of one config: the supervisor's socket and lock, and what clients need to start it.

    `gateway` is the socket where editors' relays reach the MCP gateway, `tools` the list of tools that the supervisor
    leaves for them. `starting` is a lock among clients: its holder is the one that starts the supervisor. `log` is
    where a supervisor that a client starts writes before its own log is open.
    """

    config: Path
    socket: Path
    gateway: Path
    tools: Path
    lock: Path
    starting: Path
    log: Path


def place_of(config: Path, environ: Mapping[str, str]) -> Place:
    """Return the files of this config file, which need not exist. Raises RuntimeDirectoryError."""
    directory = runtime_directory(dict(environ))
    lock = socket_lock_path(config, directory)
    return Place(
        config=config,
        socket=socket_path(config, directory),
        gateway=gateway_socket_path(config, directory),
        tools=tool_list_path(config, directory),
        lock=lock,
        starting=lock.with_suffix(".starting"),
        log=lock.with_suffix(".log"),
    )
