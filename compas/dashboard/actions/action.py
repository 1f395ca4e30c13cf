"""What an action is."""

from collections.abc import Callable

import msgspec

from compas.dashboard.actions.plan import Plan
from compas.dashboard.errand import Errand
from compas.dashboard.situation import Situation


class Action(msgspec.Struct, frozen=True, kw_only=True):
    """One action, by name.

    `refuse` says why it cannot be done now, nothing when it can; then `begin` returns what to ask before, or what to do
    at once on this machine.
    """

    name: str
    help: str
    refuse: Callable[[Situation], str]
    begin: Callable[[Situation], Plan | Errand]
