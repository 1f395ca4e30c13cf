"""How the CLI of a backend is let in, in words."""

from collections.abc import Sequence

from compas.backends.profiles import BY_NAME
from compas.domain.remedies import to_log_in


def how_to_log_in(backend: str, env_pass: Sequence[str] | None, *, takes: bool) -> str:
    """Say what to do when an agent's CLI is not let in; `takes` as in `to_log_in`."""
    profile = BY_NAME.get(backend)
    if profile is None:
        named = [name for name in env_pass or () if not name.endswith("*")]
        return to_log_in("", "", [name for name in named if _is_secret(name)], takes=takes)
    return to_log_in(profile.title, profile.login, profile.credentials.variables, takes=takes)


def _is_secret(name: str) -> bool:
    return any(word in name.upper() for word in ("KEY", "TOKEN", "SECRET", "AUTH"))
