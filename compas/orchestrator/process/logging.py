"""Where the supervisor's own log goes: a private file in the state directory, and the terminal when there is one."""

import logging
import os
import sys
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import IO

_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
_LARGEST_BYTES = 10 * 1024 * 1024
_KEPT = 3


class _PrivateFile(RotatingFileHandler):
    """A rotating log file that only its owner may read."""

    def _open(self) -> IO[str]:  # type: ignore[override]
        descriptor = os.open(self.baseFilename, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        return open(descriptor, self.mode, encoding="utf-8")


def start_logging(path: Path, *, to_terminal: bool) -> None:
    """Send the logs of compas and its actors to `path`, and to standard error as well when asked."""
    handlers: list[logging.Handler] = [_PrivateFile(path, maxBytes=_LARGEST_BYTES, backupCount=_KEPT, mode="a")]
    if to_terminal:
        handlers.append(logging.StreamHandler(sys.stderr))
    for handler in handlers:
        handler.setFormatter(logging.Formatter(_FORMAT))
    for name in ("compas", "actors"):
        logger = logging.getLogger(name)
        logger.setLevel(logging.INFO)
        logger.handlers = handlers
        logger.propagate = False
