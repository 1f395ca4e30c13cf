"""Watching what a path leads to: no change of it goes unheard, whatever is renamed, linked, made and removed."""

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compas.orchestrator.config.path_watch import PathWatch, places_of

pytestmark = pytest.mark.system

NAMES = ("a", "b", "a/c", "a/d", "a/c/file", "beside", "link")
TARGETS = ("a", "b", "a/c", "beside", "../b", "../beside", "c/file", "./a//c/", "nowhere")
PATHS = ("a/c/file", "link/c/file", "link", "a/c")

Step = tuple[str, str, str]
_name = st.sampled_from(NAMES)
STEPS = st.one_of(
    st.tuples(st.sampled_from(["write", "remove", "mkdir", "chmod"]), _name, st.just("")),
    st.tuples(st.just("rename"), _name, _name),
    st.tuples(st.just("link"), _name, st.sampled_from(TARGETS)),
)


def found(path: Path) -> object:
    """Return what a path leads to: a content, a kind, or nothing."""
    try:
        return path.read_text() if path.is_file() else path.stat().st_ino
    except OSError as err:
        return type(err).__name__


def take(root: Path, step: Step, number: int) -> None:
    """Do one thing to the tree; what cannot be done is left out."""
    kind, name, other = step
    path = root / name
    steps: dict[str, Callable[[], object]] = {
        "write": lambda: path.write_text(str(number)),
        "mkdir": path.mkdir,
        "link": lambda: replaced(path, other),
        "rename": lambda: path.rename(root / other),
        "remove": lambda: shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink(),
        "chmod": lambda: path.chmod(0o700 if number % 2 else 0o755),
    }
    try:
        steps[kind]()
    except OSError:
        return


def replaced(path: Path, target: str) -> None:
    """Repoint a link in one step."""
    fresh = path.with_name("fresh")
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(target)
    os.replace(fresh, path)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(PATHS), st.lists(STEPS, max_size=12))
def test_whatever_changes_what_a_path_leads_to_is_heard_of(name: str, steps: list[Step]) -> None:
    with TemporaryDirectory() as place:
        root = Path(place).resolve() / "tree"
        (root / "a" / "c").mkdir(parents=True)
        (root / "a" / "c" / "file").write_text("begin")
        (root / "beside").write_text("beside")
        (root / "link").symlink_to("a")
        path = root / name
        watch = PathWatch()
        try:
            for number, step in enumerate(steps):
                watch.watch(places_of([str(path)]), {})
                watch.has_changed()
                before = found(path)
                take(root, step, number)
                if found(path) != before:
                    assert watch.has_changed(), (step, before, found(path))
        finally:
            watch.close()


def test_links_that_lead_in_a_circle_come_to_an_end(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    assert places_of([str(tmp_path / "a" / "file")])[str(tmp_path)] == {"a", "b"}


def test_every_name_on_the_way_is_followed_through_links_and_dots(tmp_path: Path) -> None:
    (tmp_path / "real" / "deep").mkdir(parents=True)
    (tmp_path / "real" / "file").write_text("x")
    (tmp_path / "link").symlink_to("real/deep")
    places = places_of([str(tmp_path / "link" / ".." / "file")])
    assert {directory: names for directory, names in places.items() if names} == {
        str(tmp_path): {"link"},
        str(tmp_path / "real"): {"file"},
    }
    assert str(tmp_path.parent) in places, "it may be moved away"


@pytest.mark.skipif(sys.platform == "darwin", reason="inotify")
def test_a_watch_that_is_moved_on_many_times_holds_no_more_than_it_needs(tmp_path: Path) -> None:
    for number in range(50):
        (tmp_path / str(number)).mkdir()
    watch = PathWatch()
    try:
        for number in range(50):
            watch.watch(places_of([str(tmp_path / str(number) / "file")]), {})
        info = Path(f"/proc/self/fdinfo/{watch.fileno()}").read_text()
        assert info.count("inotify wd:") == len(tmp_path.parts)
        assert not watch.has_changed()
    finally:
        watch.close()
