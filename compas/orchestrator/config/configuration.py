"""The configuration in force, and what is known of the file it came from."""

import msgspec

from compas.config.config import Config, Loaded, Setting
from compas.config.findings import ConfigError
from compas.config.reload import ConfigUpdate
from compas.domain.configuration import kept_errors, notices
from compas.output.redact import Redactor


class Refused(msgspec.Struct, frozen=True, kw_only=True):
    """A config file that cannot be used, seen at `at` (UTC seconds); `errors` says why, line by line."""

    digest: str
    errors: tuple[str, ...]
    at: float


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """A configuration that came into force at `since` (UTC seconds) from a file with this digest.

    `changed`, `waiting` and `notes` say what it changed then (see `ConfigUpdate`), `warnings` what is doubtful,
    `settings` all of it for people.
    """

    digest: str
    since: float
    changed: tuple[str, ...] = ()
    waiting: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    settings: tuple[Setting, ...] = ()


class Configuration:
    """One for the whole supervisor; the config watcher alone changes it, after the log has it.

    It outlives the watcher's crashes, so that nobody ever sees an older configuration again.
    """

    def __init__(self, loaded: Loaded, since: float) -> None:
        self.in_force: Config = loaded.config
        self.has_relative_paths = loaded.has_relative_paths
        self.standing = Standing(digest=loaded.digest, since=since, warnings=_lines(loaded), settings=loaded.settings)
        self.refused: Refused | None = None
        self.unwatched = ""
        """Why changes of the file are not noticed; empty when they are."""

    def is_news(self, loaded: Loaded, taken: ConfigUpdate) -> bool:
        """Tell whether a file that loads says anything that is not known already."""
        is_same = loaded.digest == self.standing.digest and taken.waiting == self.standing.waiting
        return not is_same or bool(taken.changed) or self.refused is not None

    def apply(self, loaded: Loaded, taken: ConfigUpdate, now: float) -> None:
        """Put a configuration in force."""
        self.in_force = taken.config
        self.has_relative_paths = loaded.has_relative_paths
        self.refused = None
        self.standing = Standing(
            digest=loaded.digest,
            since=now,
            changed=taken.changed,
            waiting=taken.waiting,
            notes=taken.notes,
            warnings=_lines(loaded),
            settings=loaded.settings,
        )

    def note_warnings(self, loaded: Loaded) -> None:
        """Know what is doubtful now in the file that is in force: directories come and go."""
        self.standing = msgspec.structs.replace(self.standing, warnings=_lines(loaded), settings=loaded.settings)

    def refuse(self, refused: Refused) -> None:
        """Know that the file as it is now cannot be used."""
        self.refused = refused

    @property
    def notices(self) -> tuple[str, ...]:
        """What the operator has to know, wherever he looks."""
        errors = () if self.refused is None else self.refused.errors
        unwatched = (self.unwatched,) if self.unwatched else ()
        return (*notices(errors, self.standing.waiting), *unwatched)


def errors_of(error: ConfigError, in_force: Config) -> tuple[str, ...]:
    """Return what is wrong with a file, a line each, as it may be recorded: a finding quotes what it has found."""
    lines = [str(finding) for finding in error.findings]
    return kept_errors(tuple(Redactor(in_force.redaction_patterns).lines(lines) if in_force.redact_secrets else lines))


def _lines(loaded: Loaded) -> tuple[str, ...]:
    return tuple(str(finding) for finding in loaded.warnings)
