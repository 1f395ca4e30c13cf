"""A text of several lines in one."""


def in_short(text: str) -> str:
    """Return the first line that says something; one that ends with a colon says little without the next."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return " ".join(lines[: 2 if lines and lines[0].endswith(":") else 1])
