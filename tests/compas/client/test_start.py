"""A supervisor is started once, clean, and only where that is right; a failed start says why."""

import fcntl
import os
import stat
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from actors.remote.errors import PermissionDenied
from compas.client.connect import connect_or_start
from compas.client.errors import NotRunningError, StartError, UnreachableError
from compas.client.place import Place, place_of
from compas.client.reach import caller_meta, standing_meta, start_rule
from compas.client.start import start_supervisor
from tests.kit.ceiling import CEILING
from tests.kit.client.scripted_supervisor import Scripted

pytestmark = pytest.mark.system


def refuse_to_start() -> None:
    raise AssertionError("a supervisor was started by mistake")


def test_an_absent_supervisor_is_started_and_reached(place: Place, scripted: Scripted) -> None:
    scripted.says()
    with connect_or_start(place, scripted.start, client="test") as connection:
        assert connection.welcome is not None
        assert connection.welcome["server"] == "stand-in/1"


def test_a_running_supervisor_is_reached_without_starting_one(place: Place, scripted: Scripted) -> None:
    scripted.says()
    scripted.start()
    with connect_or_start(place, refuse_to_start, client="test") as connection:
        assert connection.welcome is not None


def test_a_started_supervisor_has_its_own_session_and_directory_and_a_clean_environment(
    scripted: Scripted,
) -> None:
    scripted.environ |= {"GIT_DIR": "/elsewhere", "EDITOR": "vi", "COMPAS_EXECUTION": "01X", "LC_ALL": "C.UTF-8"}
    scripted.says()
    scripted.start()
    begun = scripted.seen[0]
    assert begun["cwd"] == "/"
    assert os.getsid(begun["pid"]) != os.getsid(0)
    assert os.getppid() != begun["pid"]
    assert begun["environ"].keys() & {"GIT_DIR", "EDITOR", "COMPAS_EXECUTION"} == set()
    assert begun["environ"]["LC_ALL"] == "C.UTF-8"


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="descriptors of others are listed in /proc")
def test_a_started_supervisor_inherits_no_descriptor(scripted: Scripted) -> None:
    reader, writer = os.pipe()
    os.set_inheritable(writer, True)
    ours = os.readlink(f"/proc/self/fd/{writer}")
    try:
        scripted.says()
        scripted.start()
        assert ours not in [os.readlink(fd) for fd in Path(f"/proc/{scripted.seen[0]['pid']}/fd").iterdir()]
    finally:
        os.close(reader)
        os.close(writer)


def test_clients_that_start_at_once_share_one_supervisor(place: Place, scripted: Scripted) -> None:
    scripted.says()
    served: list[str] = []

    def client() -> None:
        with connect_or_start(place, scripted.start, client="test") as connection:
            assert connection.welcome is not None
            served.append(connection.welcome["server"])

    threads = [threading.Thread(target=client) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=CEILING)
    assert served == ["stand-in/1"] * 4
    assert [record["op"] for record in scripted.seen].count("begun") == 1


def test_the_reason_a_supervisor_gives_for_not_starting_is_told(place: Place, scripted: Scripted) -> None:
    scripted.says(refuse="the state directory is on fire")
    with pytest.raises(StartError, match="could not start: the state directory is on fire"):
        connect_or_start(place, scripted.start, client="test")


def test_a_crash_at_the_start_is_told_with_the_end_of_the_log(place: Place, scripted: Scripted) -> None:
    scripted.says(crash=True)
    with pytest.raises(StartError, match="crashes before it says anything"):
        connect_or_start(place, scripted.start, client="test")
    assert stat.S_IMODE(place.log.stat().st_mode) == 0o600


def test_a_program_that_cannot_be_run_is_named(place: Place, environ: dict[str, str]) -> None:
    with pytest.raises(StartError, match="cannot start /nonexistent"):
        start_supervisor(place, environ, ["/nonexistent"])


def test_a_start_that_takes_too_long_is_given_up(place: Place, environ: dict[str, str]) -> None:
    with pytest.raises(StartError, match=r"did not listen within 0\.1 s"):
        start_supervisor(place, environ, [sys.executable, "-c", "import signal; signal.pause()"], 0.1)


