"""What branches hold beside what was judged of them, through libgit2 and through git."""

from pathlib import Path

import pytest

from compas.git.protocol.reading import ReadSides, Side, SideSeen
from compas.git.target.sides import read_sides
from tests.kit.git.git_operator import Repo


async def seen(repo: Repo, *, tip: str, commits: tuple[str, ...], target: str = "main") -> SideSeen:
    """Look at one branch."""
    asked = Side(repo=str(repo), target=target, tip=tip, commits=commits)
    return (await read_sides(ReadSides(sides=(asked,)))).sides[0]


@pytest.fixture(params=["sha1", "sha256"])
def any_repo(request: pytest.FixtureRequest, repo: Repo, tmp_path: Path) -> Repo:
    """Return a repository that libgit2 can read, and one that only git can."""
    if request.param == "sha1":
        return repo
    path = tmp_path / "sha256"
    repo.git("init", "-q", "--object-format=sha256", "--initial-branch=main", str(path))
    other = Repo(path)
    other.git("config", "user.name", "Op")
    other.git("config", "user.email", "op@example.org")
    other.commit("begin", README="begin\n")
    return other


@pytest.mark.system
async def test_a_branch_tells_its_tree_and_where_it_left_its_target(any_repo: Repo) -> None:
    begun = any_repo.tip()
    any_repo.git("switch", "-qc", "work")
    work = any_repo.commit(a_txt="new\n")
    any_repo.git("switch", "-q", "main")
    any_repo.commit(b_txt="other\n")
    found = await seen(any_repo, tip="refs/heads/work", commits=(begun, work, "f" * len(work)))
    assert found.tip is not None
    assert (found.tip.commit, found.tip.tree, found.tip.base) == (work, any_repo.tree("work"), begun)
    assert [(one.commit, one.tree, one.base) for one in found.commits] == [
        (begun, any_repo.tree(begun), begun),
        (work, any_repo.tree("work"), begun),
    ]


@pytest.mark.system
async def test_an_ordinary_repository_is_read_without_a_process(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    tip = repo.tip()
    monkeypatch.setenv("PATH", "")  # there is no git to be started
    found = await seen(repo, tip="refs/heads/main", commits=(tip,))
    assert [one.commit for one in found.commits] == [tip]


@pytest.mark.system
@pytest.mark.parametrize("name", ["--help", "HEAD", "work", "refs/heads/../x", "refs/heads/a b", ""])
async def test_only_full_names_are_looked_up(any_repo: Repo, name: str) -> None:
    any_repo.git("branch", "work")
    found = await seen(any_repo, tip=name, commits=(name,))
    assert found == SideSeen(tip=None, commits=())
