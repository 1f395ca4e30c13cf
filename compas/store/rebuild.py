"""Makes read models anew from the log alone."""

from compas.store.connection import Database
from compas.store.projector import Projector


def rebuild(database: Database, projector: Projector) -> None:
    """Drop every read model and replay the whole log into it, in one transaction: readers see the old or the new."""
    with database.transaction():
        for projection in projector.projections:
            projector.drop(database, projection)
        projector.catch_up(database)
