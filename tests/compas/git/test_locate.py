"""Where directories are is read from files, whatever an agent has put there."""

import os
from pathlib import Path

import pytest
import trio

from compas.git.locate import locate
from compas.git.protocol.reading import Locate, Place
from tests.kit.ceiling import CEILING
from tests.kit.git.git_hands import RealHands

pytestmark = pytest.mark.system


@pytest.fixture
def desk(tmp_path: Path) -> RealHands:
    path = tmp_path / "app"
    path.mkdir()
    hands = RealHands(None, path)
    begin(hands, path)
    return hands


def begin(hands: RealHands, path: Path, *options: str) -> None:
    hands.run("init", "--quiet", "--initial-branch=main", *options, at=str(path))
    hands.run("-c", "user.name=o", "-c", "user.email=o@o", "commit", "-q", "--allow-empty", "-m", "begin", at=str(path))


async def where(*paths: Path) -> list[Place | None]:
    with trio.fail_after(CEILING):
        return list((await locate(Locate(paths=tuple(map(str, paths))))).places)


async def test_checkouts_worktrees_and_what_is_below_them_are_in_their_repository(desk: RealHands) -> None:
    app = Path(desk.path)
    deep = app / "src" / "deep"
    deep.mkdir(parents=True)
    beside = app.parent / "beside"
    desk.run("worktree", "add", "--quiet", str(beside))
    (beside / "src").mkdir()
    (app.parent / "link").symlink_to(deep)
    assert await where(app, deep, beside, beside / "src", app.parent / "link", app / ".git") == [
        Place(repository=desk.path),
        Place(repository=desk.path, below="src/deep"),
        Place(repository=desk.path),
        Place(repository=desk.path, below="src"),
        Place(repository=desk.path, below="src/deep"),
        Place(repository=desk.path),
    ]


async def test_what_is_in_no_repository_or_not_there_is_nowhere(desk: RealHands) -> None:
    outside = Path(desk.path).parent / "outside"
    outside.mkdir()
    (Path(desk.path) / "file").write_text("x")
    assert await where(outside, Path(desk.path) / "gone", Path(desk.path) / "file") == [None, None, None]


async def test_a_repository_inside_of_another_is_itself_and_so_is_a_bare_one(desk: RealHands) -> None:
    app = Path(desk.path)
    inner = app / "vendor" / "lib"
    inner.mkdir(parents=True)
    begin(desk, inner)
    desk.run("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(inner), "sub")
    bare = app.parent / "bare.git"
    desk.run("clone", "--quiet", "--bare", desk.path, str(bare))
    assert await where(inner, app / "sub", bare) == [
        Place(repository=str(inner)),
        Place(repository=str(app / "sub")),
        Place(repository=str(bare)),
    ]


@pytest.mark.parametrize("content", [b"", b"gitdir: /nowhere\n", b"gitdir: \xff\0\n", b"x" * 100_000])
async def test_a_file_in_the_place_of_a_link_to_git_leads_to_what_is_around_it(desk: RealHands, content: bytes) -> None:
    inner = Path(desk.path) / "inner"
    inner.mkdir()
    (inner / ".git").write_bytes(content)
    assert await where(inner) == [Place(repository=desk.path, below="inner")]


async def test_a_pipe_in_the_place_of_a_link_to_git_holds_up_nobody(desk: RealHands) -> None:
    inner = Path(desk.path) / "inner"
    inner.mkdir()
    os.mkfifo(inner / ".git")
    assert await where(inner) == [Place(repository=desk.path, below="inner")]
