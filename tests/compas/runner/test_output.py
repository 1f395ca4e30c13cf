import json
import shutil

import pytest
import trio

from compas.runner.attachment import open_attachment
from compas.runner.logformat import cut_notice, parse_lines
from tests.kit.ceiling import CEILING
from tests.kit.runner.runner_stage import Stage

pytestmark = pytest.mark.system


# proves: a-core 39
async def test_bytes_that_are_no_utf_8_are_replaced_and_all_later_lines_kept(stage: Stage) -> None:
    script = "import sys; sys.stdout.buffer.write(b'a\\xffb\\n\\xe2\\x82\\n\\xe2\\x82\\xac\\nlast')"
    log, ended = await stage.run(script)
    assert (log, ended.exit_code) == ("a\ufffdb\n\ufffd\n€\nlast\n", 0)


# proves: a-core 43
async def test_stderr_is_marked_and_stdout_cannot_pass_for_it(stage: Stage) -> None:
    script = "import sys; print('oh', file=sys.stderr); print('[stderr] fake\\n[stdout] odd\\n[compas] no\\nplain')"
    log, _ = await stage.run(script)
    assert sorted(parse_lines(log)) == [
        ("stderr", "oh"),
        ("stdout", "[compas] no"),
        ("stdout", "[stderr] fake"),
        ("stdout", "[stdout] odd"),
        ("stdout", "plain"),
    ]
    assert "[stderr] oh\n" in log


# proves: a-core 163
async def test_both_streams_are_redacted_in_the_log(stage: Stage) -> None:
    key = "sk-ant-" + "a" * 40
    script = f"import sys; print('key {key}'); print('my-{{}}'.format('{key}'), file=sys.stderr); print('pin 4711')"
    log, _ = await stage.run(script, redaction_patterns=(r"pin \d+", "("))
    assert key not in log
    assert "key [REDACTED:anthropic_key]\n" in log
    assert "[REDACTED:custom_0]\n" in log
    assert "redaction pattern 1 is skipped" in log


# proves: a-core 165
async def test_without_redaction_nothing_is_masked(stage: Stage) -> None:
    key = "sk-ant-" + "a" * 40
    log, _ = await stage.run(f"print('{key}')", redact=False, redaction_patterns=("sk",))
    assert log == f"{key}\n"


@pytest.mark.parametrize("stdout", ["pipe", "file"])
async def test_an_agent_that_prints_a_hundred_megabytes_ends_cleanly_with_head_and_end_kept(
    stage: Stage, stdout: str
) -> None:
    script = """
import sys
print('the start')
block = ('y' * 999 + '\\n') * 100
for _ in range(1000): sys.stdout.write(block)
print('the end')
"""
    directory = await stage.start(script, stdout=stdout, log_limit_bytes=1 << 20)
    live, ended = await stage.finish(directory)
    assert live.startswith("the start\n")
    assert live.endswith("the end\n")
    log = (directory / "output.log").read_text()
    assert (ended.kind, ended.exit_code, ended.nothing_left) == ("exited", 0, True)
    assert log.startswith("the start\nyyy")
    assert log.endswith("y\nthe end\n")
    assert ended.log_bytes == len(log) <= (1 << 20) + 200
    assert log.count(cut_notice(ended.cut_bytes)) == 1
    read, _ = await stage.finish(directory)
    assert read == log


# proves: a-core 38
@pytest.mark.parametrize("stdout", ["pipe", "file"])
async def test_an_agent_that_writes_more_than_a_pipe_holds_neither_blocks_nor_loses_any_of_it(
    stage: Stage, stdout: str
) -> None:
    script = """
import sys
for number in range(60_000):
    print(f"line {number}")
print("all written", file=sys.stderr)
"""
    log, ended = await stage.run(script, stdout=stdout)
    assert (ended.kind, ended.exit_code, ended.cut_bytes) == ("exited", 0, 0)
    lines = list(parse_lines(log))
    assert [line for stream, line in lines if stream == "stdout"] == [f"line {number}" for number in range(60_000)]
    assert [line for stream, line in lines if stream == "stderr"] == ["all written"]


async def test_a_line_of_many_megabytes_is_whole_and_a_longer_one_is_cut_with_a_mark(stage: Stage) -> None:
    script = "print('{' + 'x' * 3_000_000 + '}')\nprint('z' * 9_000_000)\nprint('after')"
    log, ended = await stage.run(script, log_limit_bytes=64 << 20)
    whole, cut, after = log.splitlines()
    assert whole == "{" + "x" * 3_000_000 + "}"
    assert cut.startswith("zzz")
    assert cut.endswith(" [cut: a line of 9000000 bytes]")
    assert len(cut) < 8 << 20
    assert (after, ended.exit_code) == ("after", 0)


WRITE_NON_BLOCKING_AND_EXIT = """
import os
os.set_blocking(1, False)
data = b''.join(b'%07d\\n' % n for n in range(400000))
while data:
    try: data = data[os.write(1, data):]
    except BlockingIOError: os._exit(3)
os._exit(0)
"""


async def test_a_writer_that_exits_without_waiting_loses_nothing_into_a_file(stage: Stage) -> None:
    log, ended = await stage.run(WRITE_NON_BLOCKING_AND_EXIT, stdout="file")
    assert (ended.exit_code, ended.skipped_bytes) == (0, 0)
    assert log == "".join(f"{n:07}\n" for n in range(400000))


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
async def test_node_loses_nothing_into_a_file_when_it_exits_at_once(stage: Stage) -> None:
    script = "process.stdout.write('x'.repeat(99).concat('\\n').repeat(30000)); process.exit(0)"
    log, ended = await stage.run(argv=("node", "-e", script), stdout="file")
    assert (len(log), ended.exit_code) == (3_000_000, 0)


async def test_lines_in_a_file_arrive_while_the_agent_runs(stage: Stage) -> None:
    script = "import signal; print('now', flush=True); signal.pause()"
    directory = await stage.start(script, stdout="file")
    with trio.fail_after(CEILING):
        async with open_attachment(directory) as attachment:
            async for chunk in attachment:
                assert chunk.text == "now\n"
                await attachment.stop("seen")
    assert attachment.exit.kind == "stopped"


async def test_a_truncated_output_file_is_noticed_and_followed_on(stage: Stage) -> None:
    script = "import os\nprint('a' * 500, flush=True)\nopen('gate').read()\nos.ftruncate(1, 0)\nprint('b', flush=True)"
    import os

    os.mkfifo(stage.base / "gate")
    directory = await stage.start(script, stdout="file")
    lines = []
    with trio.fail_after(CEILING):
        async with open_attachment(directory) as attachment:
            async for chunk in attachment:
                if not lines:
                    await trio.to_thread.run_sync((stage.base / "gate").write_text, "go")
                lines += chunk.text.splitlines()
    assert lines == ["a" * 500, "[compas] the agent truncated its output after 501 bytes", "b"]


async def test_json_lines_with_secrets_stay_json(stage: Stage) -> None:
    line = json.dumps({"text": 'the "password": "hunter2-hunter2" and\n', "token": "0123456789abcdef"})
    log, _ = await stage.run(f"print({line!r})")
    assert json.loads(log) == {
        "text": 'the "password": "[REDACTED:generic_secret]" and\n',
        "token": "[REDACTED:generic_secret]",
    }
