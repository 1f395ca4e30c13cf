"""Makes an editor know compas, or forget it, and says what was done; doing it again changes nothing."""

from typing import Literal

import msgspec

from compas.setup.editors.editor import Editor
from compas.setup.errors import SetupError
from compas.setup.registration import Entry, standing


class Done(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it for one editor. `changed` is false when all was as wanted already."""

    outcome: Literal["changed", "unchanged", "would_change"]
    text: str


def register(editor: Editor, wanted: Entry, *, is_dry: bool = False) -> Done:
    """See to it that the editor starts this compas; with `is_dry`, only say what that takes.

    Raises SetupError, also for an entry of our name that is not ours, and OSError.
    """
    found = editor.registered()
    state = standing(found, wanted)
    if state == "current":
        return Done(outcome="unchanged", text=f"is registered already: {wanted.in_words()}")
    if found is None:
        if is_dry:
            return _would(editor.adding(wanted))
        editor.add(wanted)
        return Done(outcome="changed", text=f"is registered: {wanted.in_words()} (in {editor.file})")
    if state == "foreign":
        raise SetupError(_not_ours(editor, found))
    if is_dry:
        return _would(f"replace {found.in_words()} by {wanted.in_words()} in {editor.file}")
    copy = editor.replace(found, wanted)
    text = f"is registered: {wanted.in_words()}, instead of {found.in_words()} (the file as it was: {copy})"
    return Done(outcome="changed", text=text)


def unregister(editor: Editor, wanted: Entry, *, is_dry: bool = False) -> Done:
    """See to it that the editor does not start compas; with `is_dry`, only say what that takes.

    Raises SetupError, also for an entry of our name that is not ours.
    """
    found = editor.registered()
    if found is None:
        return Done(outcome="unchanged", text="is not registered; there is nothing to remove")
    if standing(found, wanted) == "foreign":
        raise SetupError(_not_ours(editor, found))
    if is_dry:
        return _would(editor.removing())
    editor.remove()
    return Done(outcome="changed", text=f"is removed: {found.in_words()} (from {editor.file})")


def _would(text: str) -> Done:
    return Done(outcome="would_change", text=f"would {text}")


def _not_ours(editor: Editor, found: Entry) -> str:
    return (
        f"{editor.file} has another server under the name compas, which was not touched: {found.in_words()}; "
        f"if you do not need it, remove it with {editor.by_hand} and try again"
    )
