"""A publication moves the branch and every checkout of it, or changes nothing and says why."""
# ruff: noqa: ASYNC240 - the test plays the operator, who blocks nobody

from pathlib import Path

import pytest
import trio

from compas.git.merge.prepare import prepare_merge
from compas.git.merge.publish import publish_merge
from compas.git.protocol.merging import (
    Prepared,
    PrepareMerge,
    Published,
    PublishMerge,
    PublishResult,
    Refused,
    TargetMoved,
)
from tests.kit.ceiling import CEILING
from tests.kit.git.git_operator import Repo

pytestmark = pytest.mark.system


async def prepared(repo: Repo) -> Prepared:
    """A diverged side branch that changes a.txt, adds new.txt and removes b.txt, ready to publish into main."""
    repo.git("checkout", "-q", "-b", "side")
    repo.git("rm", "-q", "b.txt")
    repo.commit("side", a_txt="side\n", new_txt="new\n")
    repo.git("checkout", "-q", "main")
    repo.commit("main", m_txt="main\n", other_txt="other\n")
    return await prepare_again(repo)


async def prepare_again(repo: Repo) -> Prepared:
    request = PrepareMerge(repo=str(repo), op="op1", source="side", target="main", message="Side")
    made = await prepare_merge(request)
    assert isinstance(made, Prepared), made
    return made


async def publish(repo: Repo, merge: Prepared) -> PublishResult:
    return await publish_merge(PublishMerge(repo=str(repo), op="op1", prepared=merge))


async def assert_refused(repo: Repo, merge: Prepared, code: str, *words: str) -> None:
    before = (repo.tip("main"), repo.status(), repo.git("diff", "--cached"))
    found = await publish(repo, merge)
    assert isinstance(found, Refused), found
    assert found.code == code
    assert all(word in found.sentence for word in words), found.sentence
    assert (repo.tip("main"), repo.status(), repo.git("diff", "--cached")) == before


async def test_the_operators_checkout_follows(repo: Repo) -> None:
    merge = await prepared(repo)
    assert await publish(repo, merge) == Published(new=merge.new, followed=(str(repo),))
    assert (repo.tip("main"), repo.status()) == (merge.new, "")
    assert (repo.read("a.txt"), (repo.path / "b.txt").exists()) == ("side\n", False)
    assert "compas: merge op1: side into main" in repo.git("reflog", "-1", "main")


# proves: b-mcp-cli-merge 94
async def test_unrelated_edits_staged_and_not_survive(repo: Repo) -> None:
    merge = await prepared(repo)
    repo.write("m.txt", "edited\n")
    repo.write("other.txt", "staged\n")
    repo.git("add", "other.txt")
    repo.write("untracked")
    assert isinstance(await publish(repo, merge), Published)
    assert repo.status() == " M m.txt\nM  other.txt\n?? untracked"
    assert repo.read("a.txt") == "side\n"


# proves: b-mcp-cli-merge 95
async def test_an_edit_of_a_file_that_the_merge_changes_refuses_it(repo: Repo) -> None:
    merge = await prepared(repo)
    repo.write("a.txt", "the operator's\n")
    await assert_refused(repo, merge, "checkout_dirty", str(repo), "a.txt", "stash")
    assert repo.read("a.txt") == "the operator's\n"


# proves: b-mcp-cli-merge 95
@pytest.mark.parametrize("ignored", [True, False])
async def test_an_untracked_file_in_the_way_refuses_it_ignored_or_not(repo: Repo, ignored: bool) -> None:
    merge = await prepared(repo)
    if ignored:
        repo.write(".git/info/exclude", "new.txt\n")
    repo.write("new.txt", "precious")
    await assert_refused(repo, merge, "checkout_untracked", "new.txt")
    assert repo.read("new.txt") == "precious"


async def test_an_ignored_file_where_the_merge_needs_a_directory_refuses_it(repo: Repo) -> None:
    repo.git("checkout", "-q", "-b", "side")
    repo.commit("side", **{"dir/deep/x": "x"})
    repo.git("checkout", "-q", "main")
    repo.write(".git/info/exclude", "dir\n")
    repo.write("dir", "precious")
    await assert_refused(repo, await prepare_again(repo), "checkout_untracked", "dir")
    assert repo.read("dir") == "precious"


async def test_a_file_becoming_a_directory_and_back_is_followed(repo: Repo) -> None:
    repo.commit("base", **{"was-dir/x": "x", "was-file": "f"})
    repo.git("checkout", "-q", "-b", "side")
    repo.git("rm", "-rq", "was-dir", "was-file")
    repo.commit("side", **{"was-dir": "f", "was-file/x": "x"})
    repo.git("checkout", "-q", "main")
    assert isinstance(await publish(repo, await prepare_again(repo)), Published)
    assert repo.status() == ""
    assert repo.read("was-file/x") == "x"


