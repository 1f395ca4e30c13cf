"""Everything in a worktree is committed the way its owner would have done it."""

import pytest
from git_operator import Repo

from compas.git.commit import commit_all
from compas.git.errors import GitRefused
from compas.git.messages import CommitAll, Committed, NothingToCommit

pytestmark = pytest.mark.system


async def commit(repo: Repo, message: str = "Add health check\n\n# kept") -> Committed | NothingToCommit:
    return await commit_all(CommitAll(epoch=1, worktree=str(repo), message=message))


# proves: b-mcp-cli-merge 74
async def test_new_changed_and_deleted_files_are_committed_with_the_repositorys_identity(repo: Repo) -> None:
    repo.write("a.txt", "changed\n")
    repo.write("sub/new")
    (repo.path / "b.txt").unlink()
    made = await commit(repo)
    assert isinstance(made, Committed)
    assert (made.commit, made.files, made.left_out) == (repo.tip(), 3, ())
    assert repo.git("log", "-1", "--format=%an <%ae>%n%B").rstrip() == (
        "Operator <operator@example.org>\nAdd health check\n\n# kept"
    )
    assert repo.status() == ""


async def test_a_clean_worktree_is_an_answer_and_no_error(repo: Repo) -> None:
    repo.write("new")
    await commit(repo)
    assert await commit(repo) == NothingToCommit(head=repo.tip())


async def test_compas_signs_only_where_nobody_is_configured(repo: Repo) -> None:
    repo.git("config", "--unset", "user.name")
    repo.git("config", "--unset", "user.email")
    repo.write("new")
    await commit(repo)
    assert repo.git("log", "-1", "--format=%an <%ae>") == "compas <compas@localhost>"


async def test_a_hook_that_refuses_is_quoted(repo: Repo) -> None:
    repo.hook("pre-commit", "echo lint failed in a.txt; exit 1")
    head = repo.tip()
    repo.write("new")
    with pytest.raises(GitRefused, match="lint failed") as caught:
        await commit(repo)
    assert (caught.value.code, caught.value.details["output"]) == ("hook_refused", "lint failed in a.txt")
    assert repo.tip() == head


# proves: b-mcp-cli-merge 74
async def test_the_hook_of_the_repository_may_change_the_message(repo: Repo) -> None:
    repo.hook("commit-msg", 'echo "Signed-off-by: hook" >> "$1"')
    repo.write("new")
    await commit(repo)
    assert "Signed-off-by: hook" in repo.git("log", "-1", "--format=%B")


async def test_an_unfinished_merge_is_not_committed(repo: Repo) -> None:
    repo.git("checkout", "-q", "-b", "side")
    repo.commit("side", a_txt="side\n")
    repo.git("checkout", "-q", "main")
    repo.commit("main", a_txt="main\n")
    repo.git("merge", "side", check=False)
    with pytest.raises(GitRefused, match="merge") as caught:
        await commit(repo)
    assert caught.value.code == "in_progress"


async def test_a_repository_inside_is_left_out_and_said(repo: Repo) -> None:
    repo.git("init", "-q", "inner")
    repo.git("commit", "-q", "--allow-empty", "-m", "x", at=repo.path / "inner", check=False)
    repo.git(
        "-c",
        "user.name=x",
        "-c",
        "user.email=x",
        "commit",
        "-q",
        "--allow-empty",
        "-m",
        "x",
        at=repo.path / "inner",
    )
    repo.write("mine")
    made = await commit(repo)
    assert isinstance(made, Committed)
    assert made.files == 1
    assert "inner" in made.left_out[0]
    assert repo.git("ls-files", "inner") == ""


async def test_an_empty_message_is_refused(repo: Repo) -> None:
    repo.write("new")
    with pytest.raises(GitRefused) as caught:
        await commit(repo, "  \n")
    assert caught.value.code == "bad_message"
