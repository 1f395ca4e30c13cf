import json
import os
import random
from pathlib import Path

import msgspec
import pytest

from compas.runner.messages import Exit
from tests.kit.runner.runner_stage import Stage

pytestmark = pytest.mark.system

ECHO_STDIN_SIZE_AND_HASH = """
import sys, hashlib
data = sys.stdin.buffer.read()
print(len(data), hashlib.sha256(data).hexdigest(), data[:3])
"""


async def test_an_agent_runs_and_its_exit_is_recorded(stage: Stage) -> None:
    log, ended = await stage.run("print('hello')")
    assert (log, ended.kind, ended.exit_code, ended.signal) == ("hello\n", "exited", 0, None)
    assert (ended.nothing_left, ended.leftovers_ended, ended.log_bytes) == (True, 0, 6)
    recorded = msgspec.json.decode((stage.base / "e1" / "exit.json").read_bytes(), type=Exit)
    assert recorded == ended


async def test_an_exit_code_and_a_signal_are_told_apart(stage: Stage) -> None:
    _, failed = await stage.run("raise SystemExit(3)")
    _, signalled = await stage.run("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)")
    assert (failed.kind, failed.exit_code) == ("exited", 3)
    assert (signalled.kind, signalled.exit_code, signalled.signal) == ("signaled", None, 11)
    assert "signal 11" in signalled.reason


async def test_use_of_the_machine_is_counted(stage: Stage) -> None:
    _, ended = await stage.run("sum(i * i for i in range(300000)); x = bytearray(40 << 20)")
    assert ended.user_secs > 0
    assert ended.max_rss_kb > 40 << 10
    assert ended.started_at <= ended.ended_at


# proves: a-core 47
async def test_a_prompt_of_a_mebibyte_from_every_plane_arrives_byte_for_byte(stage: Stage) -> None:
    rng = random.Random(7)
    planes = [chr(plane * 0x10000 + rng.randrange(0x20, 0xD000)) for plane in range(17) for _ in range(2000)]
    prompt = "".join(planes) * 9 + "\r\n\0 without a newline"
    assert len(prompt.encode()) > 1 << 20
    log, _ = await stage.run(ECHO_STDIN_SIZE_AND_HASH, stdin_text=prompt)
    import hashlib

    data = prompt.encode()
    assert log == f"{len(data)} {hashlib.sha256(data).hexdigest()} {data[:3]}\n"


# proves: a-core 48
async def test_a_prompt_that_begins_with_a_dash_arrives_as_text(stage: Stage) -> None:
    log, _ = await stage.run("import sys; print(sys.stdin.read())", stdin_text="--help -rf")
    assert log == "--help -rf\n"


async def test_without_a_prompt_stdin_is_empty(stage: Stage) -> None:
    log, _ = await stage.run("import sys; print(repr(sys.stdin.read()))")
    assert log == "''\n"