# proves: b-mcp-cli-merge 98
async def test_a_commit_made_meanwhile_moves_the_target_and_survives(repo: Repo) -> None:
    merge = await prepared(repo)
    theirs = repo.commit("operator's", o_txt="o")
    found = await publish(repo, merge)
    assert found == TargetMoved(target="main", expected=merge.target_old, found=theirs)
    assert isinstance(await publish(repo, await prepare_again(repo)), Published)
    assert repo.contains("main", theirs)
    assert repo.contains("main", repo.tip("side"))


# proves: b-mcp-cli-merge 98
async def test_a_commit_made_between_the_last_look_and_the_move_survives(repo: Repo, tmp_path: Path) -> None:
    """A filter, which git runs while it looks at the checkout, stands for the operator who commits just then."""
    repo.commit("filtered", **{".gitattributes": "m.txt filter=race\n"})
    merge = await prepared(repo)
    script = tmp_path / "race"
    script.write_text(
        f"#!/bin/sh\ncd '{repo}' && unset GIT_DIR GIT_INDEX_FILE\n"
        f"[ -e '{tmp_path}/once' ] || {{ touch '{tmp_path}/once'\n"
        'git update-ref refs/heads/main "$(git commit-tree -p main -m theirs main^{tree})"; }\ncat\n'
    )
    script.chmod(0o755)
    repo.git("config", "filter.race.clean", str(script))
    repo.write("m.txt", "main\n")  # same content, new times: git has to look into it
    found = await publish(repo, merge)
    assert isinstance(found, TargetMoved), found
    assert repo.git("log", "-1", "--format=%s", "main") == "theirs"
    assert (repo.tip("main"), repo.status()) == (found.found, "")


# proves: b-mcp-cli-merge 96
async def test_other_checkouts_are_left_and_only_the_ref_moves(repo: Repo) -> None:
    merge = await prepared(repo)
    repo.git("checkout", "-q", "-b", "elsewhere")
    assert await publish(repo, merge) == Published(new=merge.new, followed=())
    assert (repo.tip("main"), repo.tip(), repo.status()) == (merge.new, merge.target_old, "")
    repo.git("update-ref", "refs/heads/main", merge.target_old)
    repo.git("checkout", "-q", "--detach", "main")
    assert await publish(repo, merge) == Published(new=merge.new, followed=())
    assert (repo.tip(), repo.status()) == (merge.target_old, "")


# proves: b-mcp-cli-merge 97
async def test_every_worktree_of_the_target_follows_or_none(repo: Repo, tmp_path: Path) -> None:
    merge = await prepared(repo)
    second = tmp_path / "second"
    repo.git("worktree", "add", "-q", "--force", str(second), "main")
    repo.write("a.txt", "edited\n", at=second)
    await assert_refused(repo, merge, "checkout_dirty", str(second))
    repo.git("checkout", "-q", "a.txt", at=second)
    found = await publish(repo, merge)
    assert isinstance(found, Published)
    assert set(found.followed) == {str(repo), str(second)}
    assert (repo.status(), repo.status(at=second), repo.read("a.txt", at=second)) == ("", "", "side\n")


# proves: b-mcp-cli-merge 96
async def test_the_target_in_the_middle_of_a_rebase_or_merge_refuses_it(repo: Repo) -> None:
    merge = await prepared(repo)
    repo.git("branch", "before", "main~1")
    repo.git("checkout", "-q", "before")
    repo.commit("conflicting", m_txt="other\n")
    repo.git("checkout", "-q", "main")
    repo.git("rebase", "before", check=False)
    await assert_refused(repo, merge, "checkout_in_progress", "rebas", str(repo))
    repo.git("rebase", "--abort")
    repo.git("merge", "before", check=False)
    await assert_refused(repo, merge, "checkout_in_progress", "merge", str(repo))
    repo.git("merge", "--abort")
    assert isinstance(await publish(repo, merge), Published)


async def test_a_checkout_in_which_git_is_at_work_refuses_it(repo: Repo) -> None:
    merge = await prepared(repo)
    lock = Path(repo.path, ".git", "index.lock")
    lock.touch()
    await assert_refused(repo, merge, "checkout_busy", str(lock))
    lock.unlink()
    assert isinstance(await publish(repo, merge), Published)


async def test_a_hook_that_forbids_the_update_is_quoted(repo: Repo) -> None:
    merge = await prepared(repo)
    repo.hook("reference-transaction", '[ "$1" != prepared ] || { echo frozen >&2; exit 1; }')
    await assert_refused(repo, merge, "ref_refused", "frozen")


async def test_a_repeat_finds_it_published(repo: Repo) -> None:
    merge = await prepared(repo)
    await publish(repo, merge)
    later = repo.commit("later", l_txt="l")
    assert await publish(repo, merge) == Published(new=merge.new, followed=())
    assert repo.tip("main") == later


