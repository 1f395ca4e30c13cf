"""What can go wrong with the state on disk, told apart by what the caller can do about it."""

from compas.errors import CompasError


class StoreError(CompasError):
    """The root of every error the store raises on purpose."""


class StoreUnavailable(StoreError):  # noqa: N818 - the name says what is the case
    """The disk or the file would not do it now: full, failing, read-only, locked or damaged.

    Nothing of what was asked took effect. The store itself stays usable and works again when the cause has gone.
    """


class StoreGone(StoreUnavailable):
    """The file was removed, moved or replaced under the open connection: what is written there, nobody reads again."""


class StoreClosed(StoreError):  # noqa: N818 - the name says what is the case
    """The store was closed, because whoever opened it ends. Nothing of what was asked took effect."""


class StoreRefused(StoreError):  # noqa: N818 - the name says what is the case
    """The file is not one this compas may use: no database, somebody else's, or from a newer version."""


class StoreNewer(StoreRefused):
    """A newer compas wrote the file: it is whole, and this compas cannot read it."""


class EpochLost(StoreError):  # noqa: N818 - the name says what is the case
    """Another supervisor took over the state directory; this one may not write any more."""


class UnreadableEvent(StoreError):  # noqa: N818 - the name says what is the case
    """The log holds an event this version of compas cannot read; the message names its position."""
