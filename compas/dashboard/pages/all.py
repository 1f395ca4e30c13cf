"""All kinds of pages.

Adding a page: write one file beside this one, with a class that is a `Page` and whose `open` makes one or says why
there is none (see `PageKind`), and name the class here. Then give it a way in: a command `open-KIND` in `commands.py`,
and a key for it in `keymap.py`. Hints, help and docs/hotkeys.md follow from these.
"""

from compas.dashboard.pages.conversation_page import ConversationPage
from compas.dashboard.pages.diagnose_page import DiagnosePage
from compas.dashboard.pages.diff_page import DiffPage
from compas.dashboard.pages.events_page import EventsPage
from compas.dashboard.pages.execution_page import ExecutionPage
from compas.dashboard.pages.help_page import HelpPage
from compas.dashboard.pages.log_page import LogPage
from compas.dashboard.pages.page import PageKind
from compas.dashboard.pages.why_page import WhyPage

PAGES: tuple[PageKind, ...] = (
    ConversationPage,
    ExecutionPage,
    LogPage,
    DiffPage,
    WhyPage,
    DiagnosePage,
    EventsPage,
    HelpPage,
)
