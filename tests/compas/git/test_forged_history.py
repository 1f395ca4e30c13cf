"""Files of the repository by which an agent can make a commit look like another one: nothing of ours believes them."""

import pytest

from compas.git.protocol.client import GitWorker
from compas.git.protocol.merging import Prepared, PrepareMerge, Published, PublishMerge
from compas.git.protocol.reading import Diff, Status
from compas.git.protocol.worktrees import CommitAll, Committed, TakeSnapshot
from tests.kit.git.git_operator import Repo, Tree, tree_of

pytestmark = pytest.mark.system


async def test_a_replaced_commit_is_shown_as_it_is_merged(worker: GitWorker, repo: Repo, tree: Tree) -> None:
    base = repo.tip("main")
    harmless = tree.commit("harmless", new_txt="harmless\n")
    tree.git("reset", "-q", "--hard", base)
    harmful = tree.commit("harmful", new_txt="harmful\n")
    tree.git("replace", harmful, harmless)
    shown = await worker.ask(Diff(repo=str(repo), base="main", tip="refs/heads/compas/t1"))
    assert "+harmful" in shown.text
    assert not (await worker.ask(Status(of=tree_of(repo, tree)))).entries
    assert not (await worker.ask(TakeSnapshot(of=tree_of(repo, tree), execution="e1"))).dirty


async def test_grafts_do_not_make_a_branch_contain_the_operators_commits(
    worker: GitWorker, repo: Repo, tree: Tree
) -> None:
    work = tree.commit("work", new_txt="new\n")
    ours = repo.commit("of the operator", precious_txt="precious\n")
    repo.write("info/grafts", f"{work} {ours}\n", at=repo.path / ".git")
    ready = await worker.ask(
        PrepareMerge(repo=str(repo), op="op1", source="compas/t1", target="main", message="Merge it")
    )
    assert isinstance(ready, Prepared)
    assert ready.kind == "merge"
    assert isinstance(await worker.ask(PublishMerge(repo=str(repo), op="op1", prepared=ready)), Published)
    (repo.path / ".git" / "info" / "grafts").unlink()
    assert repo.contains("main", ours)
    assert repo.read("precious.txt") == "precious\n"


async def test_a_work_tree_in_the_configuration_is_not_gone_to(worker: GitWorker, repo: Repo, tree: Tree) -> None:
    repo.write("precious", "of the operator\n")
    repo.git("config", "extensions.worktreeConfig", "true")
    tree.git("config", "--worktree", "core.worktree", str(repo))
    of = tree_of(repo, tree)
    tree.write("mine")
    assert [entry.path for entry in (await worker.ask(Status(of=of))).entries] == ["mine"]
    made = await worker.ask(CommitAll(of=of, message="work"))
    assert isinstance(made, Committed)
    assert repo.git("diff-tree", "-r", "--name-only", "--no-commit-id", made.commit) == "mine"
