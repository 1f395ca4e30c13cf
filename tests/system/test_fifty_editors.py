"""Many editors share one gateway: what they ask of the supervisor is counted, and nothing grows with what is over."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.kit.ceiling import CEILING
from tests.kit.places import REPOSITORY

pytestmark = pytest.mark.system

MOST_GROWTH_KB = 2048
"""Of the gateway, from its second completion to its last: what 200 waits leave behind would be seen at once."""
MOST_KB_AN_EDITOR = 512
"""Of the gateway, for one more editor with all its waits."""


class Size(NamedTuple):
    """How many there are of what."""

    editors: int
    waits: int
    rounds: int
    watch_secs: int

    @property
    def total(self) -> int:
        """All waits."""
        return self.editors * self.waits


SAMPLE = Size(editors=6, waits=4, rounds=4, watch_secs=1)
ALL = Size(editors=50, waits=4, rounds=10, watch_secs=12)


@pytest.fixture(scope="module", params=[SAMPLE, pytest.param(ALL, marks=pytest.mark.long)], ids=["few", "fifty"])
def size(request: pytest.FixtureRequest) -> Size:
    """Return how much is tried."""
    return request.param


@pytest.fixture(scope="module")
def report(size: Size, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Return what the benchmark found, which left nothing behind."""
    root = tmp_path_factory.mktemp("editors")
    temporary = root / "tmp"
    temporary.mkdir()
    found = run(size, root / "report.json", temporary)
    assert list(temporary.iterdir()) == []
    return found


def run(size: Size, kept: Path, temporary: Path) -> dict[str, Any]:
    """Run the benchmark in a process of its own."""
    amounts = [f"--{name}={value}" for name, value in zip(("editors", "waits", "rounds"), size, strict=False)]
    with subprocess.Popen(
        [sys.executable, "-m", "bench.editors", *amounts, f"--watch={size.watch_secs}", f"--json={kept}"],
        cwd=REPOSITORY,
        env=os.environ | {"TMPDIR": str(temporary)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            _, err = process.communicate(timeout=CEILING)
        finally:
            process.terminate()
    assert process.returncode == 0, err
    return dict(json.loads(kept.read_bytes()))


def test_one_gateway_serves_all(report: dict[str, Any]) -> None:
    assert report["counted"]["gateways"] == 1
    assert report["gateways_started"] == 2, "one under each of the two supervisors"


def test_one_completion_answers_every_wait(report: dict[str, Any], size: Size) -> None:
    assert (report["counted"]["answers"], report["counted"]["completions"]) == (size.total, 1)


def test_editors_that_hang_up_take_their_waits_along(report: dict[str, Any]) -> None:
    assert report["counted"]["waits_left"] == 0


def test_what_is_over_keeps_neither_memory_nor_descriptors(report: dict[str, Any], size: Size) -> None:
    before, rounds = report["before"], report["rounds"]
    assert len(rounds) > size.rounds, "one comes first that does not count"
    assert rounds[-1]["gateway_kb"] - rounds[1]["gateway_kb"] < MOST_GROWTH_KB
    assert rounds[-1]["relay_kb"] - rounds[1]["relay_kb"] < MOST_KB_AN_EDITOR
    assert rounds[-1]["gateway_descriptors"] == before["gateway_descriptors"]
    assert rounds[-1]["supervisor_descriptors"] <= before["supervisor_descriptors"] + 2, "a runner's may be closing"


def test_an_editor_costs_the_gateway_little(report: dict[str, Any], size: Size) -> None:
    waiting, before = report["counted"]["during"], report["before"]
    assert waiting["gateway_kb"] - before["gateway_kb"] < size.editors * MOST_KB_AN_EDITOR
