"""What a directory's repository is, what names name in it, and which worktrees it has."""

import os
import shutil
from pathlib import Path

import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st

from compas.git.command import Git
from compas.git.errors import GitFailed, GitRefused
from compas.git.protocol.reading import Contains, Describe, Graph, Resolve
from compas.git.repository import Listed, contains, describe, graph, parse_worktrees, resolve, worktrees
from tests.kit.git.git_operator import NewRepo, Repo

paths = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0\n"), min_size=1).map("/{}".format)
listed = st.builds(
    Listed,
    path=paths,
    head=st.just("a" * 40),
    branch=st.one_of(st.none(), st.just("refs/heads/x y")),
    locked=st.one_of(st.none(), st.just(""), st.just("being moved to a disk")),
    prunable=st.booleans(),
)


def printed(item: Listed, end: bytes) -> bytes:
    lines = [
        f"worktree {item.path}",
        f"HEAD {item.head}",
        f"branch {item.branch}" if item.branch else "detached",
    ]
    if item.locked is not None:
        lines.append(f"locked {item.locked}".rstrip())
    if item.prunable:
        lines.append("prunable gitdir file points to non-existent location")
    return b"".join(line.encode() + end for line in lines) + end


@given(st.lists(listed, min_size=1, max_size=4), st.sampled_from([b"\0", b"\n"]))
def test_every_worktree_is_read_back_as_it_was_printed(items: list[Listed], end: bytes) -> None:
    found = parse_worktrees(b"".join(printed(item, end) for item in items), end)
    assert [item.main for item in found] == [True] + [False] * (len(items) - 1)
    assert [(f.path, f.head, f.branch, f.locked, f.prunable) for f in found] == [
        (i.path, i.head, i.branch, i.locked, i.prunable) for i in items
    ]


@pytest.mark.system
async def test_an_old_git_lists_no_worktree_whose_path_reads_like_another(
    repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """git before 2.36 ends attributes with newlines, and so would print a worktree that there is not."""
    old = tmp_path / "bin/git"
    old.parent.mkdir()
    old.write_text(f'#!/bin/sh\ncase "$*" in *list*-z) exit 129;; esac\nexec {shutil.which("git")} "$@"\n')
    old.chmod(0o755)
    forged = tmp_path / f"w\nHEAD {'b' * 40}\nbranch refs" / "heads/main"
    repo.git("worktree", "add", "-q", "--detach", str(forged))
    assert [item.path for item in await worktrees(Git(str(repo)))] == [str(repo), str(forged)]
    monkeypatch.setenv("PATH", f"{old.parent}:{os.environ['PATH']}")
    with pytest.raises(GitRefused, match="a newline in its name") as caught:
        await worktrees(Git(str(repo)))
    assert caught.value.code == "bad_path"
    repo.git("worktree", "remove", "--force", str(forged))
    assert [item.path for item in await worktrees(Git(str(repo)))] == [str(repo)]


@pytest.mark.system
async def test_a_repository_is_the_same_from_everywhere_in_it(repo: Repo, tmp_path: Path) -> None:
    linked = tmp_path / "linked"
    repo.git("worktree", "add", "-q", "--detach", str(linked))
    repo.write("sub/x")
    here = await describe(Describe(path=str(repo.path / "sub")))
    there = await describe(Describe(path=str(linked)))
    assert (here.top_level, here.head_branch, here.bare, here.empty) == (str(repo), "main", False, False)
    assert (there.top_level, there.head_branch) == (str(linked), None)
    assert here.common_dir == there.common_dir == str(repo.path / ".git")
    assert here.main == there.main == str(repo)


@pytest.mark.system
async def test_bare_and_empty_repositories_say_so(repo: Repo, new_repo: NewRepo, tmp_path: Path) -> None:
    repo.git("clone", "-q", "--bare", str(repo), str(tmp_path / "bare.git"))
    bare = await describe(Describe(path=str(tmp_path / "bare.git")))
    assert (bare.bare, bare.top_level, bare.main, bare.common_dir) == (
        True,
        None,
        None,
        str(tmp_path / "bare.git"),
    )
    empty = await describe(Describe(path=str(new_repo("empty", empty=True))))
    assert (empty.empty, empty.head_branch) == (True, "main")


@pytest.mark.system
async def test_a_submodules_main_checkout_is_where_its_files_are(repo: Repo, new_repo: NewRepo) -> None:
    inner = new_repo("inner")
    repo.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(inner), "sub")
    found = await describe(Describe(path=str(repo.path / "sub")))
    assert (found.main, found.top_level) == (str(repo.path / "sub"), str(repo.path / "sub"))
    assert (await worktrees(Git(found.common_dir)))[0].path == str(repo.path / "sub")


