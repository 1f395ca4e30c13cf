"""What a merge agrees on with its thread before it moves a target, in the thread's stream."""

from compas.domain.facts.event import Fact


class PublicationBegun(Fact, frozen=True, kw_only=True, tag="thread.publication_begun"):
    """A merge operation is about to move `target` to this thread's work: nothing ends the thread until that is over."""

    op: str
    repository: str
    target: str


class PublicationOver(Fact, frozen=True, kw_only=True, tag="thread.publication_over"):
    """The operation has moved its target, or will not: the thread may end again."""

    op: str
