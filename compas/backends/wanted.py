"""Which variables of an operator's shells the agents of a config can use."""

import re
from collections.abc import Iterable

from compas.backends.environment import MARKS, OF_TOOLS
from compas.backends.profile import BackendProfile
from compas.backends.profiles import BY_NAME, PROFILES
from compas.domain.brought import Family, Wanted, matches
from compas.domain.specs import AgentSpec

_OF_ONE_PLACE = (*OF_TOOLS, *MARKS, "COMPAS_*", "GIT_*", "LD_*", "DYLD_*")
"""Of a machine, a repository or a process, and not of a person: those stay what the supervisor was started with."""
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\*?")


def wanted_variables(agents: Iterable[AgentSpec]) -> Wanted:
    """Return what clients may bring for these agents: the families of their backends, and what `env_pass` names.

    A CLI that is no single vendor's may use the keys of all. An agent with `env_pass` is given nothing else.
    """
    families: dict[str, Family] = {}
    single: list[str] = []
    for agent in agents:
        if agent.role != "worker":
            continue
        for profile in _profiles_of(agent):
            if agent.env_pass is None or any(matches(name, agent.env_pass) for name in _credentials(profile)):
                families[profile.name] = Family(credentials=_credentials(profile), names=profile.variables)
        single += [name for name in agent.env_pass or () if _is_personal(name)]
    return Wanted(families=tuple(families.values()), single=tuple(dict.fromkeys(single)), never=_OF_ONE_PLACE)


def _profiles_of(agent: AgentSpec) -> tuple[BackendProfile, ...]:
    profile = BY_NAME.get(agent.backend)
    if agent.backend == "scripted":
        return ()
    return PROFILES if profile is None or not profile.credentials.variables else (profile,)


def _credentials(profile: BackendProfile) -> tuple[str, ...]:
    return (*profile.credentials.variables, *profile.credentials.other_variables)


def _is_personal(name: str) -> bool:
    return _NAME.fullmatch(name) is not None and not matches(name.removesuffix("*"), _OF_ONE_PLACE)
