"""Starts the stand-in as a client would, tells it what to do, and knows what it was asked."""

import json
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from compas.client.place import Place
from compas.client.start import start_supervisor
from tests.kit.ceiling import CEILING

STAND_IN = Path(__file__).with_name("supervisor_stand_in.py")


class Scripted:
    """Starts stand-ins for one place and knows what they were asked."""

    def __init__(self, place: Place, environ: dict[str, str], script: Path) -> None:
        self.place = place
        self.environ = environ
        self._script = script

    def says(self, **script: object) -> None:
        """Write the script: `answers`, `die_at`, `refuse` or `crash`."""
        self._script.write_text(json.dumps({"answers": {}, **script}))

    def start(self) -> None:
        """Start one as a client would."""
        command = [sys.executable, str(STAND_IN), "--place", str(self.place.config), "--script", str(self._script)]
        start_supervisor(self.place, self.environ, command, seconds=CEILING)

    @property
    def log(self) -> Path:
        """Return where it notes what it sees, one JSON object a line; the file is there once one has begun."""
        return self._script.with_suffix(".seen")

    @property
    def seen(self) -> list[dict[str, Any]]:
        """Return the requests that came, over all lives."""
        return [json.loads(line) for line in self.log.read_text().splitlines()] if self.log.exists() else []

    def kill(self) -> None:
        """Kill every life that began, by its own number."""
        for pid in {record["pid"] for record in self.seen if "pid" in record}:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
