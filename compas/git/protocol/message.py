"""What every message between the supervisor and the git worker has in common."""

from typing import Literal

import msgspec

Lane = Literal["short", "long", "check"]
"""`check` is for what runs the operator's own commands, which take as long as they take."""


class Struct(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Frozen, keyword-only, tagged with its name: everything that crosses to the worker."""


class Mutation(Struct, frozen=True, kw_only=True):
    """A request that changes a repository: it carries the supervisor's epoch (design §2, two locks)."""

    epoch: int
