"""Checks that the config file is there and loads, and says of each mistake what kind it is (c-config-dashboard 88)."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from compas.config.access import look_at_access
from compas.config.config import Config
from compas.config.findings import ConfigError, Finding
from compas.config.load import load
from compas.config.locate import absolute
from compas.config.positions.compose import compose
from compas.config.positions.nodes import SyntaxFailure
from compas.config.positions.text import read_text
from compas.setup.check import Check, failed, passed
from compas.setup.config_place import command

_UNKNOWN_KEY = ("there is no key", "is not a key here")


def check_config(path: Path, environ: Mapping[str, str]) -> tuple[list[Check], Config | None]:
    """Load the config file and return what is found, and the configuration when it can be used."""
    if _is_missing(path):
        return [failed("config", f"there is no {path}", command("init", path, environ))], None
    try:
        compose(read_text(str(path)))
    except SyntaxFailure as failure:
        place = f"line {failure.line}, column {failure.column}: " if failure.line else ""
        hint = (
            f"correct {path} there; indentation, quotes and colons are what YAML minds" if place else f"correct {path}"
        )
        return [failed("config", f"{path} cannot be read: {place}{failure.sentence}", hint)], None
    access = look_at_access(absolute(path))
    if access.refusal is not None:
        return [failed("config", access.refusal, access.remedy)], None
    try:
        loaded = load(path, environ=environ)
    except ConfigError as error:
        return [_refused(path, error), *_warnings(error.warnings)], None
    agents = ", ".join(loaded.config.agents)
    return [passed("config", f"{path} loads; agents: {agents}"), *_warnings(loaded.warnings)], loaded.config


def _is_missing(path: Path) -> bool:
    """Tell whether nothing is there; what may not be looked at is not missing."""
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False
    return False


def _refused(path: Path, error: ConfigError) -> Check:
    unknown = [finding for finding in error.findings if any(words in finding.sentence for words in _UNKNOWN_KEY)]
    hints = []
    if unknown:
        hints.append(f"correct or remove {_at(unknown)} in {path}; docs/config.md lists all keys")
    if others := [finding for finding in error.findings if finding not in unknown]:
        hints.append(f"correct {_at(others)} in {path}")
    count = len(error.findings)
    detail = f"{path} is YAML, but {'a setting in it makes' if count == 1 else f'{count} settings in it make'} no sense"
    if len(unknown) == count:
        detail = f"{path} is YAML, but has {'a key' if count == 1 else f'{count} keys'} that compas does not know"
    lines = tuple(str(finding) for finding in error.findings)
    return Check(name="config", status="fail", detail=detail, lines=lines, hints=tuple(hints))


def _at(findings: Iterable[Finding]) -> str:
    """Name the places of findings: `line 3`, `lines 3, 7`, or the key where a value is missing."""
    lines = sorted({finding.line for finding in findings if finding.line})
    if not lines:
        return ", ".join(sorted({finding.key or "the file" for finding in findings}))
    return f"line {lines[0]}" if len(lines) == 1 else f"lines {', '.join(map(str, lines))}"


def _warnings(findings: tuple[Finding, ...]) -> list[Check]:
    if not findings:
        return []
    count = len(findings)
    detail = "one thing in it is doubtful" if count == 1 else f"{count} things in it are doubtful"
    return [Check(name="config", status="warn", detail=detail, lines=tuple(str(finding) for finding in findings))]
