"""Every MCP client from dispatch to merge: list, dispatch, wait with progress, cancel, diff, merge, close."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kit.system.workshop import finish
from tests.model_server.model_http import ModelServer
from tests.real_clis.job import CORE, PROGRESS, REPLY, TASK, THREAD, WAIT, Job
from tests.real_clis.mcp_clients import CODING_CLIS, CodingCli, interrupt
from tests.real_clis.rigs import RIGS
from tests.real_clis.stage import open_with

pytestmark = pytest.mark.system


@pytest.fixture(params=list(CODING_CLIS))
def cli(request: pytest.FixtureRequest) -> CodingCli:
    """Return each coding CLI in turn."""
    return CODING_CLIS[request.param]


@pytest.fixture
def job(cli: CodingCli, tmp_path: Path, server: ModelServer) -> Iterator[Job]:
    """Return the job, with compas registered at the CLI."""
    with open_with(RIGS[cli.name], tmp_path, server) as workshop:
        made = Job(workshop)
        settings = cli.register(made)
        if cli.name == "codex":
            text = settings.read_text()
            assert "required" not in text
            table = "[mcp_servers.compas]\n"
            settings.write_text(text.replace(table, f'{table}default_tools_approval_mode = "approve"\n'))
        yield made


def test_a_coding_cli_does_the_whole_job_and_may_be_interrupted_in_the_wait(
    cli: CodingCli, job: Job, server: ModelServer
) -> None:
    looking = [cli.search] if cli.search else []
    first = cli.begin(job, *looking, cli.step("orch_dispatch", **TASK), cli.step("orch_wait", **WAIT))
    token = job.wire.until_called("orch_wait")["progressToken"]
    # The next turn begins while the first one hears of its progress, for some CLIs take long to start.
    second = cli.begin(
        job,
        cli.step("orch_wait", **WAIT),
        cli.step("orch_diff", thread_id=THREAD),
        cli.step("orch_merge", thread_id=THREAD),
        cli.step("orch_wait_merge", op_id="{{op_id}}"),
        cli.step("orch_close", thread_id=THREAD),
    )
    with job.at_the_gate():
        told = job.wire.until_asked(PROGRESS).params
        assert (told["progressToken"], told["progress"]) == (token, 10)
        assert f"waiting for thread {THREAD}" in told["message"]
        job.wire.until_called("orch_wait", times=2)
        job.until_waiters(2)
        interrupt(first)
        finish(first)
        if cli.cancels:
            job.wire.until_asked("notifications/cancelled")
        job.until_waiters(1)
        assert job.is_at_work()
    assert all(is_offered(cli, tool, server) for tool in CORE), server.requests[0].tools
    ended = finish(second)
    assert ended.code == 0, ended
    waited, diff, _, merged, closed = server.requests[-1].results
    assert REPLY in waited
    assert "+OK = 1" in diff
    assert "completed" in merged
    assert "Completed" in closed
    job.check_done()


def is_offered(cli: CodingCli, tool: str, server: ModelServer) -> bool:
    """Tell whether a model has the tool: from its first request on, or once it has searched, which it did at once."""
    name = cli.tool.format(tool)
    if cli.search is None:
        return name in server.requests[0].tools
    found = server.requests[1]
    return name in found.tools or f'"{tool}"' in found.results[0]
