"""All tabs, in the order of the screen; the dashboard begins with the first.

Adding a tab: write one file beside this one, or a folder if it has sections and columns of its own, with a class that
is a `Tab`, and name it here. Its rows are of `Row`, with more fields if it needs them. Enter opens the conversation of
the row's thread; where it should do something else, the tab has that among its `keys`, and hints, help and
docs/hotkeys.md follow. Selection, place and filter are kept for each tab by the controller.
"""

from compas.dashboard.tabs.ops.ops_tab import Ops
from compas.dashboard.tabs.tab import Tab

TABS: tuple[Tab, ...] = (Ops(),)
