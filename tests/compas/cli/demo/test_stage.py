"""Where the demonstration takes place, and that its texts fit one another."""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import msgspec
import pytest

from compas.backends.scripted_agent import Script
from compas.cli.demo.scripts import CONFIG, PROJECT, scripts
from compas.cli.demo.stage import make_folder
from compas.config.load import load


def test_a_temporary_directory_that_is_too_deep_for_a_socket_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep = tmp_path / ("d" * 60)
    deep.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(deep))
    stage = make_folder({})
    try:
        assert stage.place.socket.parent == stage.folder / "run"
        assert list(deep.iterdir()) == []
    finally:
        shutil.rmtree(stage.folder)


def test_the_environment_leads_nowhere_but_into_the_folder() -> None:
    stage = make_folder({"COMPAS_STATE_DIR": "/elsewhere", "COMPAS_CONFIG": "/elsewhere", "HOME": "/home/ada"})
    shutil.rmtree(stage.folder)
    assert {name: value.partition(str(stage.folder))[2] for name, value in stage.environ.items()} == {
        "COMPAS_CONFIG": "/config.yaml",
        "COMPAS_RUNTIME_DIR": "/run",
        "HOME": "",
    }


def test_its_config_is_one_to_learn_from(tmp_path: Path) -> None:
    (tmp_path / "greet").mkdir()
    for name in ("dev.json", "reviewer.json"):
        (tmp_path / name).touch()
    path = tmp_path / "config.yaml"
    path.write_text(CONFIG)
    loaded = load(path, environ={})
    assert (list(loaded.warnings), list(loaded.config.agents)) == ([], ["dev", "reviewer"])


def test_the_scripts_can_be_played() -> None:
    for script in scripts(sys.executable).values():
        assert len(msgspec.convert(script, Script).turns) == 2


def steps(turn: int) -> list[dict[str, str]]:
    return scripts(sys.executable)["dev.json"]["turns"][turn]


def play(directory: Path, turn: int) -> None:
    """Do what the developer does to files in this turn."""
    for step in steps(turn):
        if "write" in step:
            (directory / step["write"]).write_text(step["text"])
        elif "append" in step:
            with (directory / step["append"]).open("a") as file:
                file.write(step["text"])


def ask(directory: Path, code: str) -> str:
    return subprocess.check_output([sys.executable, "-B", "-c", code], cwd=directory, text=True)


@pytest.mark.system
def test_what_the_agents_say_of_the_code_is_true(tmp_path: Path) -> None:
    for name, text in PROJECT.items():
        (tmp_path / name).write_text(text)
    code = "import greet; print(greet.farewell(' ')); print(greet.greeting(' '))"
    tests = [sys.executable, "-B", "-m", "unittest", "-q"]
    play(tmp_path, 0)
    assert ask(tmp_path, code) == "Goodbye,  !\nHello, friend!\n"
    subprocess.check_call(tests, cwd=tmp_path, stderr=subprocess.DEVNULL)
    play(tmp_path, 1)
    assert ask(tmp_path, code) == "Goodbye, friend!\nHello, friend!\n"
    subprocess.check_call(tests, cwd=tmp_path, stderr=subprocess.DEVNULL)
