"""All actions, in the order in which the palette offers them.

Adding an action: write it beside those it is like, or in a file beside this one, and name the list here. Then give it a
key in `keymap.py` and `domain/dashboard_keys.py`; palette, help and docs/hotkeys.md follow.
"""

from compas.dashboard.actions.action import Action
from compas.dashboard.actions.ending import ENDING
from compas.dashboard.actions.machine import MACHINE
from compas.dashboard.actions.merging import MERGING
from compas.dashboard.actions.outside import OUTSIDE
from compas.dashboard.actions.scheduling import SCHEDULING
from compas.dashboard.actions.talking import TALKING

_ALL = (*TALKING, *MERGING, *ENDING, *OUTSIDE, *SCHEDULING, *MACHINE)

ACTIONS: dict[str, Action] = {action.name: action for action in _ALL}
