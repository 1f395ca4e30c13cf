"""What is asked in the wrong place, or of what is gone or busy, gets one sentence: what was found, what to do."""

import os
import shutil
import tempfile
from pathlib import Path

import pytest

from tests.kit.system.workshop import Result, Workshop

pytestmark = pytest.mark.system


def refused(result: Result, *words: str, code: int = 2) -> None:
    """Assert that a command has said one sentence, with these words in it, and nothing else."""
    assert (result.code, result.out) == (code, ""), result
    assert result.err.count("\n") == 1, result.err
    assert result.err.startswith("error: ")
    assert "Traceback" not in result.err
    for word in words:
        assert word in result.err


def configured(workshop: Workshop) -> None:
    workshop.configure([workshop.agent("dev", [{"reply": "Done."}], workspace="worktree")])


def test_a_config_that_cannot_be_used(workshop: Workshop) -> None:
    config = str(workshop.config)
    refused(workshop("status"), config, "`compas init` writes one")
    workshop.config.mkdir()
    refused(workshop("status"), config, "it is a directory; name the file in it")
    workshop.config.rmdir()
    workshop.config.write_text("agents: [\n")
    refused(workshop("status"), config, "line 2, column 1", "not valid YAML")
    configured(workshop)
    workshop.config.chmod(0o666)
    refused(workshop("status"), f"chmod o-w {config}")
    workshop.config.chmod(0o600)
    refused(workshop("status", "--no-start"), "no supervisor is running", "start one with `compas run`")


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_config_that_may_not_be_read(workshop: Workshop) -> None:
    configured(workshop)
    workshop.config.chmod(0)
    refused(workshop("status"), str(workshop.config), "Permission denied")


def test_directories_that_cannot_be_used(workshop: Workshop) -> None:
    configured(workshop)
    file = str(workshop.config)
    refused(workshop("status", env={"COMPAS_RUNTIME_DIR": file}), file, "set COMPAS_RUNTIME_DIR")
    open_to_all = workshop.root / "open"
    open_to_all.mkdir()
    open_to_all.chmod(0o777)
    said = workshop("status", env={"COMPAS_RUNTIME_DIR": str(open_to_all)})
    refused(said, "nobody else may enter", "set COMPAS_RUNTIME_DIR")
    assert "remove" not in said.err
    refused(workshop("status", env={"COMPAS_STATE_DIR": file}), file, "is not a directory")


def test_outside_a_repository_and_inside_an_agent(workshop: Workshop, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    refused(
        workshop("setup-mcp", "--scope", "project", cwd=outside), "not in a git repository", "leave --scope out", code=1
    )
    workshop.environ["PATH"] = f"{_with_claude(tmp_path)}:{workshop.environ['PATH']}"
    refused(workshop("init", "--non-interactive", cwd=outside), "not in a git repository", "git -C", code=1)
    configured(workshop)
    inside = {"COMPAS_EXECUTION": "01J0000000000000000000000X"}
    refused(workshop("status", env=inside), "none is started from inside an execution", "its operator starts it")
    refused(workshop("restart", env=inside), "no supervisor is started from inside an execution")
    refused(workshop("init", "--non-interactive"), "not in a git repository", "git -C", code=1)


def _with_claude(tmp_path: Path) -> Path:
    place = tmp_path / "bin"
    place.mkdir()
    (place / "claude").write_text("#!/bin/sh\necho 2.1.330\n")
    (place / "claude").chmod(0o755)
    return place


def test_what_is_not_there(workshop: Workshop) -> None:
    configured(workshop)
    for line, *words in (
        ("dispatch nobody x", "no agent is called 'nobody'", "dev"),
        ("merge gone", "there is no thread 'gone'", "`compas status`"),
        ("log gone", "'gone'", "`compas transcript"),
        ("read db:99", "there is no message db:99"),
        ("wait gone --since x", "'x' is no message reference", "db:<n>"),
        ("tasks --filter dne", "'dne' is no filter", "queued"),
        ("merge gone --strategy octopus", "'octopus' is no merge strategy", "squash"),
        ("dispatch dev x --scheduled-for noon", "'noon' is no time", "2030-01-31T09:00:00+01:00"),
        ("worktrees gone", "there is no thread 'gone'"),
        ("schedules pause gone", "no schedule is called 'gone'"),
        ("hooks test gone", "there is no hook 'gone'"),
        ("verdict approve", "a verdict is a reviewer's"),
    ):
        refused(workshop(*line.split()), *words)


def test_what_is_gone_and_what_is_busy(workshop: Workshop) -> None:
    configured(workshop)
    assert workshop("dispatch", "dev", "Go.", "--thread", "t1", "--wait").code == 0
    (tree,) = workshop.ask("worktrees")["worktrees"]
    assert tree["size_bytes"] > 0, "its size is told unasked"
    shutil.rmtree(tree["path"])
    refused(workshop("commit", "t1"), tree["path"])
    second = workshop.root / "second.yaml"
    second.write_text(workshop.config.read_text())
    short = tempfile.mkdtemp(prefix="cs-", dir="/tmp")  # short enough for a socket
    other = {"COMPAS_RUNTIME_DIR": short}
    refused(workshop("status", "--config", str(second)), str(workshop.config), "give", "a state_dir of its own")
    assert workshop("status", env=other).code == 0, "the mark in the state directory says where it is"
    refused(workshop("run", env=other), "runs already", "another runtime directory", "set COMPAS_RUNTIME_DIR")
    shutil.rmtree(short)
    again = workshop("run")
    assert (again.code, again.err.count("\n")) == (3, 1)
    assert "is already running" in again.err
    workshop.config.rename(workshop.root / "moved.yaml")
    refused(workshop("restart"), str(workshop.config), "`compas init` writes one")
    (workshop.root / "moved.yaml").rename(workshop.config)
