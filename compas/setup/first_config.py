"""Decides what a first config says, checks that it loads, and puts it in place."""

import os
import tempfile
from collections.abc import Collection, Mapping
from pathlib import Path

import msgspec

from compas.backends.profiles import BY_NAME, PROFILES
from compas.config.locate import expand_home
from compas.domain.remedies import to_make_repository
from compas.git.look import FoundRepository, look, main_branch
from compas.setup.coding_tools import Found
from compas.setup.config_place import command
from compas.setup.errors import SetupError
from compas.setup.generated_config import DEFAULT_BRANCH, Choices, render
from compas.setup.new_file import replace, write_new

OTHERWISE = (
    "Any other program can be an agent, too: see `backend_definitions` in docs/config.md. "
    "`compas demo` shows compas without any."
)


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """A config file that was written: `copy` holds what stood there before, `warnings` are what loading it said."""

    path: Path
    copy: Path | None
    warnings: tuple[str, ...]


class Repository(msgspec.Struct, frozen=True, kw_only=True):
    """A repository that agents can work for; `notes` is what its owner should know."""

    path: Path
    branch: str
    notes: tuple[str, ...] = ()


def refuse_existing(path: Path, environ: Mapping[str, str]) -> None:
    """Raise SetupError when something is at the place of the config file already (c-config-dashboard 75)."""
    if os.path.lexists(path):
        again = command("init --force", path, environ)
        raise SetupError(
            f"{path} is there already, and was not touched; `{again}` writes a new one and keeps a copy of it"
        )


def chosen_repository(text: str | None, here: Path, environ: Mapping[str, str]) -> Repository:
    """Return the repository at `text`, or the one around `here` when it is None (c-config-dashboard 76).

    Raises SetupError where there is none that agents can work for, and GitError.
    """
    place = here if text is None else here / expand_home(text, environ)
    found = look(place, environ)
    if found is None:
        start = f"go to your repository, name it with --repo, or {to_make_repository(str(place))}"
        raise SetupError(f"{place} is not in a git repository; {start}")
    if found.is_bare:
        raise SetupError(f"{found.path} is a bare repository; name a clone with a checkout with --repo")
    branch = main_branch(found, environ) or DEFAULT_BRANCH
    return Repository(path=found.path, branch=branch, notes=tuple(_notes(text, place, found, branch)))


def _notes(text: str | None, place: Path, found: FoundRepository, branch: str) -> list[str]:
    notes = []
    if text is not None and os.path.realpath(place) != str(found.path):
        notes.append(f"{place} belongs to the repository {found.path}, which is what agents work for")
    if not found.has_commit:
        notes.append(
            f"{found.path} has no commit yet, and agents need one to start from: "
            f"`git -C {found.path} commit --allow-empty -m 'Begin.'`"
        )
    elif found.branch is None and branch == DEFAULT_BRANCH:
        notes.append(f"no branch is checked out in {found.path}; correct default_merge_target if it is not {branch}")
    return notes


def usable(found: Collection[Found]) -> list[Found]:
    """Return the tools that are installed."""
    return [each for each in found if each.path is not None]


def chosen_backend(name: str | None, found: Collection[Found]) -> Found:
    """Return the tool of this name, or the first installed one when it is None.

    Raises SetupError when there is none; one that is not installed may be named.
    """
    if name is None:
        if ready := usable(found):
            return ready[0]
        raise SetupError(none_usable())
    by_name = {each.tool.name: each for each in found}
    if name not in BY_NAME:
        raise SetupError(f"there is no backend {name!r}; {_supported()}. {OTHERWISE}")
    return by_name[name]


def none_usable() -> str:
    """Say that no coding CLI is here to run agents with, and what to do (c-config-dashboard 78)."""
    return (
        f"no coding CLI that compas runs is on PATH; {_supported()}. "
        f"With --backend the file is written before the CLI is installed. {OTHERWISE}"
    )


def _supported() -> str:
    return f"supported: {', '.join(f'{tool.name} (`{tool.install}`)' for tool in PROFILES)}"


def make(path: Path, choices: Choices, environ: Mapping[str, str], *, is_forced: bool) -> Made:
    """Write the config file of these choices; nothing is touched unless it loads (c-config-dashboard 75, 80).

    Raises SetupError, ConfigError for choices that do not load, and OSError.
    """
    text = render(choices)
    warnings = _load(text, environ)
    if not os.path.lexists(path):
        write_new(path, text)
        return Made(path=path, copy=None, warnings=warnings)
    if not is_forced:
        refuse_existing(path, environ)
    return Made(path=path, copy=replace(path, text), warnings=warnings)


def _load(text: str, environ: Mapping[str, str]) -> tuple[str, ...]:
    """Load the text as a config file and return its warnings. Its paths are absolute, so its place is no matter."""
    from compas.config.findings import ConfigError
    from compas.config.load import load

    with tempfile.TemporaryDirectory(prefix="compas-init-") as directory:
        trial = Path(directory, "config.yaml")
        trial.write_text(text, encoding="utf-8")
        try:
            return tuple(finding.sentence for finding in load(trial, environ=environ).warnings)
        except ConfigError as error:
            reasons = "\n  ".join(f"{finding.key}: {finding.sentence}" for finding in error.findings)
            raise SetupError(f"these choices make no config that loads; nothing was written:\n  {reasons}") from error
