"""Parameters that several operations take."""

from typing import Annotated

from msgspec import Meta

from compas.api.operation import IS_PATH

ThreadName = Annotated[str, Meta(description="thread")]


RepositoryPath = Annotated[str | None, Meta(description="name or path, where the thread has several", extra=IS_PATH)]


Force = Annotated[
    bool,
    Meta(description="only on the operator's word: merge it whatever reviewers say"),
]
