"""What compas knows of Codex."""

from compas.backends.credentials import CredentialRule, Place
from compas.backends.profile import BackendProfile

PROFILE = BackendProfile(
    name="codex",
    title="Codex",
    command="codex",
    install="npm install -g @openai/codex",
    login="`codex login`",
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
    variables=("OPENAI_*", "CODEX_*"),
    marks=(
        "CODEX_APPLY_PATCH_PRESERVE_LINE_ENDINGS",
        "CODEX_CI",
        "CODEX_MANAGED_BY_NPM",
        "CODEX_MANAGED_PACKAGE_ROOT",
        "CODEX_SANDBOX",
        "CODEX_SANDBOX_NETWORK_DISABLED",
        "CODEX_SESSION_ID",
        "CODEX_THREAD_ID",
        "CODEX_TOOL_CALL_ID",
        "CODEX_VERSION",
    ),
    bypass_flag="--dangerously-bypass-approvals-and-sandbox",
    other_bypass_flags=("--full-auto",),
    confinement="in its sandbox: no network, no commits of its own, no tools of MCP servers that it does not approve",
    needs_repository=True,
    is_editor=True,
)
