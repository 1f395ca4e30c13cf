"""What the operator has to know while the config file is not what is in force, in the same words everywhere."""

REFUSED = "the config file cannot be used as it is now, so the last good one stays in force"
MOST_ERRORS = 40
"""Errors that are kept and shown at most."""


def kept_errors(errors: tuple[str, ...]) -> tuple[str, ...]:
    """Return the errors as they are recorded: of many, the first ones, and how many more there are."""
    more = len(errors) - MOST_ERRORS
    return errors if more <= 0 else (*errors[:MOST_ERRORS], f"and {more} more")


def notices(errors: tuple[str, ...], waiting: tuple[str, ...]) -> tuple[str, ...]:
    """Return one sentence for a file that is refused, and one for keys that wait for a restart (c-config 47, 50)."""
    found = []
    if errors:
        rest = len(errors) - 1
        more = f" (and {rest} more: `compas reload` lists them)" if rest else ""
        found.append(f"{REFUSED}: {errors[0]}{more}; correct the file, it is taken up by itself")
    if waiting:
        verb = "waits" if len(waiting) == 1 else "wait"
        found.append(f"changed in the config file, {verb} for `compas restart`: {', '.join(waiting)}")
    return tuple(found)