@pytest.mark.system
async def test_a_variable_that_binds_git_elsewhere_is_ignored(
    repo: Repo, new_repo: NewRepo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_DIR", str(new_repo("other").path / ".git"))
    assert (await describe(Describe(path=str(repo)))).common_dir == str(repo.path / ".git")


@pytest.mark.system
async def test_no_repository_is_refused_with_gits_words(tmp_path: Path) -> None:
    with pytest.raises(GitRefused, match="not a git repository") as caught:
        await describe(Describe(path=str(tmp_path)))
    assert caught.value.code == "not_a_repository"


@pytest.mark.system
async def test_contained_is_a_matter_of_commits_and_not_of_records(repo: Repo) -> None:
    first = repo.tip()
    repo.git("checkout", "-q", "-b", "side")
    tip = repo.commit("side")
    before = await contains(Contains(repo=str(repo), commit=tip, branch="main"))
    repo.git("checkout", "-q", "main")
    repo.git("merge", "-q", "side")
    after = await contains(Contains(repo=str(repo), commit="side", branch="main"))
    assert (before.contained, before.tip, after.contained, after.tip) == (False, first, True, tip)
    with pytest.raises(GitRefused) as caught:
        await contains(Contains(repo=str(repo), commit=tip, branch="nope"))
    assert caught.value.code == "no_such_branch"


@pytest.mark.system
async def test_revisions_are_resolved_and_the_graph_is_drawn_without_our_own_refs(repo: Repo) -> None:
    repo.git("update-ref", "refs/compas/snap/e1", "main")
    assert (await resolve(Resolve(repo=str(repo), revision="main~0"))).commit == repo.tip()
    text = (await graph(Graph(repo=str(repo)))).text
    assert text == f"* {repo.git('rev-parse', '--short', 'HEAD')} (HEAD -> main) first"


@pytest.mark.system
async def test_every_worktree_is_listed_with_what_it_is(repo: Repo, tmp_path: Path) -> None:
    repo.git("worktree", "add", "-q", "-b", "side", str(tmp_path / "a b"))
    repo.git("worktree", "lock", "--reason", "on a disk", str(tmp_path / "a b"))
    main, side = await worktrees(Git(str(repo)))
    assert (main.path, main.branch, main.main, main.present) == (str(repo), "refs/heads/main", True, True)
    assert (side.path, side.branch, side.locked) == (str(tmp_path / "a b"), "refs/heads/side", "on a disk")


async def test_a_worktree_that_another_git_is_just_registering_is_waited_for(repo: Repo) -> None:
    torn = repo.path / ".git" / "worktrees" / "torn"
    torn.mkdir(parents=True)
    (torn / "gitdir").write_text(f"{repo.path}/torn/.git\n")
    (torn / "HEAD").write_text("0" * 40 + "\n")
    (torn / "commondir").touch()
    with pytest.raises(GitFailed, match="commondir"):
        await worktrees(Git(str(repo.path)))
    found: list[str] = []

    async def look() -> None:
        found.extend(item.path for item in await worktrees(Git(str(repo.path))))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(look)
        (torn / "commondir").write_text("../..\n")
    assert len(found) == 2
