"""The keymap is whole: every key means one thing, every command has a key, and the document says the same."""

from collections import Counter

from compas.api.areas import AREAS
from compas.dashboard.advice_keys import COMMANDS_OF, with_keys
from compas.dashboard.commands import COMMANDS
from compas.dashboard.hotkeys import document
from compas.dashboard.keymap import KEYMAP, WHERE, bindings_in, command_for
from compas.dashboard.page_keys import PAGE_KEYS
from compas.dashboard.pages.all import PAGES
from compas.dashboard.tabs.all import TABS
from compas.domain.advice import advise, say
from compas.domain.dashboard_keys import RESERVED
from tests.kit.places import REPOSITORY


def test_a_key_means_one_command_in_each_context() -> None:
    for bindings in (*map(bindings_in, WHERE), *(tab.keys for tab in TABS), *PAGE_KEYS.values()):
        keys = Counter(key for binding in bindings for key in binding.keys)
        assert {key for key, count in keys.items() if count > 1} == set()


def test_every_binding_has_a_command_and_every_command_a_key() -> None:
    own = [binding for bindings in (*(tab.keys for tab in TABS), *PAGE_KEYS.values()) for binding in bindings]
    assert {binding.command for binding in (*KEYMAP, *own)} == set(COMMANDS)
    assert all(command_for(context, binding.keys[0]) for binding in KEYMAP for context in binding.contexts)


def test_the_document_of_the_keys_is_current() -> None:
    written = (REPOSITORY / "docs" / "hotkeys.md").read_text()
    assert written == document(), "run `python -m compas.dashboard.hotkeys`"


def test_advice_names_keys_that_do_what_it_says() -> None:
    assert set(COMMANDS_OF) <= set(AREAS)
    assert set(COMMANDS_OF.values()) <= {one.command for one in bindings_in("page")}
    assert with_keys(say("now ", advise("close", thread_id="t1"), " it")) == "now compas close t1 [C] it"


def test_no_key_of_a_list_or_a_page_can_be_given_away_in_the_config() -> None:
    own = [binding for bindings in (*(tab.keys for tab in TABS), *PAGE_KEYS.values()) for binding in bindings]
    bound = {key for one in (*bindings_in("list"), *bindings_in("page"), *own) for key in one.keys}
    assert bound <= RESERVED


def test_keys_of_a_page_are_those_of_a_kind_there_is() -> None:
    assert {page.kind: page.keys for page in PAGES if page.keys} == dict(PAGE_KEYS)


def test_every_kind_of_page_has_its_one_command() -> None:
    kinds = [page.kind for page in PAGES]
    opened = _Opened()
    for command in COMMANDS.values():
        if command.name == "help" or command.name.startswith("open-"):
            command.run(opened)  # type: ignore[arg-type]
    assert sorted(opened.kinds) == sorted(kinds)
    assert len(kinds) == len(set(kinds))


class _Opened:
    """Notes which pages are opened."""

    def __init__(self) -> None:
        self.kinds: list[str] = []

    def open_page(self, kind: str) -> None:
        self.kinds.append(kind)
