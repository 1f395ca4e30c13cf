"""Which of the coding CLIs that compas knows are installed here."""

import shutil

import msgspec

from compas.backends.profile import BackendProfile
from compas.backends.profiles import PROFILES


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """A tool on this machine: `path` is its command's, None when it is not installed."""

    tool: BackendProfile
    path: str | None


def detect(search_path: str) -> tuple[Found, ...]:
    """Look for the tools on `search_path`, a list of directories as in $PATH."""
    return tuple(Found(tool=tool, path=shutil.which(tool.command, path=search_path)) for tool in PROFILES)
