"""Makes an editor know compas, or forget it, and says what was done; doing it again changes nothing."""

from collections.abc import Callable
from pathlib import Path
from typing import Literal

import msgspec

from compas.setup.editors.editor import Editor
from compas.setup.errors import SetupError
from compas.setup.registration import Entry, standing

Outcome = Literal["changed", "unchanged", "would_change"]


class Done(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it for one editor. `changed` is false when all was as wanted already."""

    outcome: Outcome
    text: str


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """What is told of one editor: what was done or why not, in which file, and what a person does next, if anything."""

    tool: str
    outcome: Outcome | Literal["failed"]
    text: str
    file: str
    is_installed: bool
    next_step: str = ""


def attempt(tool: str, editor: Editor, wanted: Entry, *, is_removing: bool, is_dry: bool) -> Result:
    """Register or unregister with one editor of several; a failure is told like the rest."""
    act = unregister if is_removing else register
    result = told(tool, editor.file, lambda: act(editor, wanted, is_dry=is_dry), is_installed=editor.path is not None)
    is_new = result.outcome == "changed" and not is_removing
    return msgspec.structs.replace(result, next_step=editor.after_registering) if is_new else result


def told(tool: str, file: Path, act: Callable[[], Done], *, is_installed: bool) -> Result:
    """Do something to an editor, in a file of its; a failure is told like the rest."""
    try:
        done = act()
    except (SetupError, OSError) as error:
        return Result(tool=tool, outcome="failed", text=str(error), file=str(file), is_installed=is_installed)
    return Result(tool=tool, outcome=done.outcome, text=done.text, file=str(file), is_installed=is_installed)


def register(editor: Editor, wanted: Entry, *, is_dry: bool = False) -> Done:
    """See to it that the editor starts this compas; with `is_dry`, only say what that takes.

    Raises SetupError, also for an entry of our name that is not ours, and OSError.
    """
    found = editor.registered()
    state = standing(found, wanted)
    if found is None:
        if is_dry:
            return _would(editor.adding(wanted))
        copy = editor.add(wanted)
        return Done(outcome="changed", text=f"is registered: {wanted.in_words()} (in {_place(editor, copy)})")
    if state == "current":
        off = "" if found.is_enabled else f"; but it is switched off in {editor.file}"
        return Done(outcome="unchanged", text=f"is registered already: {wanted.in_words()}{off}")
    if state == "foreign":
        raise SetupError(_not_ours(editor, found))
    if is_dry:
        if (found.command, found.args) == (wanted.command, wanted.args):
            return _would(f"have {', '.join(found.lacks)} passed on to {found.in_words()} in {editor.file}")
        return _would(f"replace {found.in_words()} by {wanted.in_words()} in {editor.file}")
    copy = editor.replace(found, wanted)
    changed = f", instead of {found.in_words()}" if (found.command, found.args) != (wanted.command, wanted.args) else ""
    passed = f", and is given {', '.join(found.lacks)}" if found.lacks else ""
    text = f"is registered: {wanted.in_words()}{changed}{passed} (in {_place(editor, copy)})"
    return Done(outcome="changed", text=text)


def unregister(editor: Editor, wanted: Entry, *, is_dry: bool = False) -> Done:
    """See to it that the editor does not start compas; with `is_dry`, only say what that takes.

    Raises SetupError, also for an entry of our name that is not ours, and OSError.
    """
    found = editor.registered()
    if found is None:
        return Done(outcome="unchanged", text="is not registered; there is nothing to remove")
    if standing(found, wanted) == "foreign":
        raise SetupError(_not_ours(editor, found))
    if is_dry:
        return _would(editor.removing())
    copy = editor.remove()
    return Done(outcome="changed", text=f"is removed: {found.in_words()} (from {_place(editor, copy)})")


def _would(text: str) -> Done:
    return Done(outcome="would_change", text=f"would {text}")


def _place(editor: Editor, copy: Path | None) -> str:
    return str(editor.file) if copy is None else f"{editor.file}; the file as it was: {copy}"


def _not_ours(editor: Editor, found: Entry) -> str:
    return (
        f"{editor.file} has another server under the name compas, which was not touched: {found.in_words()}; "
        f"if you do not need it, remove it with {editor.by_hand} and try again"
    )
