"""The benchmarks run from a checkout, say what they should, and leave nothing behind."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.kit.ceiling import CEILING
from tests.kit.places import REPOSITORY

pytestmark = pytest.mark.system


def run(module: str, *arguments: str, temporary: Path) -> str:
    environ = os.environ | {"TMPDIR": str(temporary)}
    with subprocess.Popen(
        [sys.executable, "-m", module, *arguments],
        cwd=REPOSITORY,
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            out, err = process.communicate(timeout=CEILING)
        finally:
            process.terminate()
    assert process.returncode == 0, err
    return out


def test_every_figure_is_measured_against_its_floor(tmp_path: Path) -> None:
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    kept = tmp_path / "figures.json"
    shown = run("bench.smoke", "--rounds", "1", "--json", str(kept), temporary=temporary)
    figures = json.loads(kept.read_bytes())["figures"]
    assert [figure["name"] for figure in figures] == [
        "compas status",
        "dispatch to running agent",
        "agent's end to waiter",
        "agent's end to next agent",
        "merge to answer",
        "ask an actor",
        "append to the log",
    ]
    for figure in figures:
        assert figure["n"] == 1
        assert figure["ratio"] == pytest.approx(figure["ours"]["median"] / figure["floor"]["median"])
        assert figure["name"] in shown
    assert list(temporary.iterdir()) == []


def test_an_idle_supervisor_is_counted_and_runs_no_sql(tmp_path: Path) -> None:
    shown = run("bench.loop_wakeups", "--seconds", "0.5", temporary=tmp_path)
    assert " 0 SQL statements, 0 transactions" in shown
    assert "supervisor, 0.5 s:" in shown
    assert list(tmp_path.iterdir()) == []


def test_redaction_is_measured_against_decoding(tmp_path: Path) -> None:
    shown = run("bench.redaction", "--seconds", "0.1", temporary=tmp_path)
    assert [line.split("MB/s")[0].split(":")[0].split("  ")[0] for line in shown.splitlines()] == [
        "no secret",
        "one line in 100",
    ]


def test_ways_to_a_worktree_are_measured_beside_a_plain_one(tmp_path: Path) -> None:
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    shown = run("bench.worktrees", "--files", "20", "--rounds", "1", temporary=temporary)
    for way in ("parallel checkout", "copy", "compas", "compas with a pool"):
        assert f"{way}, 20 files" in shown
    assert list(temporary.iterdir()) == []


def test_a_merge_is_measured_against_gits_own_by_the_number_of_files(tmp_path: Path) -> None:
    shown = run("bench.merge_sizes", "--files", "20", "--rounds", "1", temporary=tmp_path)
    assert "merge, 20 files" in shown
    assert list(tmp_path.iterdir()) == []
