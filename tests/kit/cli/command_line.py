"""Runs `compas` as a process, as a shell or a script does."""

import subprocess
import sys
from pathlib import Path

from tests.kit.ceiling import CEILING


class CommandLine:
    """`compas` with a config and an environment of its own."""

    def __init__(self, config: Path, environ: dict[str, str]) -> None:
        self.environ = environ | {"COMPAS_CONFIG": str(config)}
        self.config = config

    def __call__(self, *args: str, given: bytes = b"") -> "subprocess.CompletedProcess[str]":
        """Run it to its end and return what it wrote and its exit code."""
        process = self.start(*args, stdin=subprocess.PIPE)
        out, err = process.communicate(given, timeout=CEILING)
        return subprocess.CompletedProcess(args, process.returncode, out.decode(), err.decode())

    def start(
        self, *args: str, stdin: int = subprocess.DEVNULL, stdout: int = subprocess.PIPE, stderr: int = subprocess.PIPE
    ) -> "subprocess.Popen[bytes]":
        """Start it and return the process."""
        command = [sys.executable, "-m", "compas", *args]
        return subprocess.Popen(command, env=self.environ, stdin=stdin, stdout=stdout, stderr=stderr)
