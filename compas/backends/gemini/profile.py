"""What compas knows of Gemini CLI."""

from compas.backends.credentials import CredentialRule, Place
from compas.backends.profile import BackendProfile

PROFILE = BackendProfile(
    name="gemini",
    title="Gemini CLI",
    command="gemini",
    install="npm install -g @google/gemini-cli",
    login="run `gemini`, then /auth",
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
    variables=("GEMINI_*", "GOOGLE_*"),
    marks=("GEMINI_CLI",),
    bypass_flag="--yolo",
    is_editor=True,
)
