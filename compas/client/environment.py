"""What a supervisor that a client starts finds in its environment: a fixed list, whoever the client is (design §2)."""

from collections.abc import Mapping
from pathlib import Path

KEPT: frozenset[str] = frozenset(
    {
        *("PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LC_*", "TMPDIR", "TZ"),
        *("XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME", "SSH_AUTH_SOCK"),
        # Notifications find the desktop by it.
        "DBUS_SESSION_BUS_ADDRESS",
        *("COMPAS_RUNTIME_DIR", "COMPAS_STATE_DIR", "COMPAS_CONFIG"),
        *("COMPAS_IDLE_SECS", "COMPAS_GATEWAY_PATIENCE_SECS", "SSL_CERT_FILE", "SSL_CERT_DIR"),
        *("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"),
        *("http_proxy", "https_proxy", "all_proxy", "no_proxy"),
    }
)
"""Kept by name; a trailing `*` stands for the rest of a name. Not kept: GIT_*, which an editor or a hook sets for one
repository, whatever an editor adds, and COMPAS_EXECUTION, which makes the supervisor look like an agent's child."""

PLACES = ("COMPAS_RUNTIME_DIR", "COMPAS_STATE_DIR", "COMPAS_CONFIG")
"""Paths, which mean the same in the supervisor's directory `/` only when they are absolute."""


def supervisor_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the part of `environ` that a detached supervisor gets.

    Beside KEPT these are the variables of the agent CLIs, with the credentials of their users. An agent gets of them
    what its config lets pass.
    """
    from compas.backends.profiles import PROFILES  # only a command that starts a supervisor pays for it

    names = KEPT.union(*(profile.variables for profile in PROFILES))
    beginnings = tuple(name[:-1] for name in names if name.endswith("*"))
    kept = {name: value for name, value in environ.items() if name in names or name.startswith(beginnings)}
    for name in PLACES:
        if kept.get(name) and not kept[name].startswith("~"):
            kept[name] = str(Path(kept[name]).absolute())
    checkout = _checkout()
    if checkout is not None:
        kept["PYTHONPATH"] = str(checkout)
    return kept


def _checkout() -> Path | None:
    """Return the directory this package was loaded from, unless it is an installed one.

    A client that runs from a source tree starts the supervisor of that tree, not another that happens to be installed.
    """
    root = Path(__file__).absolute().parents[2]
    return None if root.name in ("site-packages", "dist-packages") else root
