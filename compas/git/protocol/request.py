"""What every request to the git worker has in common: it names the type of its answer, and may change a repository.

File names are text for people: bytes that are not UTF-8 are shown as `\\xNN`. Commits are full object names.
"""

from typing import Generic, TypeVar, cast, get_args

import msgspec

R_co = TypeVar("R_co", covariant=True)


class Struct(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Frozen, keyword-only, tagged with its name, by which one kind of answer is told from another."""


class Request(msgspec.Struct, Generic[R_co], frozen=True, kw_only=True):
    """Something that is asked, with the type of its answer: `class Resolve(Request[Resolved], ...)`."""

    @classmethod
    def answer_type(cls) -> type[R_co]:
        """Return the type of the answer, a union where there are several kinds."""
        (base,) = cls.__orig_bases__  # type: ignore[attr-defined]
        (answer,) = get_args(base)
        return cast("type[R_co]", answer)


class Mutation(Request[R_co], frozen=True, kw_only=True):
    """A request that changes a repository: it carries the supervisor's epoch (design §2, two locks)."""

    epoch: int = 0
    """The worker's client fills it in; without it no worker heeds the request."""