# proves: a-core 49
async def test_an_agent_gets_the_given_environment_and_the_marks_only(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLAUDECODE", "1")
    log, _ = await stage.run("import os, json; print(json.dumps(dict(os.environ)))", env={"LANG": "C.UTF-8", "A": "ü"})
    seen = json.loads(log)
    seen.pop("LC_CTYPE", None)  # set by Python itself
    assert seen.keys() == {"LANG", "A", "COMPAS_RUN_TOKEN", "COMPAS_CALLER", "COMPAS_EXECUTION"}
    assert (seen["A"], seen["COMPAS_EXECUTION"]) == ("ü", "e1")


async def test_an_agent_inherits_no_descriptor_signal_or_mask(stage: Stage) -> None:
    script = """
import os, signal
print(sorted(map(int, os.listdir('/proc/self/fd')))[:-1])
status = dict(line.split(':\\t', 1) for line in open('/proc/self/status') if ':\\t' in line)
# Python itself ignores SIGPIPE and SIGXFSZ, and handles SIGINT.
print(int(status['SigIgn'], 16) & ~(1 << signal.SIGPIPE - 1) & ~(1 << signal.SIGXFSZ - 1), int(status['SigBlk'], 16))
print(os.getsid(0) == os.getpid(), os.getcwd())
"""
    umask = os.umask(0o022)
    os.umask(umask)
    log, _ = await stage.run(script)
    assert log.splitlines() == ["[0, 1, 2]", "0 0", f"True {stage.base}"]
    log, _ = await stage.run("import os; print(os.umask(0))")
    assert log == f"{umask}\n"


async def test_a_sigpipe_ends_an_agent_as_it_would_from_a_shell(stage: Stage) -> None:
    log, _ = await stage.run(argv=("/bin/sh", "-c", "yes | head -1; echo done"))
    assert log == "y\ndone\n"


# proves: a-core 46
@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"argv": ("no-such-agent",)}, ["'no-such-agent'", "PATH", "install it"]),
        ({"argv": ("/no/such/agent",)}, ["'/no/such/agent'", "no such file"]),
        ({"argv": ("./plain",)}, ["'./plain'", "not an executable file"]),
        ({"argv": ("./odd",)}, ["'./odd'", "#! line"]),
        ({"argv": ("./orphan",)}, ["'./orphan'", "interpreter"]),
        ({"argv": ("sh",), "cwd": "/no/such/place"}, ["'/no/such/place'", "no such directory"]),
        ({"argv": ("sh",), "cwd": "/etc/passwd"}, ["'/etc/passwd'", "not a directory"]),
        ({"argv": ("sh", "x" * 200_000)}, ["longer than the system allows", "stdin"]),
        ({"argv": ("sh", "a\0b")}, ["NUL"]),
    ],
)
async def test_an_agent_that_cannot_be_started_says_why(
    stage: Stage, fields: dict[str, object], words: list[str]
) -> None:
    for name, content, mode in (
        ("plain", "", 0o600),
        ("odd", "\x7fodd", 0o700),
        ("orphan", "#!/no/interpreter\n", 0o700),
    ):
        (stage.base / name).write_text(content)
        (stage.base / name).chmod(mode)
    log, ended = await stage.run(**fields)
    assert (log, ended.kind, ended.exit_code) == ("", "spawn_failed", None)
    assert all(word in ended.reason for word in ["cannot start", *words]), ended.reason


async def test_files_are_for_their_owner_only_and_nothing_else_is_left(stage: Stage) -> None:
    directory = await stage.start("print(1)", stdin_text="x", stdout="file")
    await stage.finish(directory)
    modes = {path.name: oct(path.stat().st_mode & 0o777) for path in directory.iterdir()}
    names = ["spec.json", "started.json", "exit.json", "output.log", "lock"]
    assert modes == dict.fromkeys(names, "0o600")
    assert directory.stat().st_mode & 0o777 == 0o700


# proves: a-core 44
async def test_a_folder_for_logs_that_is_missing_is_made_for_the_owner_only(stage: Stage) -> None:
    stage.base = stage.base / "executions"
    log, ended = await stage.run("print('heard')", cwd="/")
    assert (log, ended.kind) == ("heard\n", "exited")
    (directory,) = stage.base.iterdir()
    assert (directory / "output.log").stat().st_mode & 0o777 == 0o600
    assert [path.stat().st_mode & 0o777 for path in (stage.base, directory)] == [0o700, 0o700]


async def test_a_state_directory_with_a_very_long_path_works(stage: Stage) -> None:
    stage.base = Path(stage.base, "d" * 80, "e" * 80)
    stage.base.mkdir(parents=True)
    log, ended = await stage.run("print('far')")
    assert (log, ended.kind) == ("far\n", "exited")


# proves: a-core 45
async def test_an_execution_whose_log_cannot_be_written_still_succeeds(stage: Stage) -> None:
    directory = stage.prepare("print('unheard')")
    (directory / "output.log").mkdir()
    assert (await stage.launcher.launch(directory)).answer == "started"
    _, ended = await stage.finish(directory)
    assert (ended.kind, ended.exit_code, ended.log_bytes) == ("exited", 0, 0)
    assert "output.log" in ended.log_error
