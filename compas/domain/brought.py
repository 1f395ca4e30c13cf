"""Which variables clients may bring to a supervisor in the background, and which of them count (decision 0039)."""

from collections.abc import Iterable, Mapping

import msgspec


class Family(msgspec.Struct, frozen=True, kw_only=True):
    """The variables of one vendor, which mean something together: a key, and where it is valid.

    `credentials` are those that make a shell worth listening to; `names` all that belong to them, a trailing `*`
    standing for the rest of a name.
    """

    credentials: tuple[str, ...]
    names: tuple[str, ...]

    def of(self, variables: Mapping[str, str]) -> dict[str, str]:
        """Return those of the family."""
        return {name: value for name, value in variables.items() if matches(name, self.names)}

    def is_in(self, variables: Mapping[str, str]) -> bool:
        """Say whether one of its credentials is set."""
        return any(variables.get(name) for name in self.credentials)


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What clients may bring: whole families, and `single` names, of which each counts by itself. `never` are those of
    a machine or a process, whatever else matches them."""

    families: tuple[Family, ...] = ()
    single: tuple[str, ...] = ()
    never: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Return every name, sorted; what a client is told."""
        return tuple(sorted({*self.single, *(name for family in self.families for name in family.names)}))


class Brought(msgspec.Struct, frozen=True, kw_only=True):
    """What clients have brought: it stands in the place of what the supervisor was started with.

    Of the families in `replaced` nothing counts but what is in `variables`.
    """

    variables: dict[str, str] = {}
    replaced: tuple[Family, ...] = ()


def matches(name: str, names: Iterable[str]) -> bool:
    """Say whether a name is one of `names`, of which some may end in `*`."""
    return any(name == one or (one.endswith("*") and name.startswith(one[:-1])) for one in names)


def in_force(started_with: Mapping[str, str], brought: Brought) -> dict[str, str]:
    """Return the environment that agents inherit from."""
    gone = [name for family in brought.replaced for name in family.names]
    return {name: value for name, value in started_with.items() if not matches(name, gone)} | brought.variables


def take(
    started_with: Mapping[str, str],
    brought: Brought,
    offered: Mapping[str, str],
    wanted: Wanted,
    *,
    only_missing: bool = False,
) -> Brought:
    """Return what counts after a client has offered its variables; the same object when nothing changes.

    The newest shell that has a credential of a family replaces that family, all of it: a key is not sent to the
    address of another. A shell without one changes nothing, since it says nothing. With `only_missing` nothing is
    replaced that is there.
    """
    offered = {name: value for name, value in offered.items() if not matches(name, wanted.never)}
    now = in_force(started_with, brought)
    variables, replaced = dict(brought.variables), list(brought.replaced)
    for family in wanted.families:
        own = family.of(offered)
        if not family.is_in(own) or (only_missing and family.is_in(now)) or own == family.of(now):
            continue
        variables = {name: value for name, value in variables.items() if not matches(name, family.names)} | own
        replaced += [] if family in replaced else [family]
    of_families = [name for family in wanted.families for name in family.names]
    for name, value in offered.items():
        is_single = matches(name, wanted.single) and not matches(name, of_families)
        if is_single and value and now.get(name) != value and not (only_missing and now.get(name)):
            variables[name] = value
    if variables == brought.variables and len(replaced) == len(brought.replaced):
        return brought
    return Brought(variables=variables, replaced=tuple(replaced))
