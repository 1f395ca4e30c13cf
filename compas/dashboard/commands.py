"""What can be done in the dashboard, by name: keys, mouse and tests all go through here."""

from collections.abc import Callable

import msgspec

from compas.dashboard.actions import conditions
from compas.dashboard.actions.all import ACTIONS
from compas.dashboard.doer import Doer
from compas.dashboard.keymap import TAB_TITLES
from compas.dashboard.situation import Situation


class Command(msgspec.Struct, frozen=True, kw_only=True):
    """One command: its name, its help text, and what it does. `refuse` says why it cannot be done now, if it cannot."""

    name: str
    help: str
    run: Callable[[Doer], None]
    refuse: Callable[[Situation], str] = conditions.always


def _page(kind: str, help_text: str) -> Command:
    return Command(name=f"open-{kind}", help=help_text, run=lambda it: it.open_page(kind), refuse=conditions.some)


def _on_page(name: str, help_text: str) -> Command:
    return Command(name=name, help=help_text, run=lambda it: it.pages.tell(name))


def _in_prompt(name: str, help_text: str) -> Command:
    return Command(name=name, help=help_text, run=lambda it: it.acting.tell(name))


def _action(name: str) -> Command:
    action = ACTIONS[name]
    return Command(name=name, help=action.help, run=lambda it: it.begin(name), refuse=action.refuse)


def _tab(number: int) -> Command:
    title = TAB_TITLES[number]
    return Command(name=f"tab-{title.lower()}", help=f"show {title}", run=lambda it: it.show_tab(number))


_ALL = (
    Command(name="down", help="go one line down", run=lambda it: it.move(1)),
    Command(name="up", help="go one line up; a page stops following", run=lambda it: it.move(-1)),
    Command(name="page-down", help="go one screen down", run=lambda it: it.move_pages(1)),
    Command(name="page-up", help="go one screen up", run=lambda it: it.move_pages(-1)),
    Command(name="first", help="go to the beginning", run=lambda it: it.move_to_end(is_last=False)),
    Command(name="last", help="go to the end; a page follows what comes", run=lambda it: it.move_to_end(is_last=True)),
    Command(name="open", help="show the thread's conversation, or fold a batch", run=lambda it: it.open_row()),
    _page("conversation", "show the thread's conversation"),
    _page("execution", "show the execution: input, output, steps, timeline"),
    _page("log", "show what an execution does and prints"),
    _page("diff", "show what the thread's work changes"),
    _page("why", "show how it came to this"),
    _page("diagnose", "show what is in its way, and what to do"),
    Command(name="open-events", help="show what is in the log", run=lambda it: it.open_page("events")),
    Command(name="next-tab", help="show the next tab", run=lambda it: it.step_tab(1)),
    Command(name="previous-tab", help="show the tab before", run=lambda it: it.step_tab(-1)),
    *map(_tab, range(len(TAB_TITLES))),
    Command(name="agent-history", help="show what the agent did", run=lambda it: it.tabs.show_history()),
    Command(name="mark", help="mark the row, or take the mark away", run=lambda it: it.tabs.mark()),
    Command(name="order", help="put the rows into another order", run=lambda it: it.tabs.next_order()),
    Command(name="fold-batch", help="fold the batch of the row, or unfold it", run=lambda it: it.tabs.fold()),
    Command(name="follow", help="follow the end, or stop following", run=lambda it: it.pages.toggle_follow()),
    _on_page("next-pane", "show the next part"),
    _on_page("previous-pane", "show the part before"),
    _on_page("input", "show what the agent was given"),
    _on_page("output", "show what it says"),
    _on_page("steps", "show what it does"),
    _on_page("timeline", "show when what happened"),
    _on_page("older", "show the execution before this one"),
    _on_page("newer", "show the execution after this one"),
    _on_page("raw", "show what was printed as it was printed, or laid out"),
    _on_page("details", "show more of each entry, or less"),
    _on_page("next-file", "go to the next file"),
    _on_page("previous-file", "go to the file before"),
    _on_page("fold", "fold the file, or unfold it"),
    _on_page("fold-all", "fold all files, or unfold them"),
    Command(name="search", help="look for something in the page", run=lambda it: it.edit_search()),
    Command(name="next-hit", help="go to the next place where it is found", run=lambda it: it.pages.next_hit(1)),
    Command(name="previous-hit", help="go to the place before", run=lambda it: it.pages.next_hit(-1)),
    *map(_action, ACTIONS),
    Command(name="palette", help="choose a command by its name", run=lambda it: it.open_palette()),
    _in_prompt("accept", "do it"),
    _in_prompt("dismiss", "leave it; what was typed is kept where it may be needed"),
    _in_prompt("next", "go to the next one"),
    _in_prompt("previous", "go to the one before"),
    _in_prompt("next-field", "go to the next field"),
    _in_prompt("previous-field", "go to the field before"),
    _in_prompt("new-line", "begin a new line"),
    _in_prompt("write", "write the text in your editor"),
    _in_prompt("left", "go left, or to the choice before"),
    _in_prompt("right", "go right, or to the next choice"),
    _in_prompt("start", "go to the beginning of the line"),
    _in_prompt("end", "go to the end of the line"),
    _in_prompt("erase-word", "erase the last word"),
    _in_prompt("erase-line", "erase the line up to here"),
    Command(name="filter", help="show only rows with the words typed next", run=lambda it: it.tabs.edit_filter()),
    Command(
        name="keep-filter", help="keep the filter and go back to the list", run=lambda it: it.tabs.end_filter(keep=True)
    ),
    Command(
        name="clear-filter",
        help="show all rows again, or take all marks away",
        run=lambda it: it.tabs.end_filter(keep=False),
    ),
    Command(name="erase", help="erase the last character", run=lambda it: it.erase()),
    Command(name="start-supervisor", help="start a supervisor when none runs", run=lambda it: it.start_supervisor()),
    Command(name="back", help="go back", run=lambda it: it.pages.back()),
    Command(name="help", help="show all keys", run=lambda it: it.open_page("help")),
    Command(name="quit", help="leave the dashboard; agents and supervisor go on", run=lambda it: it.quit()),
)

COMMANDS: dict[str, Command] = {command.name: command for command in _ALL}
