"""Checks of `backend_definitions`."""

from collections.abc import Iterator

from compas.backends.profiles import BY_NAME
from compas.config.checks.draft import Draft, Problem, error, warning
from compas.config.findings import KeyPath
from compas.config.schema.backends import BackendDefinition
from compas.domain.specs import SCRIPTED_BACKEND

INSTRUCTION = "{{instruction}}"


def definitions(draft: Draft) -> Iterator[Problem]:
    """Names are new and unique, and what a definition says fits together (c-config 41)."""
    seen: set[str] = set()
    for index, definition in enumerate(draft.file.backend_definitions):
        at = ("backend_definitions", index)
        name = definition.name
        if name in (*BY_NAME, SCRIPTED_BACKEND):
            yield error((*at, "name"), f"{name!r} is a built-in backend; choose another name")
        elif name in seen:
            yield error((*at, "name"), f"another definition is called {name!r} too")
        seen.add(name)
        if definition.output.format == "plaintext":
            for field in ("result_field", "session_id_field"):
                if getattr(definition.output, field) is not None:
                    sentence = f"{field} needs format: json or jsonl; plaintext has no fields"
                    yield error((*at, "output", field), sentence)
        if definition.resume is not None and "{{session_id}}" not in definition.resume.session_id_arg:
            sentence = "has no {{session_id}} in it, so every execution continues the same session"
            yield warning((*at, "resume", "session_id_arg"), sentence)
        yield from _channel(definition, (*at, "prompt"))


def _channel(definition: BackendDefinition, path: KeyPath) -> Iterator[Problem]:
    carried = any(INSTRUCTION in argument for argument in definition.args)
    if definition.prompt == "argument" and not carried:
        yield error(path, f"argument needs {INSTRUCTION} in args, or the agent is told nothing")
    elif definition.prompt == "stdin" and carried:
        yield error(path, f"stdin needs args without {INSTRUCTION}, or the agent is told everything twice")
    elif definition.prompt == "file" and not carried:
        yield error(path, f"file needs {INSTRUCTION} in args, where the file's path stands in its place")
