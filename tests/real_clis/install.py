"""Installs the agent CLIs and MCP clients that the tests drive, in pinned versions, and prints where they are.

    python -m tests.real_clis.install [NAME …]

They go into the directory COMPAS_CLI_CACHE, or ~/.cache/compas-test-clis. What is there already is kept.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple


class Cli(NamedTuple):
    """An npm package in the version that the tests are written for, and the command it brings.

    `beside` are packages that it needs and does not ask for itself.
    """

    package: str
    version: str
    command: str
    beside: tuple[str, ...] = ()


CLIS: dict[str, Cli] = {
    "claude": Cli("@anthropic-ai/claude-code", "2.1.330", "claude"),
    "codex": Cli("@openai/codex", "0.169.0", "codex"),
    "gemini": Cli("@google/gemini-cli", "0.61.0", "gemini"),
    "opencode": Cli("opencode-ai", "1.18.33", "opencode"),
    # It needs Node 22.19; the package `node` is that program, whatever Node the machine has.
    "inspector": Cli("@modelcontextprotocol/inspector", "2.12.0", "mcp-inspector", ("node@22.23.3",)),
}


def cache() -> Path:
    """Return the directory they are installed below."""
    given = os.environ.get("COMPAS_CLI_CACHE")
    return Path(given) if given else Path.home() / ".cache" / "compas-test-clis"


def command_of(name: str) -> Path:
    """Return where the command of a CLI is once it is installed."""
    cli = CLIS[name]
    return cache() / f"{name}-{cli.version}" / "node_modules" / ".bin" / cli.command


def install(name: str, npm: str) -> Path:
    """Install a CLI unless it is there; what is half installed is never seen under the final name."""
    command = command_of(name)
    if command.exists():
        return command
    cli, place = CLIS[name], command.parents[2]
    place.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=place.parent, prefix=f"{name}-") as begun:
        packages = [f"{cli.package}@{cli.version}", *cli.beside]
        arguments = ["install", "--prefix", begun, "--no-audit", "--no-fund", *packages]
        with subprocess.Popen([npm, *arguments], stdout=sys.stderr) as process:
            if process.wait() != 0:
                raise SystemExit(
                    f"npm could not install {cli.package}@{cli.version} (exit status {process.returncode})"
                )
        if place.exists():
            shutil.rmtree(place)
        place.mkdir()
        Path(begun, "node_modules").rename(place / "node_modules")
    if not command.exists():
        raise SystemExit(f"{cli.package}@{cli.version} is installed, but has brought no {command}")
    return command


def main(arguments: list[str]) -> int:
    """Install what is named, or all; print one path a line."""
    parser = argparse.ArgumentParser(description="Install the agent CLIs that the tests drive.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(CLIS)}; all without one")
    names = parser.parse_args(arguments).names or list(CLIS)
    if unknown := [name for name in names if name not in CLIS]:
        parser.error(f"there is no {unknown[0]}; there are: {', '.join(CLIS)}")
    npm = shutil.which("npm")
    if npm is None and not all(command_of(name).exists() for name in names):
        raise SystemExit("npm is not on PATH; install Node.js, or skip the tests that drive agent CLIs")
    for name in names:
        sys.stdout.write(f"{install(name, npm or 'npm')}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
