"""The state directory is its user's alone, and one supervisor's at a time; whoever is refused is told by whom."""

import os
import sys
from pathlib import Path

import pytest
import trio

from compas.orchestrator.process.held_lock import Holder
from compas.orchestrator.process.state_directory import (
    AlreadyRunningError,
    StateDirectoryError,
    hold_socket_lock,
    hold_state_lock,
    prepare_state_directory,
)
from tests.kit.ceiling import CEILING

FIRST = Holder(pid=4711, config="/a.yaml", since=1_000_000.0)
SECOND = Holder(pid=4712, config="/b.yaml", since=1_000_000.0 + 3 * 3600 + 25)


@pytest.fixture
def loose_umask() -> object:
    """Let everything be made for everybody, where nothing else is asked for."""
    before = os.umask(0)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


# proves: c-config-dashboard 34
@pytest.mark.usefixtures("loose_umask")
def test_a_state_directory_that_is_missing_is_made_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "state"
    assert prepare_state_directory(path) == ()
    assert [mode(one) for one in (path, path / "executions")] == [0o700, 0o700]
    assert prepare_state_directory(path) == (), "again it is as it should be"


# proves: c-config-dashboard 34
def test_a_state_directory_that_others_may_read_is_kept_and_warned_of(tmp_path: Path) -> None:
    path = tmp_path / "state"
    path.mkdir()
    path.chmod(0o755)
    (warning,) = prepare_state_directory(path)
    assert f"chmod 700 {path}" in warning
    assert mode(path) == 0o755


# proves: c-config-dashboard 34
@pytest.mark.parametrize("name", ["state", "state/below"])
def test_a_state_directory_that_is_a_file_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "state").write_text("mine")
    with pytest.raises(StateDirectoryError, match=r"the state directory .*state"):
        prepare_state_directory(tmp_path / name)
    assert (tmp_path / "state").read_text() == "mine"


# proves: a-core 153
def test_who_comes_second_is_told_which_supervisor_has_the_place_and_for_how_long(tmp_path: Path) -> None:
    state, socket = tmp_path, tmp_path / "socket.lock"
    with hold_state_lock(state, FIRST), hold_socket_lock(socket, FIRST):
        with pytest.raises(StateDirectoryError) as of_state, hold_state_lock(state, SECOND):
            pass
        with pytest.raises(AlreadyRunningError) as of_config, hold_socket_lock(socket, FIRST):
            pass
    assert "/a.yaml (pid 4711, running for 3:00:25)" in str(of_state.value)
    assert "/a.yaml is already running (pid 4711, running for 0:00:00)" in str(of_config.value)


# proves: a-core 153
@pytest.mark.parametrize("written", ["", "{", '{"pid": 0, "config": "/a.yaml"}', '{"pid": -1, "config": "/a.yaml"}'])
def test_a_holder_that_has_not_said_who_it_is_gets_no_number_that_one_could_kill(tmp_path: Path, written: str) -> None:
    path = tmp_path / "compas.lock"
    with hold_state_lock(tmp_path, FIRST):
        path.write_text(written)
        with pytest.raises(StateDirectoryError) as caught, hold_state_lock(tmp_path, SECOND):
            pass
    assert "only just begun" in str(caught.value)
    for dangerous in ("pid", "kill", " 0"):
        assert dangerous not in str(caught.value)


# proves: a-core 154
@pytest.mark.system
async def test_a_place_whose_holder_is_gone_is_free_whatever_number_stands_in_it(tmp_path: Path) -> None:
    """As in a container that is restarted: the new supervisor has the process number of the old one."""
    own = Holder(pid=os.getpid(), config="/a.yaml", since=1_000_000.0)
    taking = f"""
import os
from pathlib import Path
from compas.orchestrator.process.held_lock import Holder
from compas.orchestrator.process.state_directory import hold_state_lock
with hold_state_lock(Path({str(tmp_path)!r}), Holder(pid={own.pid}, config="/a.yaml", since=999_999.0)):
    print("held", flush=True)
    os.kill(os.getpid(), 9)
"""
    with trio.fail_after(CEILING):
        ended = await trio.run_process([sys.executable, "-c", taking], capture_stdout=True, check=False)
    assert (ended.stdout, ended.returncode) == (b"held\n", -9)
    assert str(own.pid) in (tmp_path / "compas.lock").read_text()
    with hold_state_lock(tmp_path, own):
        assert '"since":1000000.0' in (tmp_path / "compas.lock").read_text()


def test_the_same_config_by_another_runtime_directory_is_told_what_differs(tmp_path: Path) -> None:
    wanted = "another runtime directory; set COMPAS_RUNTIME_DIR"
    with hold_state_lock(tmp_path, FIRST), pytest.raises(StateDirectoryError, match=wanted) as refused:
        hold_state_lock(tmp_path, FIRST).__enter__()
    assert "state_dir of its own" not in str(refused.value)