async def test_what_does_not_contain_the_old_tip_is_never_published(repo: Repo) -> None:
    merge = await prepared(repo)
    forged = Prepared(
        kind="merge", source="side", target="main", source_tip=merge.source_tip,
        target_old=merge.target_old, new=merge.source_tip, summary="",
    )  # fmt: skip
    await assert_refused(repo, forged, "not_a_descendant")


async def test_a_checkout_changed_at_the_last_moment_undoes_the_publication(repo: Repo) -> None:
    """The hook stands for an operator who saves a file between the check and the move of the checkout."""
    merge = await prepared(repo)
    repo.hook(
        "reference-transaction",
        f'[ "$1" != committed ] || [ -e "{repo}/.git/once" ] || '
        f'{{ touch "{repo}/.git/once"; echo mine > "{repo}/a.txt"; }}',
    )
    found = await publish(repo, merge)
    assert isinstance(found, Refused), found
    assert found.code == "checkout_changed"
    assert repo.tip("main") == merge.target_old
    assert (repo.status(), repo.read("a.txt")) == (" M a.txt", "mine\n")


async def test_a_checkout_that_cannot_be_brought_back_is_named_with_what_to_do(repo: Repo) -> None:
    """The hook stands for an operator who saves in a second checkout, then in the first while that is undone."""
    merge = await prepared(repo)
    second = repo.path.parent / "second"
    repo.git("worktree", "add", "-q", "--force", str(second), "main")
    saves = f'{{ touch "{repo}/.git/one"; echo mine > "{second}/a.txt"; }}'
    again = f'{{ touch "{repo}/.git/two"; echo mine > "{repo}/a.txt"; }}'
    repo.hook(
        "reference-transaction",
        f'[ "$1" = committed ] || exit 0\n'
        f'if [ ! -e "{repo}/.git/one" ]; then {saves}; elif [ ! -e "{repo}/.git/two" ]; then {again}; fi',
    )
    found = await publish(repo, merge)
    assert isinstance(found, Refused), found
    assert found.code == "checkout_changed"
    assert f"{repo} still shows the merge that was undone" in found.sentence
    assert f"git read-tree -u -m {merge.new} {merge.target_old}" in found.sentence
    assert repo.tip("main") == merge.target_old
    assert (repo.read("a.txt"), (second / "a.txt").read_text()) == ("mine\n", "mine\n")


async def test_no_commit_of_a_busy_operator_is_lost(repo: Repo) -> None:
    """An operator commits all the time while merges are published; all their commits and all merges stay."""
    repo.git("branch", "side")
    repo.git("worktree", "add", "-q", str(repo.path / ".git" / "w"), "side")
    made: list[str] = []

    def operate() -> None:
        for number in range(12):
            repo.write(f"operator-{number}.txt")
            repo.git("add", f"operator-{number}.txt", check=False)
            repo.git("commit", "-q", "-m", f"operator {number}", check=False)
            made.append(repo.tip())

    merged = []
    with trio.fail_after(CEILING):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(trio.to_thread.run_sync, operate)
            for number in range(4):
                merged.append(repo.commit(f"side {number}", at=repo.path / ".git" / "w", **{f"s{number}": "s"}))
                while not isinstance(await publish(repo, await prepare_again(repo)), Published):
                    await trio.lowlevel.checkpoint()
    assert all(repo.contains("main", commit) for commit in (*made, *merged))
    repo.git("add", "--all")
    assert not [line for line in repo.status().splitlines() if line.startswith("D")]


async def test_submodules_that_stay_where_they_were_are_named(repo: Repo, tmp_path: Path) -> None:
    inner = Repo(tmp_path / "inner")
    inner.path.mkdir()
    inner.git("init", "-q")
    inner.git("config", "user.name", "Inner")
    inner.git("config", "user.email", "inner@example.com")
    first = inner.commit("one", i_txt="1\n")
    second = inner.commit("two", i_txt="2\n")
    for name in ("sub", "not filled"):
        repo.git("update-index", "--add", "--cacheinfo", f"160000,{first},{name}")
    repo.git("commit", "-q", "-m", "submodules")
    repo.git("clone", "-q", str(inner), "sub")
    repo.git("checkout", "-q", first, at=repo.path / "sub")
    base = repo.tip("main")
    for name in ("sub", "not filled"):
        repo.git("update-index", "--cacheinfo", f"160000,{second},{name}")
    repo.git("commit", "-q", "-m", "newer ones")
    repo.git("branch", "side")
    repo.git("reset", "-q", "--soft", base)
    repo.git("read-tree", base)
    merge = await prepare_again(repo)
    found = await publish(repo, merge)
    assert isinstance(found, Published), found
    assert [(one.worktree, one.paths) for one in found.behind] == [(str(repo), ("sub",))]
    assert repo.git("rev-parse", "HEAD", at=repo.path / "sub").strip() == first, "nothing in it is touched"