def test_a_supervisor_that_listens_has_not_started_until_it_says_how_its_start_went(
    place: Place, environ: dict[str, str]
) -> None:
    def start(says: str) -> None:
        tells = f"import os, sys; os.write(int(sys.argv[2]), {says.encode()!r})"
        start_supervisor(place, environ, [sys.executable, "-c", tells])

    start("listening\nready\n")
    with pytest.raises(StartError, match="could not start: the log is damaged"):
        start("listening\nerror: the log is damaged\n")
    with pytest.raises(StartError, match="ended while it started"):
        start("listening\n")


def test_no_supervisor_is_started_for_a_config_that_is_not_there(tmp_path: Path, environ: dict[str, str]) -> None:
    place = place_of(tmp_path / "absent.yaml", environ)
    with pytest.raises(StartError, match=r"no configuration at .*absent\.yaml"):
        connect_or_start(place, start_rule(place, environ), client="test")


def test_no_supervisor_is_started_from_inside_an_execution(place: Place, environ: dict[str, str]) -> None:
    environ["COMPAS_EXECUTION"] = "01EXECUTION"
    with pytest.raises(NotRunningError, match="from inside an execution"):
        connect_or_start(place, start_rule(place, environ), client="test")
    assert not place.log.exists()


def test_no_supervisor_is_started_against_the_users_word(place: Place, environ: dict[str, str]) -> None:
    with pytest.raises(NotRunningError, match="start one with `compas run`"):
        connect_or_start(place, start_rule(place, environ, is_allowed=False), client="test")
    assert not place.log.exists()


def test_a_socket_left_by_a_killed_supervisor_keeps_none_from_starting(place: Place, scripted: Scripted) -> None:
    scripted.says()
    scripted.start()
    scripted.kill()
    assert place.socket.exists()
    with connect_or_start(place, scripted.start, client="test") as connection:
        assert connection.welcome is not None


def test_a_supervisor_that_holds_its_lock_without_listening_is_waited_for_and_then_named(place: Place) -> None:
    lock = os.open(place.lock, os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(lock, fcntl.LOCK_EX)
    try:
        with pytest.raises(UnreachableError, match=r"holds .*lock but has not listened"):
            connect_or_start(place, refuse_to_start, client="test", patience=0.1)
    finally:
        os.close(lock)


def test_a_supervisor_that_ends_while_a_client_waits_is_replaced(place: Place, scripted: Scripted) -> None:
    scripted.says()
    lock = os.open(place.lock, os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(lock, fcntl.LOCK_EX)
    threading.Timer(0.05, os.close, [lock]).start()
    with connect_or_start(place, scripted.start, client="test") as connection:
        assert connection.welcome is not None


@contextmanager
def as_somebody_ordinary() -> Iterator[None]:
    """Give up root's power to enter everything, for as long as the block lasts."""
    was_root = os.geteuid() == 0
    if was_root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if was_root:
            os.seteuid(0)


def test_a_forbidden_socket_is_reported_as_what_it_is(place: Place, scripted: Scripted) -> None:
    scripted.says()
    scripted.start()
    place.socket.chmod(0)
    with as_somebody_ordinary(), pytest.raises(PermissionDenied):
        connect_or_start(place, refuse_to_start, client="test")


def test_the_greeting_names_the_execution_and_its_token_and_nothing_outside_one() -> None:
    assert caller_meta({"COMPAS_EXECUTION": "01X", "COMPAS_RUN_TOKEN": "t"}) == {"execution": "01X", "token": "t"}
    # Gemini CLI hides the one with TOKEN in its name.
    assert caller_meta({"COMPAS_EXECUTION": "01X", "COMPAS_CALLER": "t"}) == {"execution": "01X", "token": "t"}
    assert caller_meta({"HOME": "/"}) == {}


def test_a_caller_says_where_it_stands_unless_that_is_no_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert standing_meta() == {"cwd": str(tmp_path)}
    assert standing_meta("/a/b") == {"cwd": "/a/b"}
    assert standing_meta("/a/\udcff") == {}
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert standing_meta() == {}
