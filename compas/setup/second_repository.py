"""Lists a further repository in a config that there is already."""

import os
from collections.abc import Mapping
from pathlib import Path

import msgspec

from compas.config.config import Config
from compas.config.findings import ConfigError
from compas.config.listing import NotListedError, with_repository
from compas.config.load import load
from compas.git.look import look
from compas.setup.config_place import command
from compas.setup.errors import SetupError
from compas.setup.first_config import Repository
from compas.setup.generated_config import quoted
from compas.setup.new_file import replace


class Added(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the config: `copy` is the file as it was before, None where the repository was listed already.

    `listed` are the repositories it lists now, and `target` is what its merges go into.
    """

    path: Path
    copy: Path | None
    listed: tuple[str, ...]
    target: str


def add(path: Path, repository: Repository, environ: Mapping[str, str]) -> Added:
    """List a repository in the config at `path`; every other character of it stays. Nothing is written in vain.

    Raises SetupError where the file cannot be read, changed or written, and GitError; it is then as it was.
    """
    before = _content(path, environ)
    config = _loaded(path, environ)
    listed = _listed(config, environ)
    place = str(repository.path)
    if os.path.realpath(place) in map(os.path.realpath, listed):
        return Added(path=path, copy=None, listed=listed, target=config.default_merge_target)
    quoted(place)  # refuses a path that no config can hold
    entry = {"path": place}
    if repository.branch != config.default_merge_target:
        entry["base"] = repository.branch
    try:
        text = with_repository(before.decode(), entry)
    except (NotListedError, UnicodeDecodeError) as error:
        raise SetupError(
            f"{path} was not touched, because the repository could not be added by itself ({error}); add under "
            f"`repositories` in it: - path: {quoted(place)}"
        ) from error
    if path.read_bytes() != before:
        raise SetupError(f"{path} was changed by somebody else meanwhile, and was not touched; try again")
    try:
        copy = replace(path, text, keeps_access=True)
    except OSError as error:
        raise SetupError(f"{path} could not be written ({error.strerror or error}) and is as it was") from error
    return Added(path=path, copy=copy, listed=(*listed, place), target=config.default_merge_target)


def _content(path: Path, environ: Mapping[str, str]) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise _unusable(path, error.strerror or str(error), environ) from error


def _loaded(path: Path, environ: Mapping[str, str]) -> Config:
    try:
        return load(path, environ=environ).config
    except ConfigError as error:
        first = error.findings[0]
        raise _unusable(path, f"{first.key}: {first.sentence}" if first.key else first.sentence, environ) from error


def _unusable(path: Path, why: str, environ: Mapping[str, str]) -> SetupError:
    again = command("init --force", path, environ)
    return SetupError(
        f"{path} is there already, and cannot be used: {why}. It was not touched; correct it, or let `{again}` write a "
        "new one, which keeps a copy of it"
    )


def _listed(config: Config, environ: Mapping[str, str]) -> tuple[str, ...]:
    """Return the repositories that agents work in by this config, that of `default_workdir` first."""
    found = look(Path(config.default_workdir), environ)
    default = () if found is None else (str(found.path),)
    return tuple(dict.fromkeys((*default, *(one.path for one in config.repositories))))
