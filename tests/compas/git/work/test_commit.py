"""Everything in a worktree is committed the way its owner would have done it."""

import pytest

from compas.git.errors import GitRefused
from compas.git.protocol.worktrees import CommitAll, Committed, NothingToCommit
from compas.git.work.commit import commit_all
from tests.kit.git.git_operator import Tree, tree_of

pytestmark = pytest.mark.system


async def commit(tree: Tree, message: str = "Add health check\n\n# kept") -> Committed | NothingToCommit:
    return await commit_all(CommitAll(of=tree_of(tree.of, tree), message=message))


# proves: b-mcp-cli-merge 74
async def test_new_changed_and_deleted_files_are_committed_with_the_repositorys_identity(tree: Tree) -> None:
    tree.write("a.txt", "changed\n")
    tree.write("sub/new")
    (tree.path / "b.txt").unlink()
    made = await commit(tree)
    assert isinstance(made, Committed)
    assert (made.commit, made.files, made.left_out) == (tree.tip(), 3, ())
    assert tree.git("log", "-1", "--format=%an <%ae>%n%B").rstrip() == (
        "Operator <operator@example.org>\nAdd health check\n\n# kept"
    )
    assert tree.status() == ""


async def test_a_clean_worktree_is_an_answer_and_no_error(tree: Tree) -> None:
    tree.write("new")
    await commit(tree)
    assert await commit(tree) == NothingToCommit(head=tree.tip())


async def test_compas_signs_only_where_nobody_is_configured(tree: Tree) -> None:
    tree.git("config", "--unset", "user.name")
    tree.git("config", "--unset", "user.email")
    tree.write("new")
    await commit(tree)
    assert tree.git("log", "-1", "--format=%an <%ae>") == "compas <compas@localhost>"


async def test_a_hook_that_refuses_is_quoted(tree: Tree) -> None:
    tree.hook("pre-commit", "echo lint failed in a.txt; exit 1")
    head = tree.tip()
    tree.write("new")
    with pytest.raises(GitRefused, match="lint failed") as caught:
        await commit(tree)
    assert (caught.value.code, caught.value.details["output"]) == ("hook_refused", "lint failed in a.txt")
    assert tree.tip() == head


@pytest.mark.parametrize("head", ["ref: refs/heads/main", "ref: refs/heads/other"])
async def test_a_head_that_is_exchanged_while_git_commits_leads_the_commit_nowhere_else(tree: Tree, head: str) -> None:
    main = tree.of.git("rev-parse", "main")
    tree.hook("pre-commit", f"echo '{head}' > '{tree.git_dir / 'HEAD'}'")
    tree.write("new")
    made = await commit(tree)
    assert isinstance(made, Committed)
    assert tree.of.git("rev-parse", "compas/t1") == made.commit
    assert tree.of.git("rev-parse", f"{made.commit}^") == main
    assert tree.of.git("for-each-ref", "--format=%(refname) %(objectname)", "refs/heads") == (
        f"refs/heads/compas/t1 {made.commit}\nrefs/heads/main {main}"
    )


# proves: b-mcp-cli-merge 74
async def test_the_hook_of_the_repository_may_change_the_message(tree: Tree) -> None:
    tree.hook("commit-msg", 'echo "Signed-off-by: hook" >> "$1"')
    tree.write("new")
    await commit(tree)
    assert "Signed-off-by: hook" in tree.git("log", "-1", "--format=%B")


async def test_an_unfinished_merge_is_not_committed(tree: Tree) -> None:
    tree.git("checkout", "-q", "-b", "side")
    tree.commit("side", a_txt="side\n")
    tree.git("checkout", "-q", "compas/t1")
    tree.commit("main", a_txt="main\n")
    tree.git("merge", "side", check=False)
    with pytest.raises(GitRefused, match="merge") as caught:
        await commit(tree)
    assert caught.value.code == "in_progress"


async def test_a_repository_inside_is_left_out_and_said(tree: Tree) -> None:
    tree.git("init", "-q", "inner")
    tree.git("commit", "-q", "--allow-empty", "-m", "x", at=tree.path / "inner", check=False)
    tree.git(
        "-c",
        "user.name=x",
        "-c",
        "user.email=x",
        "commit",
        "-q",
        "--allow-empty",
        "-m",
        "x",
        at=tree.path / "inner",
    )
    tree.write("mine")
    made = await commit(tree)
    assert isinstance(made, Committed)
    assert made.files == 1
    assert "inner" in made.left_out[0]
    assert tree.git("ls-files", "inner") == ""


async def test_an_empty_message_is_refused(tree: Tree) -> None:
    tree.write("new")
    with pytest.raises(GitRefused) as caught:
        await commit(tree, "  \n")
    assert caught.value.code == "bad_message"
