"""What compas knows of OpenCode."""

from compas.backends.credentials import CredentialRule, Place
from compas.backends.profile import BackendProfile

PROFILE = BackendProfile(
    name="opencode",
    title="OpenCode",
    command="opencode",
    install="npm install -g opencode-ai",
    login="`opencode auth login`",
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
    variables=("OPENCODE_*",),
    marks=("OPENCODE", "OPENCODE_LOG_LEVEL", "OPENCODE_PID", "OPENCODE_PRINT_LOGS"),
    bypass_flag="--auto",
    confinement="with its own permissions: what they would ask for is refused, as is what is outside its directory",
    is_editor=True,
)
