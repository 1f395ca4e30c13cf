"""A git on the PATH that dies by a signal, once, at a command that a test names."""

import os
import shutil
from pathlib import Path

import pytest

_SCRIPT = """#!/bin/sh
case " $* " in
*" {command} "*)
    if [ ! -e '{flag}' ]; then
        : > '{flag}'
        {before}
        kill -KILL $$
    fi;;
esac
exec '{git}' "$@"
"""


def kill_git(patch: pytest.MonkeyPatch, home: Path, command: str, *, after: bool = False, times: int = 1) -> None:
    """Let the next git with these words among its arguments die, before it does anything or `after` it has done all.

    With `times` 2 so does the one after it.
    """
    git = shutil.which("git")
    assert git is not None
    for number in range(times):
        place = home / f"killed-{number}-{command.replace(' ', '-')}"
        place.mkdir(parents=True)
        before = f"'{git}' \"$@\"" if after else ":"
        script = _SCRIPT.format(command=command, flag=place / "done", before=before, git=git)
        (place / "git").write_text(script)
        (place / "git").chmod(0o755)
        git = str(place / "git")
        patch.setenv("PATH", f"{place}{os.pathsep}{os.environ['PATH']}")
