"""A tab or a page of the dashboard is one file and one line: nothing but its list knows it by name."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.architecture.source_tree import read_modules, within

Plant = Callable[[dict[str, str]], Path]

DASHBOARD = "compas.dashboard"

LISTS: dict[str, str] = {
    # a folder   what its files are, the only thing of it that the rest of the dashboard knows
    f"{DASHBOARD}.tabs": f"{DASHBOARD}.tabs.tab",
    f"{DASHBOARD}.pages": f"{DASHBOARD}.pages.page",
}

MAY_NAME_A_LIST: dict[str, tuple[str, ...]] = {
    f"{DASHBOARD}.app": (f"{DASHBOARD}.tabs.all", f"{DASHBOARD}.pages.all"),
    # Describes the keys that are a tab's own.
    f"{DASHBOARD}.hotkeys": (f"{DASHBOARD}.tabs.all",),
}


def names_known(root: Path) -> list[str]:
    """Return each import of a tab, a page or a list by a module that is to know none."""
    return [
        module.at(item.line, f"imports {item.target}; of {folder} it may import {protocol}")
        for module in read_modules(root)
        for folder, protocol in LISTS.items()
        for item in module.imports
        if within(item.target, folder)
        and not within(item.target, protocol, *MAY_NAME_A_LIST.get(module.name, ()))
        and module.name != f"{folder}.all"
        and not within(item.target, _own(module.name, folder))
    ]


def _own(name: str, folder: str) -> str:
    """Return the tab or page that a module is a part of; one outside the folder is a part of none."""
    return ".".join(name.split(".")[: folder.count(".") + 2]) if within(name, folder) else name


def test_only_the_lists_know_tabs_and_pages_by_name(repository: Path) -> None:
    assert names_known(repository) == []


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("compas/dashboard/controller.py", "from compas.dashboard.tabs.ops.ops_tab import Ops"),
        ("compas/dashboard/controller.py", "from compas.dashboard.tabs.all import TABS"),
        ("compas/dashboard/frame.py", "from compas.dashboard.pages.help_page import HelpPage"),
        ("compas/dashboard/frame.py", "from compas.dashboard.tabs.ops import sections"),
        ("compas/dashboard/app.py", "from compas.dashboard.pages.log_page import LogPage"),
        ("compas/dashboard/page_stack.py", "def f():\n    from compas.dashboard.pages.all import PAGES"),
        ("compas/dashboard/hotkeys.py", "from compas.dashboard.pages.all import PAGES"),
        ("compas/dashboard/tabs/agents.py", "from compas.dashboard.tabs.ops.row import OpsRow"),
        ("compas/dashboard/tabs/agents.py", "from compas.dashboard.pages.log_page import LogPage"),
        ("compas/dashboard/pages/why_page.py", "from compas.dashboard.tabs.all import TABS"),
        ("compas/dashboard/pages/why_page.py", "from compas.dashboard.pages.log_page import LogPage"),
        ("compas/cli/commands/dashboard.py", "from compas.dashboard.tabs.all import TABS"),
    ],
)
def test_a_module_that_names_a_tab_or_a_page_is_found(plant: Plant, path: str, line: str) -> None:
    assert len(names_known(plant({path: line}))) == 1


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("compas/dashboard/app.py", "from compas.dashboard.pages.all import PAGES"),
        ("compas/dashboard/controller.py", "from compas.dashboard.tabs.tab import Tab"),
        ("compas/dashboard/tabs/all.py", "from compas.dashboard.tabs.ops.ops_tab import Ops"),
        ("compas/dashboard/tabs/ops/ops_tab.py", "from compas.dashboard.tabs.ops.row import OpsRow"),
        ("compas/dashboard/pages/log_page.py", "from compas.dashboard.pages.page import Subject"),
    ],
)
def test_a_list_and_the_parts_of_one_tab_may_name_each_other(plant: Plant, path: str, line: str) -> None:
    assert names_known(plant({path: line})) == []
