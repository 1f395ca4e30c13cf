"""Names what differs between two configurations, as it is named in the file; never its values."""

from collections.abc import Iterator, Mapping

from msgspec import Struct, structs

from compas.config.config import Config
from compas.config.schema.declared import keys
from compas.config.schema.file import ConfigFile
from compas.config.schema.key import Effect, Key, Section
from compas.config.schema.orchestration import Orchestration
from compas.domain.specs import RepositorySpec

_SECTIONS: tuple[tuple[str, type[Section]], ...] = (("", ConfigFile), ("orchestration.", Orchestration))
_DECIDED_BY = {"has_own_workdir": "workdir"}
"""Fields that are called otherwise than the key that decides them."""
_FIELDS = frozenset(field.name for field in structs.fields(Config))


def field_of(name: str, key: Key) -> str | None:
    """Return the field of `Config` that a key of the file decides; None when nothing of it gets that far yet."""
    field = key.shapes or name
    return field if field in _FIELDS else None


def shaping_keys() -> Iterator[tuple[str, str, Effect]]:
    """Yield each key of the file that decides a field of `Config`: its name as in the file, the field, the effect."""
    for prefix, section in _SECTIONS:
        for name, declared in keys(section).items():
            if (field := field_of(name, declared.key)) is not None:
                yield prefix + name, field, declared.key.effect


def differences(old: Config, new: Config, *effects: Effect) -> tuple[str, ...]:
    """Name what differs, in the order of the schema, of keys with one of these effects.

    Agents and backends are named one by one: `agents.dev.model`, `agents.rev added`, `agents.qa removed`. Values are
    left out: they may be secrets, and the names go into the log.
    """
    return tuple(
        difference
        for name, field, effect in shaping_keys()
        if effect in effects
        for difference in _of(name, getattr(old, field), getattr(new, field))
    )


def _of(name: str, old: object, new: object) -> Iterator[str]:
    if old == new:
        return
    named_old, named_new = _by_name(old), _by_name(new)
    if named_old is None or named_new is None:
        yield name
        return
    for entry in (*named_old, *(other for other in named_new if other not in named_old)):
        before, after = named_old.get(entry), named_new.get(entry)
        if before is None:
            yield f"{name}.{entry} added"
        elif after is None:
            yield f"{name}.{entry} removed"
        else:
            fields = structs.fields(before)
            differing = (field.name for field in fields if getattr(before, field.name) != getattr(after, field.name))
            yield from dict.fromkeys(f"{name}.{entry}.{_DECIDED_BY.get(field, field)}" for field in differing)


def _by_name(value: object) -> Mapping[str, Struct] | None:
    """Return the entries of a mapping, or of the list of repositories, by their names; None for anything else."""
    if isinstance(value, dict):
        return value
    if isinstance(value, tuple) and all(isinstance(one, RepositorySpec) for one in value):
        return {one.path: one for one in value}
    return None
