"""Loads a config file: read, merge, check and resolve, with everything that is wrong said at once."""

import hashlib
import os
from collections.abc import Mapping as Environment
from pathlib import Path

from compas.config.access import look_at_access
from compas.config.checks.all import run_checks
from compas.config.checks.draft import Draft
from compas.config.config import Config, Loaded
from compas.config.decode import Decoder
from compas.config.defaults import merge
from compas.config.findings import ConfigError, Report, in_file_order
from compas.config.locate import LocateError, absolute, expand_home, state_dir_override
from compas.config.positions.compose import compose
from compas.config.positions.nodes import Node, SyntaxFailure
from compas.config.positions.text import decoded, read_bytes
from compas.config.resolve import resolve
from compas.config.schema.file import DEFAULT_STATE_DIR, ConfigFile
from compas.config.settings import settings_of


def load(path: Path, *, environ: Environment[str, str] | None = None, previous: Config | None = None) -> Loaded:
    """Load the config file at `path`; nothing is created on disk.

    Relative paths in it start at the directory of `path` as given: a symbolic link is not followed. `environ`
    (default: this process's) provides HOME and COMPAS_STATE_DIR. With `previous`, the configuration in use, a prompt
    file that has vanished since is only a warning. Raises ConfigError with every error in the file; one that every
    user of the machine can write is not looked into.

    The digest is the SHA-256 of the file's bytes, in lower-case hex; it is empty when they could not be read.
    """
    environment = os.environ if environ is None else environ
    config_path = absolute(path)
    report = Report()
    digest, reads = "", tuple[str, ...]()
    try:
        data = read_bytes(str(config_path))
        digest = hashlib.sha256(data).hexdigest()
        root = compose(decoded(data))
    except SyntaxFailure as failure:
        report.error((), failure.sentence, at=(failure.line, failure.column))
        raise _refused(config_path, report, digest, reads) from None
    access = look_at_access(config_path)
    for doubt in access.doubts:
        report.warn((), doubt)
    if access.refusal is not None:
        report.error((), access.refusal)
        raise _refused(config_path, report, digest, reads)
    draft = _draft(root, config_path, report, environment, previous)
    if draft is not None:
        run_checks(draft, report)
        reads = draft.reads
    if draft is None or report.errors:
        raise _refused(config_path, report, digest, reads)
    config = resolve(draft, str(config_path))
    return Loaded(
        config=config,
        warnings=in_file_order(report.warnings),
        digest=digest,
        reads=reads,
        has_relative_paths=draft.has_relative_paths,
        settings=settings_of(draft, report),
    )


def _draft(
    root: Node | None,
    config_path: Path,
    report: Report,
    environ: Environment[str, str],
    previous: Config | None,
) -> Draft | None:
    if root is None:
        report.error((), "the file is empty; `compas init` writes one to begin with")
        return None
    decoder = Decoder(report, str(config_path.parent), lambda text: expand_home(text, environ))
    file = decoder.section(ConfigFile, root, ())
    try:
        override = state_dir_override(environ)
        state_dir = override or file.state_dir or expand_home(DEFAULT_STATE_DIR, environ)
    except LocateError as failure:
        report.error(("state_dir",), str(failure))
        override, state_dir = None, ""
    known = [] if previous is None else [agent.prompt_file for agent in previous.agents.values()]
    return Draft(
        file=file,
        agents=merge(file, report),
        state_dir=state_dir,
        state_dir_is_override=override is not None,
        has_relative_paths=decoder.has_relative_paths,
        known_files=frozenset(path for path in known if path),
    )


def _refused(path: Path, report: Report, digest: str, reads: tuple[str, ...]) -> ConfigError:
    findings, warnings = in_file_order(report.errors), in_file_order(report.warnings)
    return ConfigError(str(path), findings, warnings, digest=digest, reads=reads)
