"""A merge is computed without touching anything, or refused in words that say what to do."""

from pathlib import Path

import pytest

from compas.git.merge.prepare import prepare_merge
from compas.git.protocol.merging import Conflicts, Prepared, PrepareMerge, PrepareResult, Refused
from compas.git.protocol.worktrees import EnsureWorktree
from compas.git.worktree.ensure import ensure_worktree
from tests.kit.git.git_operator import Repo

pytestmark = pytest.mark.system


async def prepare(repo: Repo, source: str = "side", target: str = "main", **more: str) -> PrepareResult:
    settings = {"op": "op1", "message": "Add side", **more}
    return await prepare_merge(PrepareMerge(repo=str(repo), source=source, target=target, **settings))


async def refused(repo: Repo, **more: str) -> Refused:
    result = await prepare(repo, **more)
    assert isinstance(result, Refused), result
    return result


def diverge(
    repo: Repo, side: str = "side\n", main: str = "main\n", name: str = "b.txt", on_main: str = "c.txt"
) -> None:
    repo.git("checkout", "-q", "-b", "side")
    repo.write(name, side)
    repo.commit("side work")
    repo.git("checkout", "-q", "main")
    repo.write(on_main, main)
    repo.commit("main work")


async def test_a_diverged_branch_gives_a_merge_commit_with_message_and_identity(repo: Repo) -> None:
    diverge(repo)
    old = repo.tip()
    made = await prepare(repo)
    assert isinstance(made, Prepared)
    assert (made.kind, made.target_old, made.source_tip) == ("merge", old, repo.tip("side"))
    assert repo.git("log", "-1", "--format=%P|%an|%B", made.new) == f"{old} {repo.tip('side')}|Operator|Add side\n"
    assert (repo.tip(), repo.status(), repo.git("worktree", "list").count("\n")) == (old, "", 0)


async def test_a_branch_strictly_ahead_is_a_fast_forward(repo: Repo) -> None:
    repo.git("checkout", "-q", "-b", "side")
    tip = repo.commit("ahead")
    made = await prepare(repo)
    assert isinstance(made, Prepared)
    assert (made.kind, made.new) == ("fast_forward", tip)


async def test_no_commits_and_contained_are_told_apart(repo: Repo) -> None:
    made = await ensure_worktree(EnsureWorktree(repo=str(repo), thread="t1", base="main"))
    empty = await prepare(repo, source=made.branch)
    assert isinstance(empty, Prepared)
    assert (empty.kind, empty.new) == ("nothing", repo.tip())
    repo.commit("work", at=made.path)
    repo.git("merge", "-q", "compas/t1")
    repo.commit("main goes on")
    contained = await prepare(repo, source=made.branch)
    assert isinstance(contained, Prepared)
    assert contained.kind == "already_merged"
    assert "No commits to merge" in empty.summary
    assert contained.summary == "No commits to merge: main contains compas/t1 already"


async def test_conflicts_name_files_kinds_and_both_sides_commits(repo: Repo) -> None:
    diverge(repo, name="a.txt", on_main="a.txt")
    old = repo.tip()
    found = await prepare(repo)
    assert isinstance(found, Conflicts)
    assert [(file.path, file.kind) for file in found.files] == [("a.txt", "contents")]
    assert [commit.subject for commit in found.ours] == ["main work"]
    assert [commit.subject for commit in found.theirs] == ["side work"]
    assert "a.txt" in found.text
    assert (repo.tip(), repo.status()) == (old, "")


# proves: b-mcp-cli-merge 80, b-mcp-cli-merge 91
async def test_uncommitted_work_of_the_source_is_named_before_that_it_has_no_commits(repo: Repo) -> None:
    made = await ensure_worktree(EnsureWorktree(repo=str(repo), thread="t1", base="main"))
    repo.write("forgotten", at=made.path)
    found = await refused(repo, source=made.branch)
    assert found.code == "source_dirty"
    assert "forgotten" in found.sentence


# proves: b-mcp-cli-merge 85
@pytest.mark.parametrize("target", ["nope", "origin/main", "-x", "", "refs/heads/main", "a..b", "HEAD"])
async def test_a_target_that_is_no_local_branch_is_refused(repo: Repo, target: str) -> None:
    repo.git("branch", "side")
    repo.git("update-ref", "refs/remotes/origin/main", repo.tip())
    found = await refused(repo, target=target)
    assert found.code == "no_such_branch"
    assert "main" in found.sentence


