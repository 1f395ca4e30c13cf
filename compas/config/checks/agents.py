"""Checks of single agents: alias, backend, flags, environment, and what they inherit."""

from collections.abc import Iterator

from compas.backends.profiles import BY_NAME, PROFILES
from compas.config.checks.draft import Draft, Problem, error, warning
from compas.domain.specs import OPERATOR, SCRIPTED_BACKEND
from compas.suggest import did_you_mean

_DANGEROUS = frozenset(flag for each in PROFILES for flag in (each.bypass_flag, *each.other_bypass_flags))
_SENSITIVE = frozenset(
    {
        "PATH",
        "HOME",
        "SHELL",
        "USER",
        "LD_PRELOAD",
        "LD_LIBRARY_PATH",
        "DYLD_INSERT_LIBRARIES",
        "DYLD_LIBRARY_PATH",
    }
)


def some_agent(draft: Draft) -> Iterator[Problem]:
    """Without an agent there is nothing to dispatch to; without a worker nothing ever runs."""
    if not draft.agents:
        yield error(("agents",), "at least one agent is needed")
    elif not draft.working:
        yield warning(("agents",), "no agent has the role worker, so nothing is ever started")


def aliases(draft: Draft) -> Iterator[Problem]:
    """Aliases differ, in more than case: they name branches, and files where case may not count (c-config 16, 17)."""
    seen: dict[str, str] = {}
    for agent in draft.agents:
        alias, path = agent.entry.alias, ("agents", agent.index, "alias")
        other = seen.get(alias.casefold())
        if alias and other is None:
            seen[alias.casefold()] = alias
        elif alias and other == alias:
            yield error(path, f"another agent is called {alias!r} too; aliases are unique")
        elif alias:
            yield error(path, f"{alias!r} and {other!r} differ only in case; choose names that differ in more")
        if alias.casefold() == OPERATOR and agent.entry.role == "worker":
            sentence = f"{alias!r} means the person who operates compas; name the agent otherwise or set role: operator"
            yield error(path, sentence)


def backends(draft: Draft) -> Iterator[Problem]:
    """Every agent runs on a backend that exists, and says so where that backend needs more (c-config 19)."""
    for agent in draft.agents:
        entry, path = agent.entry, agent.path("backend")
        who = f"agent {entry.alias!r}"
        if entry.backend is None:
            yield error(path, f"{who} has no backend; set it here or in agent_defaults")
        elif entry.backend not in draft.backends:
            known = ", ".join(sorted(set(draft.backends)))
            meant = did_you_mean(entry.backend, draft.backends)
            yield error(path, f"{who} has the backend {entry.backend!r}; known are {known}{meant}")
        if entry.backend == SCRIPTED_BACKEND and entry.script is None:
            yield error(agent.path("script"), f"{who} is on the backend {SCRIPTED_BACKEND} and needs a script to play")
        elif entry.backend != SCRIPTED_BACKEND and entry.script is not None:
            yield error(agent.path("script"), f"a script is played only by the backend {SCRIPTED_BACKEND}")


def safety_mode(draft: Draft) -> Iterator[Problem]:
    """An agent on a built-in backend works without asking; its author should have said so (design §11)."""
    for agent in draft.agents:
        profile = BY_NAME.get(agent.entry.backend or "")
        if agent.entry.role != "worker" or profile is None or agent.entry.safety_mode is not None:
            continue
        who, flag = f"agent {agent.entry.alias!r} runs {profile.name}", profile.bypass_flag
        if profile.confinement:
            sentence = f"{who} {profile.confinement}; safety_mode: auto_approve gives {flag} instead"
        else:
            sentence = f"{who} with {flag}, without asking; acknowledge it by safety_mode: auto_approve"
        yield warning(("agents", agent.index, "safety_mode"), sentence)


def flags(draft: Draft) -> Iterator[Problem]:
    """Flags that switch permission prompts off are either there already or not expected there (c-config 39)."""
    for agent in draft.agents:
        backend = agent.entry.backend or ""
        profile, given = BY_NAME.get(backend), None
        if profile is not None and (agent.entry.safety_mode is not None or not profile.confinement):
            given = profile.bypass_flag
        for index, argument in enumerate(agent.entry.backend_args or ()):
            # `--yolo=true` is the same flag.
            flag = argument.partition("=")[0]
            if flag not in _DANGEROUS:
                continue
            if flag == given:
                sentence = f"duplicate flag: compas gives {flag} to {backend} anyway"
            else:
                sentence = f"dangerous flag: {flag} switches off what keeps {backend or 'the agent'} in bounds"
            yield warning((*agent.path("backend_args"), index), sentence)


def environment(draft: Draft) -> Iterator[Problem]:
    """Variables that decide which programs and libraries run are overridden on purpose, or not at all."""
    for agent in draft.agents:
        for name in sorted(_SENSITIVE & set(agent.entry.env or {})):
            sentence = f"overrides {name} for agent {agent.entry.alias!r}, which decides what runs and where"
            yield warning((*agent.path("env"), name), sentence)


def inherited_for_another_backend(draft: Draft) -> Iterator[Problem]:
    """A default model or argument was written for one CLI; agents on another inherit it too (c-config 29)."""
    defaults = draft.file.agent_defaults
    if defaults is None:
        return
    first = defaults.backend or next(
        (agent.entry.backend for agent in draft.agents if "model" in agent.inherited), None
    )
    for agent in draft.agents:
        if agent.entry.backend in (None, first):
            continue
        for name in ("model", "backend_args"):
            if name in agent.inherited and getattr(defaults, name):
                sentence = (
                    f"agent {agent.entry.alias!r} on {agent.entry.backend} inherits {name} from agent_defaults,"
                    f" which goes with {first or 'another backend'}; set {name} on the agent"
                )
                yield warning(("agents", agent.index, name), sentence)


def fallbacks(draft: Draft) -> Iterator[Problem]:
    """A fallback is another agent."""
    for agent in draft.agents:
        fallback, path = agent.entry.fallback, ("agents", agent.index, "fallback")
        if fallback == agent.entry.alias:
            yield error(path, f"agent {fallback!r} cannot fall back to itself")
        elif fallback is not None and fallback not in draft.aliases and "" not in draft.aliases:
            yield error(path, f"no agent is called {fallback!r}{did_you_mean(fallback, draft.aliases)}")
