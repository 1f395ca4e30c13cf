"""Says which changes of a configuration wait for a restart."""

from compas.config.config import Config
from compas.config.schema.declared import keys
from compas.config.schema.file import ConfigFile
from compas.config.schema.key import Effect, Section
from compas.config.schema.orchestration import Orchestration

_SECTIONS: tuple[tuple[str, type[Section]], ...] = (("", ConfigFile), ("orchestration.", Orchestration))


def restart_only_differences(old: Config, new: Config) -> tuple[str, ...]:
    """Name the keys, as written in the file, that differ and take effect only after a restart."""
    return tuple(
        prefix + name
        for prefix, section in _SECTIONS
        for name, declared in keys(section).items()
        if declared.key.effect is Effect.RESTART
        and getattr(old, declared.key.shapes or name) != getattr(new, declared.key.shapes or name)
    )
