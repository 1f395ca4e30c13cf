"""Checks of `hooks`: names are unique, and filters look at what there is."""

from collections.abc import Iterator

from compas.config.checks.draft import Draft, Problem, error, warning
from compas.config.schema.hooks import Hook, Hooks
from compas.domain.outbox.points import ALWAYS, FIELDS, POINTS
from compas.domain.outbox.specs import Point
from compas.suggest import did_you_mean


def all_hooks(hooks: Hooks) -> Iterator[tuple[Point, int, Hook]]:
    """Yield each hook with its point and its index there, in the order in which they are told of one event."""
    for point in POINTS:
        for index, hook in enumerate(getattr(hooks, point)):
            yield point, index, hook


def name_of(point: Point, index: int, hook: Hook) -> str:
    """Return what a hook is called, whether it was given a name or not."""
    return hook.name or point.removeprefix("on_") + (f"-{index + 1}" if index else "")


def names(draft: Draft) -> Iterator[Problem]:
    """Every name is one hook's: commands and the log know it by that."""
    seen: set[str] = set()
    for point, index, hook in all_hooks(draft.file.hooks):
        name = name_of(point, index, hook)
        if name in seen:
            yield error(("hooks", point, index, "name"), f"another hook is called {name!r} too; give it a name")
        seen.add(name)


def filters(draft: Draft) -> Iterator[Problem]:
    """A filter on a field that events of this point do not have lets nothing through (c-config 68)."""
    for point, index, hook in all_hooks(draft.file.hooks):
        known = (*ALWAYS, *FIELDS[point])
        for name in hook.filter or {}:
            if name not in known:
                meant = did_you_mean(name, known)
                sentence = (
                    f"{point} has no field {name!r}, so this hook never runs{meant}; there are {', '.join(known)}"
                )
                yield warning(("hooks", point, index, "filter", name), sentence)
