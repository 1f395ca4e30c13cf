"""Which editors compas can be registered with, by the profiles of the backends."""

from collections.abc import Callable, Mapping
from importlib import import_module

from compas.backends.profile import BackendProfile
from compas.backends.profiles import BY_NAME, PROFILES
from compas.setup.editors.editor import Editor
from compas.setup.errors import SetupError

SUPPORTED: tuple[BackendProfile, ...] = tuple(profile for profile in PROFILES if profile.is_editor)


def chosen(name: str | None) -> tuple[BackendProfile, ...]:
    """Return the one of this name, whatever its case, or all when it is None. Raises SetupError."""
    if name is None:
        return SUPPORTED
    named = BY_NAME.get(name.casefold())
    supported = ", ".join(profile.name for profile in SUPPORTED)
    if named is None:
        later = ", ".join(profile.name for profile in PROFILES if not profile.is_editor)
        raise SetupError(f"there is no editor {name!r} here: now there is {supported}; later {later}")
    if not named.is_editor:
        raise SetupError(f"{named.name} comes with a later version of compas; now there is: {supported}")
    return (named,)


def build_editor(profile: BackendProfile, environ: Mapping[str, str]) -> Editor:
    """Build the editor of a profile by the name of its module, so that adding one takes no line here."""
    build: Callable[[Mapping[str, str]], Editor] = import_module(f"compas.setup.editors.{profile.name}").build
    return build(environ)
