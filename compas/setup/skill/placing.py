"""Gives an editor the skill that says how to orchestrate agents, or takes it away; a person's own words are left.

Behind the text stands a mark with its digest. By that a skill that came from here, of this version or an older one, is
told from one that a person has changed or written.
"""

import hashlib
import re
from pathlib import Path
from typing import Final, Literal

from compas.setup.editors.registering import Done
from compas.setup.errors import SetupError
from compas.setup.new_file import overwrite, write_new

NAME: Final = "orchestrate"
FILE: Final = Path(__file__).with_name("SKILL.md")
_MARK = re.compile(r"\n<!-- placed by compas; sha256 ([0-9a-f]{64}) -->\n\Z")

Standing = Literal["absent", "current", "older", "foreign"]


def skill_text() -> str:
    """Return the skill as this version of compas has it, without a mark."""
    return FILE.read_text(encoding="utf-8")


def marked(text: str) -> str:
    """Return a skill as it is put in place."""
    return f"{text}\n<!-- placed by compas; sha256 {_digest(text)} -->\n"


def standing(found: str | None, text: str) -> Standing:
    """Say what a file is to a skill of this text: there and the same, an older one of ours, or a person's."""
    if found is None:
        return "absent"
    mark = _MARK.search(found)
    if mark is None or _digest(own := found[: mark.start()]) != mark.group(1):
        return "foreign"
    return "current" if own == text else "older"


def place_skill(skills: Path, *, is_dry: bool = False) -> Done:
    """See to it that the editor that reads `skills` has the skill; with `is_dry`, only say what that takes.

    Raises SetupError, also for one that is a person's, and OSError.
    """
    path, text = _path(skills), skill_text()
    match standing(_read(path), text):
        case "current":
            return Done(outcome="unchanged", text=f"has the skill {NAME} already: {path}")
        case "foreign":
            raise SetupError(_not_ours(path))
        case _ if is_dry:
            return Done(outcome="would_change", text=f"would write the skill {NAME} into {path}")
        case "absent":
            write_new(path, marked(text))
        case "older":
            overwrite(path, marked(text))
    return Done(outcome="changed", text=f"has the skill {NAME} now: {path}")


def take_skill(skills: Path, *, is_dry: bool = False) -> Done:
    """See to it that the editor that reads `skills` does not have the skill; with `is_dry`, only say what that takes.

    Raises SetupError, also for one that is a person's, and OSError.
    """
    path = _path(skills)
    match standing(_read(path), skill_text()):
        case "absent":
            return Done(outcome="unchanged", text=f"does not have the skill {NAME}; there is nothing to remove")
        case "foreign":
            raise SetupError(_not_ours(path))
        case _ if is_dry:
            return Done(outcome="would_change", text=f"would remove the skill {NAME}: {path}")
    path.unlink()
    if not any(path.parent.iterdir()):
        path.parent.rmdir()
    return Done(outcome="changed", text=f"does not have the skill {NAME} any more: {path} is removed")


def _path(skills: Path) -> Path:
    return skills / NAME / FILE.name


def _read(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return None


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _not_ours(path: Path) -> str:
    return f"{path} is not as compas put it there, so it was not touched; to have the skill of compas, move yours away"
