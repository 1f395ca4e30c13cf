"""Which editors compas can be registered with, by the profiles of the backends."""

from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path

from compas.backends.profile import BackendProfile
from compas.backends.profiles import PROFILES
from compas.setup.editors.editor import Editor
from compas.setup.errors import SetupError

SUPPORTED: tuple[BackendProfile, ...] = tuple(profile for profile in PROFILES if profile.is_editor)


def chosen(name: str | None) -> tuple[BackendProfile, ...]:
    """Return the one of this name, whatever its case, or all when it is None. Raises SetupError."""
    found = tuple(profile for profile in SUPPORTED if name is None or profile.name == name.casefold())
    if not found:
        raise SetupError(f"compas knows no editor {name!r}; name one of {', '.join(one.name for one in SUPPORTED)}")
    return found


def build_editor(profile: BackendProfile, environ: Mapping[str, str], project: Path | None = None) -> Editor:
    """Build the editor of a profile by the name of its module, so that adding one takes no line here.

    With a `project`, it is what the editor knows in that directory alone.
    """
    build: Callable[..., Editor] = import_module(f"compas.setup.editors.{profile.name}").build
    return build(environ, project)


def skills_of(profile: BackendProfile, environ: Mapping[str, str], project: Path | None = None) -> Path:
    """Return the directory from which an editor reads skills; with a `project`, in that directory alone."""
    skills: Callable[..., Path] = import_module(f"compas.setup.editors.{profile.name}").skills
    return skills(environ, project)


def project_of(directory: Path) -> Path:
    """Return the checkout that a directory is in, which is a project to editors. Raises SetupError."""
    for place in (directory, *directory.parents):
        if (place / ".git").exists():
            return place
    raise SetupError(f"{directory} is not in a git repository, so there is no project here; leave --scope out")
