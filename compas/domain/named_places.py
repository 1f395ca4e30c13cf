"""Whether the places that a caller names are those of the supervisor that answers: one may run for a file already."""

from msgspec import Struct


class NamedPlaces(Struct, frozen=True, kw_only=True):
    """A config file as it is named, the directory where its relative paths begin, and a state directory; directories
    are without symbolic links. A caller whose environment names no state directory names none."""

    config: str
    begins_at: str
    state_dir: str | None


def difference(named: NamedPlaces, own: NamedPlaces, *, has_relative_paths: bool) -> str | None:
    """Say why a caller that names these places is not answered by the supervisor of `own`; None where nothing differs.

    `has_relative_paths` tells whether what the config file means depends on where it is named.
    """
    if named.state_dir is not None and named.state_dir != own.state_dir:
        return (
            f"COMPAS_STATE_DIR names {named.state_dir}, and the supervisor that runs for {own.config} has the state "
            f"directory {own.state_dir}; unset COMPAS_STATE_DIR to ask that one, or name "
            "a config file of its own for the other directory"
        )
    if has_relative_paths and named.begins_at != own.begins_at:
        return (
            f"{named.config} and {own.config} are one file, and the supervisor that runs for it was started by the "
            f"second name: its relative paths begin at {own.begins_at}, and not at {named.begins_at}; name it as "
            f"`--config {own.config}`, or stop that supervisor first"
        )
    return None
