"""Refuses callers that mean another config or state directory than this supervisor's."""

import os
from collections.abc import Mapping

from actors.remote.errors import CallError
from compas.domain.ids import path_problem
from compas.domain.named_places import NamedPlaces, difference
from compas.orchestrator.services import Services


def refuse_elsewhere(services: Services, said: Mapping[str, str]) -> None:
    """Raise CallError `elsewhere` where the greeting names other places; an older client names none."""
    config, state = said.get("config", ""), said.get("state_dir")
    if path_problem(config) is not None or (state is not None and path_problem(state) is not None):
        return
    own = services.config
    if config == own.config_path and state in (None, own.state_dir):
        return
    named = _resolved(config, state)
    relative = services.configuration.has_relative_paths
    if (found := difference(named, _resolved(own.config_path, own.state_dir), has_relative_paths=relative)) is not None:
        raise CallError("elsewhere", found)


def _resolved(config: str, state: str | None) -> NamedPlaces:
    return NamedPlaces(
        config=config,
        begins_at=os.path.realpath(os.path.dirname(config)),
        state_dir=None if state is None else os.path.realpath(state),
    )
