"""Lists a configuration key by key for people: each value, and whether the file, a default or the machine gave it."""

from collections.abc import Iterator

from msgspec import structs

from compas.config.checks.draft import Draft
from compas.config.config import Setting, Source
from compas.config.findings import KeyPath, Report
from compas.config.schema.agents import AgentEntry
from compas.config.schema.declared import Declared, is_section, item_types, keys
from compas.config.schema.key import Effect, Section

HIDDEN = frozenset({"env"})
"""Keys of which only the names inside are shown."""
LONGEST = 200
"""Characters of a value."""
NAMED_BY = ("alias", "name", "path")
"""What an item of a list is called after: the first of these that it has."""


def settings_of(draft: Draft, report: Report) -> tuple[Setting, ...]:
    """Return the settings in the order of the schema; of items of lists, only what somebody has set."""
    return tuple(_Listing(draft, report).section(draft.file, (), (), Effect.LIVE))


class _Listing:
    def __init__(self, draft: Draft, report: Report) -> None:
        self._draft = draft
        self._report = report

    def section(self, value: Section, path: KeyPath, name: KeyPath, above: Effect) -> Iterator[Setting]:
        """Yield the keys of a section, and of those in it; `name` is its path as people write it."""
        for declared in keys(type(value)).values():
            effect = declared.key.effect if above is Effect.LIVE else above
            if effect is Effect.NEVER:
                continue
            found = getattr(value, declared.field)
            at, called = (*path, declared.name), (*name, declared.name)
            if declared.name == "agent_defaults" and not path:
                continue  # each agent says what it has from there
            if declared.name == "agents" and not path:
                yield from self._agents(effect)
            elif _holds_sections(declared):
                yield from self._items(found, at, called, effect)
            elif isinstance(found, Section):
                yield from self.section(found, at, called, effect)
            elif not (any(is_section(option) for option in declared.types) and found is None):
                yield self._setting(declared, found, at, called, effect)

    def _agents(self, effect: Effect) -> Iterator[Setting]:
        for agent in self._draft.agents:
            for declared in keys(AgentEntry).values():
                found, at = getattr(agent.entry, declared.field), ("agents", agent.index, declared.name)
                is_inherited = declared.name in agent.inherited
                is_set = self._report.line_of(at) is not None
                if declared.name == "alias" or not (is_set or (is_inherited and found)):
                    continue
                called: KeyPath = ("agents", agent.entry.alias, declared.name)
                if is_inherited and not is_set:
                    line = self._report.line_of(("agent_defaults", declared.name))
                    yield _one(declared, found, called, "agent_defaults", line, effect)
                else:
                    yield _one(declared, found, called, "file", self._report.line_of(at), effect)

    def _items(self, items: object, path: KeyPath, name: KeyPath, effect: Effect) -> Iterator[Setting]:
        if not isinstance(items, tuple):
            return
        for index, item in enumerate(items):
            if not isinstance(item, Section):
                continue
            title = next((str(getattr(item, key)) for key in NAMED_BY if getattr(item, key, None)), str(index))
            for setting in self.section(item, (*path, index), (*name, title), effect):
                if setting.source == "file":
                    yield setting

    def _setting(self, declared: Declared, value: object, path: KeyPath, name: KeyPath, effect: Effect) -> Setting:
        if path == ("state_dir",):
            value = self._draft.state_dir
            if self._draft.state_dir_is_override:
                return _one(declared, value, name, "environment", None, effect)
        if path == ("orchestration", "max_concurrent_triggers") and value is None:
            value = self._draft.concurrency
        line = self._report.line_of(path)
        return _one(declared, value, name, "default" if line is None else "file", line, effect)


def _holds_sections(declared: Declared) -> bool:
    return any(is_section(item) for option in declared.types for item in item_types(option))


def _one(declared: Declared, value: object, name: KeyPath, source: Source, line: int | None, effect: Effect) -> Setting:
    shown = ", ".join(value) if declared.name in HIDDEN and isinstance(value, dict) else _in_words(value)
    if value is None and declared.key.default is not None:
        shown = declared.key.default
    return Setting(
        key=".".join(map(str, name)),
        value=shown if len(shown) <= LONGEST else f"{shown[:LONGEST]}…",
        source=source,
        line=line or 0,
        effect=effect.value,
        doc=declared.key.doc,
    )


def _in_words(value: object) -> str:
    match value:
        case None:
            return "none"
        case bool():
            return str(value).lower()
        case tuple() | list():
            return ", ".join(map(_in_words, value)) or "none"
        case dict():
            return ", ".join(f"{name}={_in_words(one)}" for name, one in value.items()) or "none"
        case Section():
            said = {name: one for name, one in structs.asdict(value).items() if one is not None}
            return ", ".join(f"{name}: {_in_words(one)}" for name, one in said.items())
    return " ".join(str(value).split())
