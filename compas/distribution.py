"""Which version of compas is installed, found without reading what is installed beside it."""

import os
import sys
import zlib
from collections.abc import Iterator, Sequence
from functools import cache

_NAME = "compas_orchestrator-"
_END = ".dist-info"
_PACKAGES = (os.path.dirname(__file__), os.path.join(os.path.dirname(os.path.dirname(__file__)), "actors"))


@cache
def installed_version(otherwise: str = "unknown") -> str:
    """Return the version of the installed distribution, or `otherwise` where it is used without being installed.

    Between releases one number stands for many builds: behind a plus sign it is told which one this is. What a process
    has said once it says until its end, whatever becomes of its files meanwhile.
    """
    for directory in sys.path:
        try:
            found = [name for name in os.listdir(directory or ".") if name.startswith(_NAME) and name.endswith(_END)]
        except OSError:
            continue  # such as a zip file, or a directory that is gone
        if found:
            return with_build(found[0].removeprefix(_NAME).removesuffix(_END), _PACKAGES)
    return otherwise


def with_build(version: str, packages: Sequence[str]) -> str:
    """Return a version, and where it is none of a release, the mark of what stands in these directories.

    The mark is made of names, sizes and times of change: a few milliseconds, since nothing is read.
    """
    if ".dev" not in version:
        return version
    listing = "\n".join(sorted(line for package in packages for line in _listing(package, os.path.dirname(package))))
    return f"{version}+{zlib.crc32(listing.encode(errors='surrogateescape')):08x}"


def _listing(directory: str, root: str) -> Iterator[str]:
    try:
        entries = list(os.scandir(directory))
    except OSError:
        return  # gone meanwhile, or no directory
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            if entry.name != "__pycache__":
                yield from _listing(entry.path, root)
        else:
            found = entry.stat(follow_symlinks=False)
            yield f"{os.path.relpath(entry.path, root)} {found.st_size} {found.st_mtime_ns}"
