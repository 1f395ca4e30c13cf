"""Files of the repository by which an agent can make a commit look like another one: nothing of ours believes them."""

import pytest

from compas.git.protocol import messages as m
from compas.git.protocol.client import GitWorker
from tests.kit.git.git_operator import Repo, Tree, tree_of

pytestmark = pytest.mark.system


async def test_a_replaced_commit_is_shown_as_it_is_merged(worker: GitWorker, repo: Repo, tree: Tree) -> None:
    base = repo.tip("main")
    harmless = tree.commit("harmless", new_txt="harmless\n")
    tree.git("reset", "-q", "--hard", base)
    harmful = tree.commit("harmful", new_txt="harmful\n")
    tree.git("replace", harmful, harmless)
    shown = await worker.diff(str(repo), "main", "refs/heads/compas/t1")
    assert "+harmful" in shown.text
    assert not (await worker.status(tree_of(repo, tree))).entries
    assert not (await worker.snapshot(tree_of(repo, tree), "e1")).dirty


async def test_grafts_do_not_make_a_branch_contain_the_operators_commits(
    worker: GitWorker, repo: Repo, tree: Tree
) -> None:
    work = tree.commit("work", new_txt="new\n")
    ours = repo.commit("of the operator", precious_txt="precious\n")
    repo.write("info/grafts", f"{work} {ours}\n", at=repo.path / ".git")
    ready = await worker.prepare_merge(str(repo), "op1", source="compas/t1", target="main", message="Merge it")
    assert isinstance(ready, m.Prepared)
    assert ready.kind == "merge"
    assert isinstance(await worker.publish_merge(str(repo), "op1", ready), m.Published)
    (repo.path / ".git" / "info" / "grafts").unlink()
    assert repo.contains("main", ours)
    assert repo.read("precious.txt") == "precious\n"


async def test_a_work_tree_in_the_configuration_is_not_gone_to(worker: GitWorker, repo: Repo, tree: Tree) -> None:
    repo.write("precious", "of the operator\n")
    repo.git("config", "extensions.worktreeConfig", "true")
    tree.git("config", "--worktree", "core.worktree", str(repo))
    of = tree_of(repo, tree)
    tree.write("mine")
    assert [entry.path for entry in (await worker.status(of)).entries] == ["mine"]
    made = await worker.commit_all(of, "work")
    assert isinstance(made, m.Committed)
    assert repo.git("diff-tree", "-r", "--name-only", "--no-commit-id", made.commit) == "mine"
