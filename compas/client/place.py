"""Where the files stand through which clients and the supervisor of one config file find each other."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from compas.paths import (
    STATE_VARIABLE,
    gateway_socket_path,
    runtime_directory,
    socket_lock_path,
    socket_path,
    tool_list_path,
)


class Place(NamedTuple):
    """The files of one config: the supervisor's socket and lock, and what clients need to start it.

    `gateway` is the socket where editors' relays reach the MCP gateway, `tools` the list of tools that the supervisor
    leaves for them. `starting` is a lock among clients: its holder is the one that starts the supervisor. `log` is
    where a supervisor that a client starts writes before its own log is open. `named_state` is the state directory that
    the environment names, `home` the home directory, empty where there is none.
    """

    config: Path
    socket: Path
    gateway: Path
    tools: Path
    lock: Path
    starting: Path
    log: Path
    named_state: Path | None = None
    home: str = ""

    def meta(self) -> dict[str, str]:
        """Return what the greeting says of the places that its caller has named."""
        state = {} if self.named_state is None else {STATE: str(self.named_state)}
        found = {CONFIG: str(self.config), **state}
        try:
            "".join(found.values()).encode()
        except UnicodeEncodeError:
            return {}
        return found


CONFIG, STATE = "config", "state_dir"
"""What the greeting calls the config file and the state directory that its caller has named."""


def place_of(config: Path, environ: Mapping[str, str]) -> Place:
    """Return the files of this config file, which need not exist. Raises RuntimeDirectoryError."""
    home = environ.get("HOME", "")
    named = environ.get(STATE_VARIABLE, "")
    named = f"{home}{named[1:]}" if named.startswith("~/") and home else named
    return place_in(
        runtime_directory(dict(environ)),
        config,
        named_state=Path(os.path.abspath(named)) if named and not named.startswith("~") else None,
        home=home,
    )


def place_in(directory: Path, config: Path, *, named_state: Path | None = None, home: str = "") -> Place:
    """Return the files of this config file in a runtime directory, neither of which need exist."""
    lock = socket_lock_path(config, directory)
    return Place(
        config=config,
        socket=socket_path(config, directory),
        gateway=gateway_socket_path(config, directory),
        tools=tool_list_path(config, directory),
        lock=lock,
        starting=lock.with_suffix(".starting"),
        log=lock.with_suffix(".log"),
        named_state=named_state,
        home=home,
    )
