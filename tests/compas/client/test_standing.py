"""A supervisor that is not in the caller's runtime directory is found by its mark, wherever its config says."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from compas.client import standing as module
from compas.client.place import Place, place_of
from compas.client.standing import standing
from compas.config.schema.file import DEFAULT_STATE_DIR
from compas.orchestrator.process.held_lock import Holder
from compas.orchestrator.process.state_directory import LOCK_NAME, hold_state_lock


@pytest.fixture
def runtime(tmp_path: Path) -> Path:
    """Return the runtime directory of the supervisor, which is not the caller's."""
    return tmp_path / "theirs"


@contextmanager
def supervised(state: Path, config: Path, runtime: Path) -> Iterator[None]:
    """Hold a state directory as a supervisor does."""
    state.mkdir(parents=True, exist_ok=True)
    with hold_state_lock(state, Holder(pid=4711, config=str(config), runtime=str(runtime))):
        yield


@pytest.mark.parametrize(
    "text",
    [
        "state_dir: their state # ours\n",
        "a: 1\nstate_dir: 'their state'\n",
        'state_dir: "their state"',
        '{\n "agents": [],\n "state_dir": "their state",\n "b": 1}',
        '{"state_dir": "their state"}',
    ],
)
def test_it_is_found_by_the_state_directory_that_the_config_names(place: Place, runtime: Path, text: str) -> None:
    place.config.write_text(text)
    with supervised(place.config.parent / "their state", place.config, runtime):
        found = standing(place)
        assert found.socket == runtime / place.socket.name
        assert found.lock == place.config.parent / "their state" / LOCK_NAME
    assert standing(place) == place, "it has ended"


def test_it_is_found_in_the_directory_of_the_environment_and_in_the_usual_one(
    place: Place, runtime: Path, environ: dict[str, str], tmp_path: Path
) -> None:
    assert f"~/{module.DEFAULT_STATE}" == DEFAULT_STATE_DIR
    assert module.LOCK_NAME == LOCK_NAME
    with supervised(Path(environ["HOME"]) / module.DEFAULT_STATE, place.config, runtime):
        assert standing(place).socket.parent == runtime
    named = place_of(place.config, environ | {"COMPAS_STATE_DIR": str(tmp_path / "named")})
    with supervised(tmp_path / "named", place.config, runtime):
        assert standing(named).socket.parent == runtime


@pytest.mark.parametrize("written", ["", "{", "[]", "7", '{"pid": 1}', '{"config": 3, "runtime": []}', "\xff"])
def test_a_mark_that_says_nothing_leads_nowhere(place: Place, runtime: Path, written: str) -> None:
    place.config.write_text("state_dir: state\n")
    state = place.config.parent / "state"
    with supervised(state, place.config, runtime):
        (state / LOCK_NAME).write_bytes(written.encode("latin-1"))
        assert standing(place) == place


def test_the_supervisor_of_another_config_is_not_taken_for_this_ones(place: Place, runtime: Path) -> None:
    place.config.write_text("state_dir: state\n")
    other = place.config.with_name("other.yaml")
    other.touch()
    with supervised(place.config.parent / "state", other, runtime):
        assert standing(place) == place


def test_a_link_to_the_config_leads_to_the_same_supervisor(
    place: Place, runtime: Path, environ: dict[str, str]
) -> None:
    place.config.write_text(f"state_dir: {place.config.parent / 'state'}\n")
    link = place.config.with_name("link.yaml")
    os.symlink(place.config, link)
    with supervised(place.config.parent / "state", place.config, runtime):
        assert standing(place_of(link, environ)).socket == runtime / place.socket.name
