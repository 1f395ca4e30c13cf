"""Which backends there are: the ones that come with compas, and those that the config defines."""

import os
from collections.abc import Iterable

from compas.backends.backend import Backend
from compas.backends.claude.adapter import ClaudeBackend
from compas.backends.codex.adapter import CodexBackend
from compas.backends.gemini.adapter import GeminiBackend
from compas.backends.generic import GenericBackend
from compas.backends.opencode.adapter import OpenCodeBackend
from compas.backends.scripted import ScriptedBackend
from compas.clock import wall_clock
from compas.domain.specs import BackendSpec


def build_backends(definitions: Iterable[BackendSpec]) -> dict[str, Backend]:
    """Return every backend by name."""
    backends: list[Backend] = [
        ScriptedBackend(),
        ClaudeBackend(as_root=os.geteuid() == 0),
        CodexBackend(now=wall_clock),
        GeminiBackend(),
        OpenCodeBackend(),
        *(GenericBackend(spec) for spec in definitions),
    ]
    return {backend.name: backend for backend in backends}
