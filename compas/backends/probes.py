"""How each backend's CLI is asked for its version, which versions compas is tested with, and where credentials are."""

import re

import msgspec

from compas.backends.backend import Backend
from compas.backends.credentials import CredentialRule, Place
from compas.backends.generic import GenericBackend

VERSION = r"\d+\.\d+\.\d+(?:-[0-9A-Za-z.]+)?"


class Probe(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked of a CLI without a model call.

    `version` is the command that prints it, empty where none is known to be safe; `tested` are the versions that the
    adapter is tested with. `needs_repository` says that the CLI works in git repositories only.
    """

    command: str
    version: tuple[str, ...] = ()
    tested: tuple[str, ...] = ()
    credentials: CredentialRule | None = None
    needs_repository: bool = False

    def version_in(self, output: str) -> str:
        """Return the version in what the command printed, empty when there is none."""
        found = re.search(VERSION, output)
        return "" if found is None else found[0]

    def note_on(self, version: str) -> str:
        """Say that compas is not tested with a version; empty when it is, or with its neighbours of the same series."""
        if not self.tested or not version or any(_series(version) == _series(one) for one in self.tested):
            return ""
        return f"compas is tested with {' and '.join(self.tested)}; with {version} it has not been tried"


def _series(version: str) -> list[str]:
    return version.split(".")[:2]


CLAUDE = Probe(
    command="claude",
    version=("claude", "--version"),
    tested=("2.1.330",),
    credentials=CredentialRule(
        variables=("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "CLAUDE_CODE_OAUTH_TOKEN"),
        files=(
            Place(variable="CLAUDE_CONFIG_DIR", default=".claude", name=".credentials.json"),
            Place(variable="CLAUDE_CONFIG_DIR", default="", name=".claude.json", words=('"primaryApiKey"',)),
        ),
        other_variables=("CLAUDE_CODE_USE_BEDROCK", "CLAUDE_CODE_USE_VERTEX", "CLAUDE_CODE_USE_FOUNDRY"),
        other_files=(
            Place(
                variable="CLAUDE_CONFIG_DIR",
                default=".claude",
                name="settings.json",
                words=("apiKeyHelper", "ANTHROPIC_", "CLAUDE_CODE_"),
            ),
        ),
        keychain=True,
    ),
)

CODEX = Probe(
    command="codex",
    version=("codex", "--version"),
    tested=("0.169.0",),
    credentials=CredentialRule(
        variables=("CODEX_API_KEY",),
        files=(Place(variable="CODEX_HOME", default=".codex", name="auth.json"),),
        other_variables=("OPENAI_API_KEY",),
        other_files=(
            Place(
                variable="CODEX_HOME",
                default=".codex",
                name="config.toml",
                words=("model_provider", "cli_auth_credentials_store", "env_key"),
            ),
        ),
    ),
    needs_repository=True,
)

GEMINI = Probe(
    command="gemini",
    version=("gemini", "--version"),
    tested=("0.61.0",),
    credentials=CredentialRule(
        variables=("GEMINI_API_KEY", "GOOGLE_API_KEY"),
        files=(
            Place(default=".gemini", name="oauth_creds.json"),
            Place(default=".gemini", name=".env", words=("GEMINI_API_KEY=", "GOOGLE_API_KEY=")),
            Place(default="", name=".env", words=("GEMINI_API_KEY=", "GOOGLE_API_KEY=")),
        ),
        other_variables=(
            "GOOGLE_GENAI_USE_VERTEXAI",
            "GOOGLE_GENAI_USE_GCA",
            "GOOGLE_APPLICATION_CREDENTIALS",
            "GEMINI_CLI_HOME",
        ),
        keychain=True,
    ),
)

OPENCODE = Probe(
    command="opencode",
    version=("opencode", "--version"),
    tested=("1.18.33",),
    credentials=CredentialRule(
        files=(Place(variable="XDG_DATA_HOME", default=".local/share", name="opencode/auth.json", words=('"type"',)),),
        other_variables=("OPENCODE_CONFIG", "OPENCODE_CONFIG_CONTENT", "OPENCODE_CONFIG_DIR", "OPENCODE_AUTH_CONTENT"),
        other_files=(
            Place(variable="XDG_CONFIG_HOME", default=".config", name="opencode/opencode.json", words=("provider",)),
            Place(variable="XDG_CONFIG_HOME", default=".config", name="opencode/opencode.jsonc", words=("provider",)),
        ),
        otherwise="there is no login of its own, but each provider has its own variables, and some models need none",
    ),
)

PROBES: dict[str, Probe] = {probe.command: probe for probe in (CLAUDE, CODEX, GEMINI, OPENCODE)}
"""By the backend's name."""


def probe_of(backend: Backend) -> Probe | None:
    """Return what may be asked of a backend's CLI; None when it has none, as the scripted one."""
    if isinstance(backend, GenericBackend):
        # What a command of somebody else's does with --version nobody knows: only a ping runs it.
        return Probe(command=backend.command)
    return PROBES.get(backend.name)
