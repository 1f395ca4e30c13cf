"""Writes and loads config files for the tests of the config."""

import textwrap
from pathlib import Path

import pytest

from compas.config.config import Config, Loaded
from compas.config.findings import ConfigError
from compas.config.load import load

AGENT = """\
default_workdir: .
agents:
  - alias: dev
    backend: claude
    safety_mode: auto_approve
"""


class Desk:
    """A directory with a config file in it; every load sees only the environment given here."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.path = directory / "config.yaml"
        self.environ = {"HOME": str(directory / "home")}

    def write(self, text: str) -> Path:
        """Write the config file, its text indented as it may be."""
        self.path.write_text(textwrap.dedent(text), encoding="utf-8")
        return self.path

    def load(self, text: str, *, previous: Config | None = None) -> Loaded:
        """Load a text."""
        return load(self.write(text), environ=self.environ, previous=previous)

    def config(self, text: str) -> Config:
        """Load a text and look at nothing but what it means."""
        return self.load(text).config

    def warnings(self, text: str) -> list[str]:
        """Return the warnings of a text that loads, written out."""
        return [str(finding) for finding in self.load(text).warnings]

    def errors(self, text: str) -> list[str]:
        """Return the errors of a text that does not load, written out."""
        with pytest.raises(ConfigError) as caught:
            self.load(text)
        return [str(finding) for finding in caught.value.findings]

    def error(self, text: str) -> str:
        """Return the only error of a text that does not load."""
        found = self.errors(text)
        assert len(found) == 1, found
        return found[0]

    def with_agent(self, more: str) -> str:
        """Add keys to a file that is complete with one agent."""
        return AGENT + textwrap.dedent(more)

    def agent(self, more: str, *, backend: str = "claude") -> str:
        """Return a file with one agent and more keys of it."""
        keys = textwrap.indent(textwrap.dedent(more), "    ")
        return AGENT.replace("claude", backend) + keys