async def test_other_refusals_say_which_kind_they_are(repo: Repo) -> None:
    diverge(repo)
    assert (await refused(repo, source="nope")).code == "no_such_branch"
    assert (await refused(repo, strategy="yolo")).code == "bad_strategy"
    assert (await refused(repo, op="../x")).code == "bad_id"
    assert (await refused(repo, expected_source=repo.tip("main"))).code == "source_moved"
    repo.git("symbolic-ref", "refs/heads/alias", "refs/heads/main")
    assert (await refused(repo, target="alias")).code == "symbolic_target"
    repo.git("checkout", "-q", "--orphan", "unrelated")
    repo.commit("root")
    assert (await refused(repo, source="unrelated")).code == "unrelated"


async def test_attributes_are_the_targets_and_not_those_the_operator_has_before_him(repo: Repo) -> None:
    repo.write(".gitattributes", "sub/*.list merge=union\n")
    repo.write("sub/x.list", "1\n")
    repo.commit("base")
    diverge(repo, name="sub/x.list", side="1\nside\n", on_main="sub/x.list", main="1\nmain\n")
    repo.git("checkout", "-q", "-b", "elsewhere")
    repo.git("rm", "-q", ".gitattributes")
    repo.commit("no attributes here")
    made = await prepare(repo)
    assert isinstance(made, Prepared)
    assert sorted(repo.git("show", f"{made.new}:sub/x.list").split()) == ["1", "main", "side"]


@pytest.mark.parametrize("checked_out", [True, False])
async def test_merge_drivers_run_with_the_scripts_of_the_target(repo: Repo, checked_out: bool) -> None:
    repo.git("config", "merge.ours.driver", "./driver.sh %A")
    repo.write(".gitattributes", "a.txt merge=ours\n")
    repo.write("driver.sh", '#!/bin/sh\necho driven > "$1"\n').chmod(0o755)
    repo.commit("driver")
    diverge(repo, name="a.txt", on_main="a.txt")
    if not checked_out:
        repo.git("checkout", "-q", "--orphan", "bare-minimum")
        repo.git("rm", "-rqf", ".")
        repo.commit("nothing")
    made = await prepare(repo)
    assert isinstance(made, Prepared)
    assert repo.git("show", f"{made.new}:a.txt") == "driven"


async def test_hooks_run_in_a_checkout_of_their_own_that_is_gone_afterwards(repo: Repo) -> None:
    diverge(repo)
    repo.hook("commit-msg", 'echo "Checked-by: hook" >> "$1"')
    old = repo.tip()
    made = await prepare(repo)
    assert isinstance(made, Prepared)
    assert "Checked-by: hook" in repo.git("log", "-1", "--format=%B", made.new)
    assert repo.tip(f"{made.new}^1") == old
    assert (repo.tip(), repo.status()) == (old, "")
    assert repo.git("worktree", "list").count("\n") == 0
    assert not (repo.path / ".git" / "compas-merge").exists()


# proves: b-mcp-cli-merge 89
async def test_a_hook_that_refuses_is_no_conflict(repo: Repo) -> None:
    diverge(repo)
    repo.hook("pre-merge-commit", "echo the tests fail; exit 1")
    found = await refused(repo)
    assert found.code == "hook_refused"
    assert "the tests fail" in found.output
    assert repo.git("worktree", "list").count("\n") == 0


async def test_conflicts_are_the_same_where_hooks_make_a_checkout_necessary(repo: Repo) -> None:
    diverge(repo, name="a.txt", on_main="a.txt")
    without = await prepare(repo)
    repo.hook("commit-msg", "exit 0")
    with_hook = await prepare(repo)
    assert isinstance(without, Conflicts)
    assert isinstance(with_hook, Conflicts)
    assert with_hook.files == without.files


async def test_hooks_of_a_relative_path_are_found_from_the_temporary_checkout(repo: Repo) -> None:
    repo.write(".gitignore", "hooks\n")
    repo.commit("ignore")
    diverge(repo)
    repo.git("config", "core.hooksPath", "hooks")
    repo.write("hooks/pre-merge-commit", "#!/bin/sh\nexit 1\n").chmod(0o755)
    assert (await refused(repo)).code == "hook_refused"


async def test_a_bare_repository_is_merged_with_its_attributes(repo: Repo, tmp_path: Path) -> None:
    repo.write(".gitattributes", "*.txt merge=union\n")
    repo.commit("base")
    diverge(repo, name="a.txt", on_main="a.txt")
    bare = tmp_path / "bare.git"
    repo.git("clone", "-q", "--bare", str(repo), str(bare))
    repo.git("config", "user.name", "B", at=bare)
    repo.git("config", "user.email", "b@example.org", at=bare)
    made = await prepare(bare)
    assert isinstance(made, Prepared)
    assert repo.git("show", f"{made.new}:a.txt", at=bare).split() == ["main", "side"]
