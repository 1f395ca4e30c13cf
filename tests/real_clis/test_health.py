"""The agent CLIs themselves are asked for their version, and for one word of their model's."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
import trio

from compas.backends.backend import Availability, CommandLine, OutputReader, Resumed, Task
from compas.backends.profiles import BY_NAME
from compas.domain.specs import AgentSpec
from compas.health.inspection import Inspection, look
from tests.kit.ceiling import CEILING
from tests.model_server.model_http import ModelServer
from tests.real_clis import install
from tests.real_clis.stage import SECONDS, Stage

pytestmark = pytest.mark.system


class OnlyNamed:
    """A backend of which no more is asked than its name: adapters may come later than what is known of their CLIs."""

    resumes_elsewhere = True
    tells_steps = False

    def __init__(self, name: str) -> None:
        self.name = name

    def command_line(self, agent: AgentSpec, task: Task) -> CommandLine:
        """It is never run."""
        raise AssertionError("nothing is run")

    def open_reader(self, resumed: Resumed | None) -> OutputReader:
        """It is never run."""
        raise AssertionError("nothing is run")

    def availability(self, path: str) -> Availability:
        """It is there."""
        return Availability(usable=True, detail=path)


def command_of(name: str) -> Path | None:
    """Return where a CLI is installed for the tests, in whatever version."""
    found = sorted(install.cache().glob(f"{name}-*/node_modules/.bin/{name}"))
    return found[-1] if found else None


@pytest.mark.parametrize("name", list(BY_NAME))
def test_every_cli_says_its_version_and_it_is_one_that_compas_is_tested_with(name: str, tmp_path: Path) -> None:
    command = command_of(name)
    if command is None:
        pytest.skip(f"{name} is not installed in {install.cache()}: `python -m tests.real_clis.install` needs npm")
    agent = AgentSpec(alias="dev", backend=name, workdir=str(tmp_path))
    environ = {"PATH": f"{command.parent}{os.pathsep}{os.environ['PATH']}", "HOME": str(tmp_path)}

    async def bounded() -> Inspection:
        with trio.fail_after(CEILING):
            return await look(OnlyNamed(name), agent, environ, seconds=50)

    found = trio.run(bounded)
    assert found.notes == ()
    assert found.version in BY_NAME[name].tested
    assert command.parents[2].name == f"{name}-{found.version}"
    assert found.credentials.state != "present"


def be_patient(stage: Stage) -> None:
    """Let a ping take as long as a task: several CLIs may be starting on this machine."""
    config = json.loads(stage.workshop.config.read_text())
    stage.workshop.config.write_text(json.dumps({**config, "orchestration": {"ping_timeout_secs": SECONDS}}))


def checks_of(stage: Stage, *options: str) -> dict[str, Any]:
    """Run the doctor and return its checks by name."""
    report = stage.workshop("doctor", "--json", *options).json()
    return {check["name"]: check for check in report["checks"]}


def test_the_doctor_pings_the_model_through_the_cli_and_leaves_nothing_behind(
    stage: Stage, server: ModelServer
) -> None:
    stage.configure()
    be_patient(stage)
    stage.workshop.environ["TMPDIR"] = str(stage.workshop.root)
    assert "ping dev" not in checks_of(stage)
    assert server.requests == []
    checks = checks_of(stage, "--ping")
    assert checks["ping dev"]["status"] == "pass", checks["ping dev"]
    assert checks["ping dev"]["detail"].startswith("it answered: echo (prompt 1, 0 tool results): Reply with: ok")
    assert checks[f"backend {stage.rig.name}"]["status"] == "pass"
    assert server.requests != []
    assert list(stage.workshop.root.glob("compas-ping-*")) == []


def test_a_ping_by_the_supervisor_says_how_long_it_took_and_records_no_execution(stage: Stage) -> None:
    stage.configure()
    be_patient(stage)
    (dev,) = stage.workshop.ask("health", "--ping")["agents"]
    assert dev["ping"]["alive"], dev
    assert dev["ping"]["latency_ms"] > 0
    assert dev["credentials"] != "absent"
    assert dev["version"] in BY_NAME[stage.rig.name].tested
    assert [event for event in stage.workshop.events() if event["stream"] != "supervisor"] == []


def test_a_ping_with_a_key_that_is_not_accepted_says_so(stage: Stage) -> None:
    stage.configure(stage.rig.with_key("bad-key"))
    be_patient(stage)
    (dev,) = stage.workshop.ask("health", "dev", "--ping")["agents"]
    assert (dev["usable"], dev["ping"]["alive"], dev["ping"]["category"]) == (True, False, "auth_failure")
