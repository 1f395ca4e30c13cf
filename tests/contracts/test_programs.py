"""What runs hooks and notifiers promises, whether it starts processes or plays functions."""

import math
import os
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest
import trio
from trio.testing import MockClock

from compas.orchestrator.machine.programs import LocalPrograms, Programs
from compas.runner.program import OUTPUT_BYTES, Program, ProgramEnd
from tests.kit.ceiling import CEILING
from tests.kit.orchestrator.fake_programs import FakePrograms

Make = Callable[..., str]


class Bench:
    """Programs of either kind, and how to make one of its name behave."""

    def __init__(self, programs: Programs, path: str, make: Make) -> None:
        self.programs = programs
        self.path = path
        self.make = make

    async def run(self, command: str, *, timeout_secs: float = CEILING, stdin: bytes = b"{}") -> ProgramEnd:
        program = Program(
            command=command,
            env={"PATH": f"{self.path}:{os.environ['PATH']}"},
            cwd="/",
            stdin=stdin,
            timeout_secs=timeout_secs,
        )
        with trio.fail_after(CEILING):
            return await self.programs.run(program)


def _fake() -> Bench:
    fake = FakePrograms()

    def make(name: str, **act: object) -> str:
        fake.has(name, **act)
        return name

    return Bench(fake, "/bin", make)


def _local(place: Path) -> Bench:
    def make(name: str, *, code: int = 0, prints: str = "", secs: float = 0.0) -> str:
        (place / "said").write_text(prints)
        lasting = "" if not secs else "sleep 600 & wait" if secs == math.inf else f"sleep {secs}"
        lines = ["#!/bin/sh", f"cat {shlex.quote(str(place / 'said'))}", lasting, f"exit {code}"]
        (place / name).write_text("\n".join(lines))
        (place / name).chmod(0o755)
        return name

    return Bench(LocalPrograms(), str(place), make)


@pytest.fixture(params=["fake", pytest.param("local", marks=pytest.mark.system)])
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Bench:
    return _fake() if request.param == "fake" else _local(tmp_path)


async def test_an_end_is_told_with_its_status_and_output(bench: Bench) -> None:
    ended = await bench.run(bench.make("hook", code=3, prints="no route to host"))
    assert (ended.how, ended.code, ended.output, ended.problem) == ("ended", 3, "no route to host", "")


async def test_a_program_that_is_not_there_is_told_and_was_not_started(bench: Bench) -> None:
    ended = await bench.run("nowhere-at-all")
    assert (ended.how, ended.code) == ("not_started", None)
    assert ended.problem == "no program nowhere-at-all was found on PATH, or it is not executable"
    assert bench.programs.find("nowhere-at-all", bench.path) is None


async def test_what_is_found_is_what_is_run(bench: Bench) -> None:
    name = bench.make("hook")
    found = bench.programs.find(name, bench.path)
    assert found is not None
    assert found.endswith("/hook")
    assert (await bench.run(name)).how == "ended"


async def test_a_long_output_is_kept_to_its_end(bench: Bench) -> None:
    ended = await bench.run(bench.make("hook", prints="x" * 200_000 + "\nthe end"))
    assert ended.output.endswith("the end")
    assert len(ended.output) <= OUTPUT_BYTES


async def test_when_the_time_is_up_it_is_over(bench: Bench) -> None:
    ended = await bench.run(bench.make("hook", secs=math.inf), timeout_secs=0.5)
    assert (ended.how, ended.code) == ("timed_out", None)


async def test_cancelling_ends_the_run(bench: Bench) -> None:
    with trio.move_on_after(0.5) as scope:
        await bench.run(bench.make("hook", secs=math.inf))
    assert scope.cancelled_caught


async def test_the_fake_takes_virtual_time_only(autojump_clock: MockClock) -> None:
    bench = _fake()
    ended = await bench.run(bench.make("hook", secs=100.0))
    assert (ended.seconds, trio.current_time()) == (100.0, 100.0)
