"""All tabs, in the order of the screen; the dashboard begins with the first.

Adding a tab: write one file beside this one, or a folder if it has sections and columns of its own, with a class that
is a `Tab`, name it here, and its title in `TAB_TITLES` of `keymap.py`, from which its key and its command follow. Its
rows are of `Row`, with more fields if it needs them. Enter opens the conversation of the row's thread; where it should
do something else, the tab has that among its `keys`, and hints, help and docs/hotkeys.md follow. What it needs beside
the board, it names in `needs`. Selection, place, filter, marks and folds are kept for each tab by the controller.
"""

from compas.dashboard.tabs.agents_tab import Agents
from compas.dashboard.tabs.costs_tab import Costs
from compas.dashboard.tabs.history_tab import HistoryTab
from compas.dashboard.tabs.merges_tab import Merges
from compas.dashboard.tabs.ops.ops_tab import Ops
from compas.dashboard.tabs.settings_tab import Settings
from compas.dashboard.tabs.tab import Tab

TABS: tuple[Tab, ...] = (
    Ops(),
    Agents(),
    HistoryTab(),
    Settings(),
    Merges(),
    Costs(),
)
