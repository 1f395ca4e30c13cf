"""The player of scripts: what each step does, turn after turn."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from compas.backends.scripted_agent import main


class Player:
    """Plays turns of one script in a directory of its own, and reads what was printed."""

    def __init__(self, place: Path, monkeypatch: pytest.MonkeyPatch, printed: pytest.CaptureFixture[bytes]) -> None:
        self.script = place / "script.json"
        self.workdir = place / "work"
        self.workdir.mkdir()
        monkeypatch.chdir(self.workdir)
        self._monkeypatch = monkeypatch
        self._printed = printed
        self.status = -1
        self.errors = ""

    def play(self, *turns: object, resume: str = "", task: bytes = b"the task") -> list[dict[str, object]]:
        return self.play_text(json.dumps({"turns": turns}), resume=resume, task=task)

    def play_text(self, script: str, *, resume: str = "", task: bytes = b"") -> list[dict[str, object]]:
        self.script.write_text(script)
        self._monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(task), encoding="ascii"))
        self.status = main([str(self.script), *(["--resume", resume] if resume else [])])
        out, err = self._printed.readouterr()
        self.errors = err.decode()
        return [json.loads(line) for line in out.splitlines()]


@pytest.fixture
def player(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]) -> Player:
    return Player(tmp_path, monkeypatch, capfdbinary)


def kinds(lines: list[dict[str, object]]) -> list[object]:
    return [line["type"] for line in lines]


def test_each_run_plays_the_next_turn_and_names_the_conversation_by_it(player: Player) -> None:
    turns = ([{"reply": "one"}], [{"reply": "two"}])
    session, result = player.play(*turns)
    assert (session["id"], result["text"], player.status) == ("turn-1", "one", 0)
    session, result = player.play(*turns, resume="turn-1")
    assert (session["id"], result["text"]) == ("turn-2", "two")
    assert "all of them have been played" in str(player.play(*turns, resume="turn-2")[-1]["text"])


def test_files_are_written_appended_to_and_deleted_below_the_working_directory(player: Player) -> None:
    lines = player.play(
        [
            {"write": "sub/a.txt", "text": "grüße\n"},
            {"append": "sub/a.txt", "text": "{{task}}"},
            {"write": "b.txt", "text": ""},
            {"delete": "b.txt"},
            {"reply": "done"},
        ],
        task="aufgabe ü".encode(),
    )
    assert (player.workdir / "sub/a.txt").read_text(encoding="utf-8") == "grüße\naufgabe ü"
    assert not (player.workdir / "b.txt").exists()
    assert [line["name"] for line in lines if line["type"] == "tool"] == ["write", "append", "write", "delete"]


def test_what_it_says_and_replies_may_repeat_the_task(player: Player) -> None:
    lines = player.play([{"say": "on {{task}}"}, {"pause": 0}, {"reply": "did {{task}}", "usage": {"turns": 3}}])
    assert kinds(lines) == ["session", "message", "result"]
    assert (lines[1]["text"], lines[2]["text"], lines[2]["usage"]) == ("on the task", "did the task", {"turns": 3})


def test_a_turn_without_a_reply_is_done(player: Player) -> None:
    assert player.play([])[-1]["text"] == "Done."
    assert player.status == 0


def test_nothing_follows_a_reply_a_failure_or_an_exit(player: Player) -> None:
    after = {"write": "late.txt", "text": "x"}
    assert kinds(player.play([{"reply": "ok"}, after])) == ["session", "result"]
    failed = player.play([{"fail": "no", "category": "transient"}, after])[-1]
    assert (failed["text"], failed["category"], player.status) == ("no", "transient", 1)
    assert kinds(player.play([{"exit": 7}, after])) == ["session"]
    assert player.status == 7
    assert not (player.workdir / "late.txt").exists()


def test_a_failure_without_a_category_is_the_agents_own(player: Player) -> None:
    assert player.play([{"fail": "no"}])[-1]["category"] == "agent_error"


@pytest.mark.system
@pytest.mark.parametrize(("command", "failed"), [("echo hello > made.txt; echo said", False), ("exit 3", True)])
def test_a_command_runs_in_the_shell_and_its_failure_is_told(player: Player, command: str, failed: bool) -> None:
    lines = player.play([{"run": command}, {"reply": "done"}])
    assert kinds(lines) == ["session", "tool", "result"]
    assert lines[1].get("failed", False) == failed
    assert ("said" in player.errors) != failed, "its output is no line of the player's"
    assert (player.workdir / "made.txt").exists() != failed


@pytest.mark.parametrize(
    "script",
    [
        "no json",
        "{}",
        '{"turns": [[{"dance": true}]]}',
        '{"turns": [[{}]]}',
        '{"turns": [[{"reply": "a", "exit": 1}]]}',
        '{"turns": [[{"pause": -1}]]}',
    ],
)
def test_a_script_that_is_none_is_refused_before_anything_is_played(player: Player, script: str) -> None:
    assert player.play_text(script) == []
    assert player.status == 2
    assert player.errors.startswith(f"cannot play {player.script}: ")


def test_a_conversation_that_is_none_of_the_players_is_refused_in_words(player: Player) -> None:
    assert player.play([{"reply": "hello"}], resume="elsewhere") == []
    assert player.status == 2
    assert "'elsewhere'" in player.errors


@pytest.mark.system
def test_a_blocked_turn_goes_on_once_somebody_has_written(tmp_path: Path) -> None:
    gate, script = tmp_path / "gate", tmp_path / "script.json"
    os.mkfifo(gate)
    script.write_text(json.dumps({"turns": [[{"say": "waiting"}, {"block": str(gate)}, {"reply": "open"}]]}))
    with subprocess.Popen(
        [sys.executable, "-m", "compas.backends.scripted_agent", str(script)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert [json.loads(process.stdout.readline())["type"] for _ in range(2)] == ["session", "message"]
        assert process.poll() is None
        gate.write_bytes(b"go")
        assert json.loads(process.stdout.readline())["text"] == "open"
        assert process.wait() == 0
