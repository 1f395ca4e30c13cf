"""Decides what of a changed configuration is used at once, what waits for a restart, and how that is explained."""

from collections.abc import Iterator

from msgspec import Struct, structs

from compas.config.config import Config
from compas.config.differences import differences, shaping_keys
from compas.config.schema.key import Effect


class ConfigUpdate(Struct, frozen=True, kw_only=True):
    """What comes of a configuration that was loaded while another one is in force.

    `config` is what holds from now on: the new one, but for what takes a restart. `changed` names what it changes,
    `waiting` what waits for the restart, and `notes` are sentences about what follows from it.
    """

    config: Config
    changed: tuple[str, ...] = ()
    waiting: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def update_config(in_force: Config, loaded: Config) -> ConfigUpdate:
    """Put a configuration in force, as far as that can be done while work goes on (c-config 50, 51).

    A key that takes a restart keeps its old value for everything, so that no part of compas follows it alone.
    """
    kept = {field: getattr(in_force, field) for _, field, effect in shaping_keys() if effect is Effect.RESTART}
    config = structs.replace(loaded, **kept)
    return ConfigUpdate(
        config=config,
        changed=differences(in_force, config, Effect.LIVE),
        waiting=differences(in_force, loaded, Effect.RESTART),
        notes=(*_concurrency(in_force, config), *_removed(in_force, config), *_waiting_backends(config, loaded)),
    )


def _concurrency(old: Config, new: Config) -> Iterator[str]:
    """Explain why more or fewer executions run at once (c-config 53)."""
    before, now = old.effective_concurrency, new.effective_concurrency
    if before == now:
        return
    why = "that is what orchestration.max_concurrent_triggers says"
    if new.max_concurrent_triggers is None:
        why = "that is one per worker agent, since orchestration.max_concurrent_triggers is not set"
    rest = "; what runs beyond that goes on to its end" if now < before else ""
    yield f"up to {now} executions run at once now, {before} before: {why}{rest}"


def _removed(old: Config, new: Config) -> Iterator[str]:
    for alias in old.agents:
        if alias not in new.agents:
            yield f"the agent {alias!r} is gone: what it has begun goes on to its end, what waits for it fails"


def _waiting_backends(config: Config, loaded: Config) -> Iterator[str]:
    for agent in config.agents.values():
        if agent.backend in loaded.backends and agent.backend not in config.backends:
            yield f"the agent {agent.alias!r} cannot be started before the restart brings its backend {agent.backend!r}"
