"""A supervisor knows whether log and lock of its state directory are still its own."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from compas.orchestrator.process.held_lock import HeldLock, Holder
from compas.orchestrator.process.held_state import HeldState
from compas.orchestrator.process.state_directory import LOCK_NAME, hold_state_lock

OWN = Holder(pid=4711, config="/a.yaml", since=1_000_000.0)
OTHER = Holder(pid=4712, config="/b.yaml", since=1_000_000.0)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Return a log's file."""
    path = tmp_path / "compas.sqlite"
    path.write_text("log")
    return path


@pytest.fixture
def held(log: Path) -> Iterator[HeldState]:
    """Return a state directory that is held."""
    with hold_state_lock(log.parent, OWN) as lock, closing(HeldState(lock, log)) as state:
        yield state


def test_what_stays_as_it_is_is_not_lost(held: HeldState) -> None:
    assert held.lost() is None


def test_a_log_that_is_replaced_by_its_like_is_lost(held: HeldState, log: Path) -> None:
    log.unlink()
    log.write_text("log")
    found = held.lost()
    assert found is not None
    assert str(log) in str(found)


def test_a_lock_that_is_removed_is_taken_again_and_keeps_others_out(held: HeldState, log: Path) -> None:
    lock = log.with_name(LOCK_NAME)
    lock.unlink()
    assert held.lost() is None
    assert HeldLock(lock, OTHER).take() == OWN


def test_who_took_the_lock_meanwhile_is_named_and_left_alone(held: HeldState, log: Path) -> None:
    lock = log.with_name(LOCK_NAME)
    lock.unlink()
    with hold_state_lock(log.parent, OTHER):
        found = held.lost()
        assert found is not None
        for part in ("took over", "pid 4712", "/b.yaml"):
            assert part in str(found)
