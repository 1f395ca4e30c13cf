"""The environment an agent gets: built from a list of what it may see, never inherited whole."""

from collections.abc import Mapping

from compas.domain.specs import AgentSpec

SAFE: tuple[str, ...] = (
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
    "ANTHROPIC_*",
    "CLAUDE_CODE_*",
    "CLAUDE_CONFIG_DIR",
    "OPENAI_*",
    "CODEX_*",
    "GEMINI_*",
    "GOOGLE_*",
    "OPENCODE_*",
)
"""What an agent sees when its config has no `env_pass`; a trailing `*` stands for the rest of a name."""


def build_environment(
    agent: AgentSpec, inherited: Mapping[str, str], *, remove: tuple[str, ...] = (), extra: Mapping[str, str]
) -> dict[str, str]:
    """Return the whole environment of an agent: what may pass, minus `remove`, plus its own `env`, plus `extra`.

    `remove` takes inherited variables away for real (a-core 94); what the agent's own `env` sets stays set.
    """
    allowed = SAFE if agent.env_pass is None else agent.env_pass
    passed = {name: value for name, value in inherited.items() if _matches(name, allowed) and name not in remove}
    return {**passed, **agent.env, **extra}


def _matches(name: str, allowed: tuple[str, ...]) -> bool:
    return any(name == entry or (entry.endswith("*") and name.startswith(entry[:-1])) for entry in allowed)
