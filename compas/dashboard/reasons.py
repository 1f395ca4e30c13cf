"""Says why something failed beside the word for how it did. Pure."""

from compas.dashboard.lines import one_line


def reason_of(word: str, error: str | None) -> str:
    """Return an error in one line, without the word that stands before it anyway."""
    text = one_line(error or "")
    return text[len(word) + 1 :].lstrip() if text.casefold().startswith(f"{word}:") else text
