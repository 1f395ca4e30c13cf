"""Which version of compas is installed, found without reading what is installed beside it."""

import os
import sys

_NAME = "compas_orchestrator-"
_END = ".dist-info"


def installed_version(otherwise: str = "unknown") -> str:
    """Return the version of the installed distribution, or `otherwise` where it is used without being installed."""
    for directory in sys.path:
        try:
            found = [name for name in os.listdir(directory or ".") if name.startswith(_NAME) and name.endswith(_END)]
        except OSError:
            continue  # such as a zip file, or a directory that is gone
        if found:
            return found[0].removeprefix(_NAME).removesuffix(_END)
    return otherwise
