from pathlib import Path

import msgspec
import pytest

from compas.runner import files
from compas.runner.files import ExecutionFileError
from compas.runner.judgement import Finished, NeverStarted, Running, Vanished, judge, prepare
from compas.runner.messages import Exit, Spec


def spec(**fields: object) -> Spec:
    defaults = {
        "execution": "e1",
        "token": "token-0123456789",
        "epoch": 1,
        "argv": ("agent",),
        "cwd": "/",
        "env": {"A": "ü"},
    }
    return Spec(**(defaults | fields))


def test_a_prepared_execution_has_never_started_and_can_be_prepared_again(tmp_path: Path) -> None:
    prepare(tmp_path / "e1", spec())
    prepare(tmp_path / "e1", spec())
    assert judge(tmp_path / "e1") == NeverStarted()
    assert msgspec.json.decode((tmp_path / "e1" / "spec.json").read_bytes(), type=Spec) == spec()


def test_another_spec_for_the_same_execution_is_refused_and_the_first_kept(tmp_path: Path) -> None:
    prepare(tmp_path / "e1", spec())
    with pytest.raises(ExecutionFileError, match="already holds another"):
        prepare(tmp_path / "e1", spec(cwd="/tmp"))
    assert msgspec.json.decode((tmp_path / "e1" / "spec.json").read_bytes(), type=Spec) == spec()


@pytest.mark.parametrize(
    "fields",
    [
        {"argv": ()},
        {"grace_secs": 1.9},
        {"timeout_secs": 0.0},
        {"log_limit_bytes": 100},
        {"token": "a b"},
        {"stdin_text": "half a pair \ud800"},
        {"stdout": "pty"},
    ],
)
def test_a_spec_that_no_runner_could_follow_is_refused_before_it_is_written(
    tmp_path: Path, fields: dict[str, object]
) -> None:
    with pytest.raises(ExecutionFileError, match="no valid"):
        prepare(tmp_path / "e1", spec(**fields))
    assert not (tmp_path / "e1").exists()


def test_an_execution_without_a_directory_has_never_started(tmp_path: Path) -> None:
    assert judge(tmp_path / "none") == NeverStarted()


def test_whoever_holds_the_lock_is_running_unless_there_is_an_exit(tmp_path: Path) -> None:
    prepare(tmp_path / "e1", spec())
    ended = Exit(kind="exited", exit_code=0, ended_at=1.0)
    with files.open_directory(tmp_path / "e1") as directory, files.try_lock(directory) as is_held:
        assert is_held
        assert judge(tmp_path / "e1") == Running()
        files.write_new(directory, files.EXIT, ended)
        assert judge(tmp_path / "e1") == Finished(ended)


def test_an_exit_is_never_replaced(tmp_path: Path) -> None:
    first = Exit(kind="exited", exit_code=0, ended_at=1.0)
    with files.open_directory(tmp_path) as directory:
        files.reserve(directory, files.EXIT)
        files.write_new(directory, files.EXIT, first)
        with pytest.raises(FileExistsError):
            files.write_new(directory, files.EXIT, Exit(kind="lost", ended_at=2.0))
        assert files.read(directory, files.EXIT, Exit) == first
    assert [path.name for path in tmp_path.iterdir()] == ["exit.json"]


def test_a_file_of_a_newer_version_or_a_damaged_one_is_not_believed_and_named(tmp_path: Path) -> None:
    for content, words in (
        (b'{"kind": "exited", "ended_at": 1, "version": 2}', "upgrade"),
        (b"{", "exit.json"),
    ):
        (tmp_path / "exit.json").write_bytes(content)
        verdict = judge(tmp_path)
        assert isinstance(verdict, Vanished)
        assert words in verdict.found


def test_fields_that_a_later_release_adds_are_ignored(tmp_path: Path) -> None:
    (tmp_path / "exit.json").write_bytes(b'{"kind": "exited", "ended_at": 1, "mood": "good"}')
    assert judge(tmp_path) == Finished(Exit(kind="exited", ended_at=1.0))
