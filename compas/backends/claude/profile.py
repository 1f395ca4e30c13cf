"""What compas knows of Claude Code."""

from compas.backends.credentials import CredentialRule, Place
from compas.backends.profile import BackendProfile

PROFILE = BackendProfile(
    name="claude",
    title="Claude Code",
    command="claude",
    install="npm install -g @anthropic-ai/claude-code",
    login="run `claude`, then /login",
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
    variables=("ANTHROPIC_*", "CLAUDE_CODE_*", "CLAUDE_CONFIG_DIR"),
    marks=(
        "CLAUDECODE",
        "CLAUDE_CODE_ENTRYPOINT",
        "CLAUDE_CODE_SSE_PORT",
        "CLAUDE_CODE_CHILD_NOTES_DIR",
        "CLAUDE_CODE_CHILD_SESSION",
        "CLAUDE_CODE_EXECPATH",
        "CLAUDE_CODE_MESSAGING_SOCKET",
        "CLAUDE_CODE_MESSAGING_TOKEN",
        "CLAUDE_CODE_SESSION_ATTENDED",
        "CLAUDE_CODE_SESSION_ID",
        "CLAUDE_EFFORT",
        "CLAUDE_PID",
        "AI_AGENT",
    ),
    bypass_flag="--dangerously-skip-permissions",
    is_editor=True,
)
