"""Where the demonstration takes place: a private folder with a repository, a config, scripts and state of its own."""

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

from compas.cli.demo.scripts import CONFIG, PROJECT, PROJECT_MESSAGE, PROJECT_NAME, scripts
from compas.cli.operations import without_defaults
from compas.client.blocking import BlockingConnection
from compas.client.caller import Caller
from compas.client.connect import connect_or_start
from compas.client.errors import NotRunningError, UnreachableError
from compas.client.locks import is_free
from compas.client.place import Place, place_of
from compas.client.reach import caller_meta, start_rule
from compas.client.waiting_locks import wait_until_free_for

CLIENT = "compas demo"
STOP_SECONDS = 20.0
_LONGEST_PLACE = 40
"""A longer temporary directory leaves a socket in it too little of the 100 bytes that its path may have."""


class Stage(msgspec.Struct, frozen=True, kw_only=True):
    """The folder and what is where in it; `environ` is what commands and the supervisor find in their environment."""

    folder: Path
    repository: Path
    config: Path
    log: Path
    environ: dict[str, str]

    @property
    def place(self) -> Place:
        """Return where its supervisor is found."""
        return place_of(self.config, self.environ)


def make_folder(environ: Mapping[str, str]) -> Stage:
    """Make the folder, empty but for the directories that the environment names."""
    parent = tempfile.gettempdir()
    if len(os.fsencode(os.path.realpath(parent))) > _LONGEST_PLACE:
        parent = "/tmp"
    folder = Path(os.path.realpath(tempfile.mkdtemp(prefix="compas-demo-", dir=parent)))
    # HOME stays what it is: Python may find its packages there. The repository's settings keep git from it.
    inherited = {name: value for name, value in environ.items() if name != "COMPAS_STATE_DIR"}
    own = {"COMPAS_RUNTIME_DIR": str(folder / "run"), "COMPAS_CONFIG": str(folder / "config.yaml")}
    (folder / "run").mkdir(mode=0o700)
    return Stage(
        folder=folder,
        repository=folder / PROJECT_NAME,
        config=folder / "config.yaml",
        log=folder / "state" / "supervisor.log",
        environ=inherited | own,
    )


def furnish(stage: Stage) -> str:
    """Make the repository, the config and the scripts; return the first commit. Raises CompasError and OSError."""
    from compas.git import demo_repository  # loads subprocess

    stage.config.write_text(CONFIG, encoding="utf-8")
    for name, script in scripts(sys.executable).items():
        (stage.folder / name).write_bytes(msgspec.json.format(msgspec.json.encode(script), indent=2) + b"\n")
    return demo_repository.create(stage.repository, PROJECT, PROJECT_MESSAGE)


def open_caller(
    stage: Stage, undisturbed: Callable[[Callable[[], None]], None], notice: Callable[[str], None]
) -> Caller:
    """Return a caller of the stage's supervisor, which is started when it is first needed.

    Connecting and starting happen inside `undisturbed`; what it raises behind them leaves no connection open.
    """
    start = start_rule(stage.place, stage.environ)
    meta = caller_meta(stage.environ)

    def connect() -> BlockingConnection:
        made: list[BlockingConnection] = []
        try:
            undisturbed(lambda: made.append(connect_or_start(stage.place, start, client=CLIENT, meta=meta)))
        except BaseException:
            for connection in made:
                connection.close()
            raise
        return made[0]

    return Caller(connect, notice=notice, sparing=without_defaults)


def stop_supervisor(stage: Stage) -> None:
    """End the supervisor and its agents, if there is one, and return once it is gone. Raises UnreachableError."""
    place = stage.place
    if is_free(place.lock):
        return
    refuse = start_rule(place, stage.environ, is_allowed=False)
    from actors.remote.errors import SessionLost

    try:
        with Caller(lambda: connect_or_start(place, refuse, client=CLIENT)) as caller:
            caller.call_once("stop", {"mode": "now"})
    except (NotRunningError, SessionLost):
        pass  # it was ending already; its lock says when it is gone
    if not wait_until_free_for(place.lock, STOP_SECONDS):
        raise UnreachableError(
            f"the demonstration's supervisor did not end within {STOP_SECONDS:g} s; it holds {place.lock}"
        )


def remove(stage: Stage) -> None:
    """Remove the folder with everything in it. Raises OSError."""
    shutil.rmtree(stage.folder)


def log_tail(stage: Stage, lines: int = 15) -> str:
    """Return the end of the supervisor's log, or of what it said before that was open; empty when it said nothing."""
    for log in (stage.log, stage.place.log):
        if log.is_file() and (text := log.read_text(errors="replace").strip()):
            return "\n".join(text.splitlines()[-lines:])
    return ""
