"""Where agent CLIs have their credentials: what is found is a fact, and what cannot be known is said to be that."""

from pathlib import Path

import pytest

from compas.backends.credentials import Credentials, find_credentials
from compas.backends.logins import how_to_log_in
from compas.backends.profiles import BY_NAME


def found(backend: str, home: Path | None, platform: str = "linux", **env: str) -> Credentials:
    return find_credentials(BY_NAME[backend].credentials, {**({"HOME": str(home)} if home else {}), **env}, platform)


def put(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("backend", "variable"),
    [
        ("claude", "ANTHROPIC_API_KEY"),
        ("claude", "CLAUDE_CODE_OAUTH_TOKEN"),
        ("codex", "CODEX_API_KEY"),
        ("gemini", "GEMINI_API_KEY"),
        ("gemini", "GOOGLE_API_KEY"),
    ],
)
def test_a_key_in_the_environment_is_there_and_its_value_is_not_told(
    tmp_path: Path, backend: str, variable: str
) -> None:
    told = found(backend, tmp_path, **{variable: "sk-secret"})
    assert (told.state, told.detail) == ("present", f"{variable} is set")
    assert found(backend, tmp_path, **{variable: ""}).state == "absent"


@pytest.mark.parametrize(
    ("backend", "name", "text"),
    [
        ("claude", ".claude/.credentials.json", '{"claudeAiOauth": {}}'),
        ("claude", ".claude.json", '{"primaryApiKey": "k"}'),
        ("codex", ".codex/auth.json", '{"tokens": {}}'),
        ("gemini", ".gemini/oauth_creds.json", '{"access_token": "t"}'),
        ("gemini", ".gemini/.env", "GEMINI_API_KEY=k\n"),
        ("opencode", ".local/share/opencode/auth.json", '{"anthropic": {"type": "api", "key": "k"}}'),
    ],
)
def test_a_login_in_the_agents_home_is_there(tmp_path: Path, backend: str, name: str, text: str) -> None:
    path = put(tmp_path / name, text)
    assert found(backend, tmp_path) == Credentials(state="present", detail=str(path))
    path.write_text(" \n")
    assert found(backend, tmp_path).state != "present", "an empty file is no login"


@pytest.mark.parametrize(
    ("backend", "variable", "name"),
    [
        ("claude", "CLAUDE_CONFIG_DIR", ".credentials.json"),
        ("codex", "CODEX_HOME", "auth.json"),
        ("opencode", "XDG_DATA_HOME", "opencode/auth.json"),
    ],
)
def test_a_directory_that_the_environment_names_is_looked_into_instead(
    tmp_path: Path, backend: str, variable: str, name: str
) -> None:
    put(tmp_path / "own" / name, '{"x": {"type": "api"}}')
    assert found(backend, tmp_path, **{variable: str(tmp_path / "own")}).state == "present"
    assert found(backend, tmp_path).state != "present"


@pytest.mark.parametrize("backend", ["claude", "codex", "gemini"])
def test_where_there_are_none_it_is_said_what_was_tried_and_what_to_do(tmp_path: Path, backend: str) -> None:
    told = found(backend, tmp_path)
    assert told.state == "absent"
    assert "_API_KEY" in told.detail
    assert str(tmp_path) in told.detail
    remedy = how_to_log_in(backend, None, takes=True)
    assert BY_NAME[backend].login in remedy
    assert BY_NAME[backend].credentials.variables[0] in remedy


def test_what_cannot_be_looked_into_is_no_absence(tmp_path: Path) -> None:
    assert found("claude", tmp_path, CLAUDE_CODE_USE_BEDROCK="1").state == "cannot be told"
    assert found("claude", tmp_path, platform="darwin").detail == "they may be in the keychain"
    assert found("gemini", tmp_path, GOOGLE_GENAI_USE_VERTEXAI="true").state == "cannot be told"
    assert found("codex", tmp_path, OPENAI_API_KEY="k").state == "cannot be told", "it depends on the login method"
    assert found("opencode", tmp_path).state == "cannot be told"
    assert found("claude", None).state == "cannot be told"
    assert found("codex", tmp_path, CODEX_HOME="relative").state == "cannot be told"
    put(tmp_path / ".codex/config.toml", 'model_provider = "mine"\n')
    assert found("codex", tmp_path).detail == f"{tmp_path}/.codex/config.toml may name others"
    put(tmp_path / ".claude/settings.json", '{"apiKeyHelper": "./key"}')
    assert found("claude", tmp_path).state == "cannot be told"


def test_a_login_that_cannot_be_read_is_no_absence(tmp_path: Path) -> None:
    (tmp_path / ".codex/auth.json").mkdir(parents=True)
    told = found("codex", tmp_path)
    assert told.state == "cannot be told"
    assert "auth.json cannot be read" in told.detail
