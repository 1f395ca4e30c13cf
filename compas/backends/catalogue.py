"""Builds the backends that there are: those that come with compas, and those that the config defines."""

from collections.abc import Callable, Iterable
from importlib import import_module

from compas.backends.backend import Backend
from compas.backends.generic import GenericBackend
from compas.backends.profile import BackendProfile
from compas.backends.profiles import PROFILES
from compas.backends.scripted import ScriptedBackend
from compas.domain.specs import BackendSpec


def build_backends(definitions: Iterable[BackendSpec]) -> dict[str, Backend]:
    """Return every backend by name."""
    backends: list[Backend] = [
        ScriptedBackend(),
        *(_built_in(profile) for profile in PROFILES),
        *(GenericBackend(spec) for spec in definitions),
    ]
    return {backend.name: backend for backend in backends}


def _built_in(profile: BackendProfile) -> Backend:
    """Build a backend by the name of its folder, so that adding one takes no line here."""
    build: Callable[[], Backend] = import_module(f"compas.backends.{profile.name}.adapter").build
    return build()
