"""Where a supervisor is found: socket and lock follow from the config file's absolute path alone (design §2)."""

import os
import stat
from pathlib import Path

from compas.errors import CompasError

try:  # hashlib loads OpenSSL, and every command would wait for it
    from _sha256 import sha256  # type: ignore[import-not-found]
except ImportError:  # from Python 3.12 on it has another name
    from hashlib import sha256

RUNTIME_VARIABLE = "COMPAS_RUNTIME_DIR"
STATE_VARIABLE = "COMPAS_STATE_DIR"

_LONGEST = 90
"""Unix allows about 100 bytes for a socket's path; macOS a few less than Linux."""


class RuntimeDirectoryError(CompasError):
    """The directory for sockets cannot be trusted or made."""


def runtime_directory(environ: dict[str, str] | None = None) -> Path:
    """Return the directory for sockets, private to this user, making it if needed.

    It is `$COMPAS_RUNTIME_DIR`, else `$XDG_RUNTIME_DIR/compas` where that is usable and short enough, else one in
    `/tmp`. A directory that others own or may enter is refused: whoever controls it could pose as the supervisor.
    """
    env = os.environ if environ is None else environ
    given = env.get(RUNTIME_VARIABLE)
    if given:
        return make_private(Path(given))
    xdg = env.get("XDG_RUNTIME_DIR")
    if xdg and Path(xdg).is_dir() and len(os.fsencode(xdg)) < _LONGEST - 40 and os.access(xdg, os.W_OK):
        return make_private(Path(xdg) / "compas")
    # Not $TMPDIR: programs change it, and its users would no longer find each other.
    return make_private(Path(f"/tmp/compas-{os.getuid()}"))


def make_private(directory: Path) -> Path:
    """Return the directory, which is private to this user; make it if needed. Raises RuntimeDirectoryError."""
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = directory.lstat()
    except OSError as err:
        raise RuntimeDirectoryError(
            f"cannot make the runtime directory {directory}: {err.strerror}; "
            "set COMPAS_RUNTIME_DIR to a directory that you can make"
        ) from err
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise RuntimeDirectoryError(
            f"{directory} should be a directory of yours that nobody else may enter (mode 0700), and is not; "
            "set COMPAS_RUNTIME_DIR to a private directory"
        )
    if len(os.fsencode(directory)) > _LONGEST - 22:
        raise RuntimeDirectoryError(f"{directory} is too long for a socket; set COMPAS_RUNTIME_DIR to a shorter path")
    return directory


def _key(config: Path) -> str:
    digest: str = sha256(os.fsencode(os.path.realpath(config))).hexdigest()
    return digest[:16]


def socket_path(config: Path, directory: Path) -> Path:
    """Return where the supervisor of this config file listens."""
    return directory / f"{_key(config)}.sock"


def gateway_socket_path(config: Path, directory: Path) -> Path:
    """Return where the MCP gateway of this config file's supervisor listens."""
    return directory / f"{_key(config)}.mcp"


def tool_list_path(config: Path, directory: Path) -> Path:
    """Return where the supervisor of this config file says which MCP tools there are."""
    return directory / f"{_key(config)}.tools"


def socket_lock_path(config: Path, directory: Path) -> Path:
    """Return the lock that the supervisor of this config file holds; clients test it without reading the config."""
    return directory / f"{_key(config)}.lock"
