"""What libgit2 reads for us: the directory it is given, and never the one above."""

import pytest

from compas.git import quick
from tests.kit.git.git_operator import Repo

pytestmark = pytest.mark.system


async def test_a_git_directory_and_a_main_checkout_are_read(repo: Repo) -> None:
    for directory in (repo.path, repo.path / ".git"):
        assert await quick.tip(str(directory), "refs/heads/main") == repo.tip()
        assert await quick.tip(str(directory), "refs/heads/none") is None


@pytest.mark.parametrize("make", ["directory", "dead link", "other file"])
async def test_nothing_above_a_directory_is_looked_at(repo: Repo, make: str) -> None:
    inside = repo.path / "inside"
    inside.mkdir()
    if make == "dead link":
        (inside / ".git").symlink_to("nowhere")
    elif make == "other file":
        (inside / ".git").write_text("gitdir: nowhere\n")
    with pytest.raises(quick.NotQuick):
        await quick.tip(str(inside), "refs/heads/main")
