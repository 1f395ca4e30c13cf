"""Which repository a dispatch works in, and whether a thread that there is may be given it."""

from collections.abc import Collection
from typing import Literal

import msgspec

from compas.domain.decision import Refusal

By = Literal["named", "agent", "caller", "default"]
"""What decided: the request, the agent's own `workdir`, where the caller stands, or `default_workdir`."""


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """A repository of the config: the root of its checkout, and how the config spells its path."""

    path: str
    spelt: str

    @property
    def name(self) -> str:
        """What people call it: how its directory is called."""
        return name_of(self.path)


def name_of(path: str) -> str:
    """Return what people call the repository at this path: how its directory is called."""
    return path.rstrip("/").rpartition("/")[2] or path


class Surroundings(msgspec.Struct, frozen=True, kw_only=True):
    """What a decision looks at. Repositories are the roots of their checkouts; None is a directory in none.

    `listed` begins with that of `default_workdir`, where it is in one. `agents_own` is that of the agent's own
    `workdir`, which `has_own` says it has. `stands_in` is where the caller stands, listed or not; for an agent that
    stands in none that is listed, `works_in` is what its thread works in.
    """

    listed: tuple[Listed, ...]
    default: str | None
    has_own: bool = False
    agents_own: str | None = None
    stands_in: str | None = None
    works_in: str | None = None

    @property
    def paths(self) -> frozenset[str]:
        """The listed repositories."""
        return frozenset(one.path for one in self.listed)


class Chosen(msgspec.Struct, frozen=True, kw_only=True):
    """The repository, and what decided. None leaves each agent in its own directory, as it is outside of any.

    `passed_over` is the repository that the caller stands in, where it is not listed and the default came instead.
    """

    repository: str | None
    by: By
    passed_over: str | None = None


def choose(around: Surroundings, named: str | None) -> Chosen:
    """Return where a thread that is opened works; `named` is a listed repository that the request names.

    The first of these: what is named, the agent's own directory, where the caller stands, `default_workdir`.
    """
    if named is not None:
        return Chosen(repository=named, by="named")
    if around.has_own:
        return Chosen(repository=around.agents_own, by="agent")
    if around.stands_in in around.paths:
        return Chosen(repository=around.stands_in, by="caller")
    if around.works_in in around.paths:
        return Chosen(repository=around.works_in, by="caller")
    return Chosen(repository=around.default, by="default", passed_over=around.stands_in)


def find_named(listed: Collection[Listed], wanted: str, stands_in: str | None) -> str | Refusal:
    """Return the listed repository that `wanted` names: by its name, or by a path, which is in `stands_in`."""
    if not wanted.startswith("/"):
        found = {one.path for one in listed if one.name == wanted}
        if len(found) == 1:
            return found.pop()
        if found:
            several = ", ".join(sorted(found))
            sentence = f"several repositories are called {wanted!r}; give the path of one: {several}"
            return Refusal(code="ambiguous_repository", message=sentence)
    elif stands_in is not None and stands_in in {one.path for one in listed}:
        return stands_in
    known = ", ".join(f"{one.name} ({one.path})" for one in listed) or "none"
    sentence = f"the config lists no repository {wanted!r}; it lists: {known}"
    return Refusal(code="unknown_repository", message=sentence)


def refuse_another(thread: str, has: Collection[str], named: str) -> Refusal:
    """Say why a thread cannot work in the repository that is named for it.

    `has` are those it works in, or has worked in: none where its agents have only worked in their own directories.
    """
    there = f"works in {', '.join(has)}" if has else "has agents that work in their own directories"
    sentence = f"thread {thread} {there}, and a thread keeps its repository; name another thread for work in {named}"
    return Refusal(code="other_repository", message=sentence)


def refuse_unlisted(thread: str, repository: str) -> Refusal:
    """Say why nothing is done in a thread whose repository was taken out of the config."""
    sentence = (
        f"thread {thread} works in {repository}, which the config does not list any more, so nothing was started. Its "
        "work is kept: it can be read and merged. It goes on once the operator lists the repository again"
    )
    return Refusal(code="repository_not_listed", message=sentence)


def note_of(chosen: Chosen, default: str, *, is_person: bool) -> str | None:
    """Tell a caller that it stands in a repository that was passed over, and what was taken instead."""
    if chosen.passed_over is None:
        return None
    said = f"{chosen.passed_over} is not listed in the config, so the work is done in {chosen.repository or default}"
    return f"{said}; `compas init` there lists it" if is_person else said
