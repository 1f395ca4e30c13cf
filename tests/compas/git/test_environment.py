"""What git inherits: no variable of a stranger's, and configuration that stays what it is, whatever is in it."""

import os
from pathlib import Path

import pytest

from compas.git.command import Git
from compas.git.environment import configuration, environment
from compas.git.look import look
from tests.kit.git.git_operator import Repo


def test_only_the_place_of_the_configuration_is_inherited_from_git_variables() -> None:
    given = {
        "GIT_DIR": "/elsewhere", "GIT_INDEX_FILE": "x", "GIT_AUTHOR_NAME": "me", "GIT_CONFIG_GLOBAL": "/c",
        "LC_MESSAGES": "de", "LANG": "de", "EDITOR": "vi", "HOME": "/h", "PATH": "/bin",
        "GIT_CONFIG_PARAMETERS": "'a.b=c'", "GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "a.b",
    }  # fmt: skip
    kept = environment(given)
    assert {name for name in kept if name in given} == {"GIT_CONFIG_GLOBAL", "HOME", "PATH"}
    assert (kept["LC_ALL"], kept["GIT_TERMINAL_PROMPT"]) == ("C", "0")


def test_settings_become_numbered_pairs_in_their_order() -> None:
    assert configuration([("a.b", "1"), ("a.x=y.b", "")]) == {
        "GIT_CONFIG_COUNT": "2",
        "GIT_CONFIG_KEY_0": "a.b", "GIT_CONFIG_VALUE_0": "1",
        "GIT_CONFIG_KEY_1": "a.x=y.b", "GIT_CONFIG_VALUE_1": "",
    }  # fmt: skip


@pytest.mark.system
async def test_a_setting_is_never_more_than_its_key_and_its_value(repo: Repo) -> None:
    odd = "submodule.x.update=!sh /script #.url"
    git = Git(str(repo)).configured((odd, "a=b\nc"), ("user.name", "first"), ("user.name", "second"))
    assert await git.text("config", "--get", odd) == "a=b\nc"
    assert await git.line("config", "--get", "submodule.x.update") is None
    assert await git.text("config", "--get", "user.name") == "second"


@pytest.mark.system
async def test_configuration_around_compas_reaches_no_git_of_ours(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CONFIG_PARAMETERS", "'user.name'='parameters'")
    monkeypatch.setenv("GIT_CONFIG_COUNT", "100")
    monkeypatch.setenv("GIT_CONFIG_KEY_99", "user.name")
    monkeypatch.setenv("GIT_CONFIG_VALUE_99", "count")
    assert await Git(str(repo)).text("config", "--get", "user.name") == "Operator"
    assert look(repo.path, os.environ) is not None


@pytest.mark.system
async def test_our_settings_stand_above_every_file(repo: Repo, tmp_path: Path) -> None:
    repo.git("config", "core.fsmonitor", str(tmp_path / "program"))
    repo.git("config", "protocol.ext.allow", "always")
    git = Git(str(repo))
    assert await git.text("config", "--get", "core.fsmonitor") == "false"
    ran = tmp_path / "ran"
    output = await git.run("ls-remote", f"ext::sh -c touch% {ran}", good=(128,))
    assert "not allowed" in output.words
    assert not ran.exists()
