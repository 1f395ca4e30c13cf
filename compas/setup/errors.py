"""What keeps a set-up from being made."""

from compas.errors import CompasError


class SetupError(CompasError):
    """Nothing was changed, or what was changed is said."""
