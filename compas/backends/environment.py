"""The environment an agent gets: built from a list of what it may see, never inherited whole."""

from collections.abc import Mapping

from compas.backends.profiles import PROFILES
from compas.domain.specs import AgentSpec

OF_TOOLS: tuple[str, ...] = (
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "SHELL",
    "LANG",
    "LANGUAGE",
    "LC_*",
    "TZ",
    "TERM",
    "TMPDIR",
    "XDG_*",
    "SSH_AUTH_SOCK",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "no_proxy",
)
"""What any command line tool may see: the setup and teardown commands of a repository see no more than this."""

SAFE: tuple[str, ...] = (
    *OF_TOOLS,
    *(name for profile in PROFILES for name in profile.variables),
)
"""What an agent sees when its config has no `env_pass`; a trailing `*` stands for the rest of a name."""

OWN = "COMPAS_"
"""How the names begin of what compas itself tells an agent."""

FOUND_BY: tuple[str, ...] = ("COMPAS_RUNTIME_DIR", "COMPAS_STATE_DIR")
"""By these, beside COMPAS_CONFIG, what a supervisor starts finds that supervisor."""

MARKS: tuple[str, ...] = (
    *(name for profile in PROFILES for name in profile.marks),
    "COMPAS_EXECUTION",
    "COMPAS_RUN_TOKEN",
    "COMPAS_CALLER",
)
"""What an agent CLI, or compas, sets for its own children. Inherited from the one around the supervisor it would
mislead the agent, so it passes only where `env_pass` spells the whole name (a-core 49)."""


NOBODY_TO_ASK: dict[str, str] = {
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ASKPASS": "false",
    "SSH_ASKPASS_REQUIRE": "never",
    "GIT_EDITOR": ":",
    "GIT_SEQUENCE_EDITOR": ":",
}
"""What keeps an agent's git from waiting for a person, who is at no terminal of its: it fails, or goes on without. The
agent's own `env` beats it, and what passes."""


def build_environment(
    agent: AgentSpec,
    inherited: Mapping[str, str],
    *,
    remove: tuple[str, ...] = (),
    defaults: Mapping[str, str] | None = None,
    extra: Mapping[str, str],
) -> dict[str, str]:
    """Return the whole environment of an agent: what may pass, minus `remove`, plus its own `env`, plus `extra`.

    `defaults` stand below all of it: a value that passes or is set beats them.
    `remove` takes inherited variables away for real (a-core 94); what the agent's own `env` sets stays set.
    """
    allowed = SAFE if agent.env_pass is None else agent.env_pass
    passed = {name: value for name, value in inherited.items() if _passes(name, allowed) and name not in remove}
    return {**NOBODY_TO_ASK, **(defaults or {}), **passed, **agent.env, **extra}


def withheld_environment(
    agent: AgentSpec, inherited: Mapping[str, str], *, remove: tuple[str, ...] = ()
) -> dict[str, str]:
    """Return what of an agent's environment may be a secret, and so stands in no file: all but what any tool sees."""
    found = build_environment(agent, inherited, remove=remove, extra={})
    return {name: value for name, value in found.items() if not name.startswith(OWN) and not _passes(name, OF_TOOLS)}


def environment_of_tools(inherited: Mapping[str, str], extra: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a command that a repository's config names: no keys of model providers."""
    return {**{name: value for name, value in inherited.items() if _passes(name, OF_TOOLS)}, **extra}


def _passes(name: str, allowed: tuple[str, ...]) -> bool:
    if name in allowed:
        return True
    return name not in MARKS and any(entry.endswith("*") and name.startswith(entry[:-1]) for entry in allowed)
