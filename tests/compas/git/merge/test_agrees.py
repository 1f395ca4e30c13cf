"""Whatever two branches did, a merge is git's own under every strategy: the same trees, or the same conflicts."""

from pathlib import Path

import pytest
import trio
from hypothesis import HealthCheck, given, seed, settings

from compas.git.command import shown
from compas.git.merge.prepare import prepare_merge
from compas.git.protocol.merging import Conflicts, Prepared, PrepareMerge, PrepareResult
from tests.kit.git.generated_history import History, histories, write
from tests.kit.git.git_operator import Repo

pytestmark = pytest.mark.system

Pair = tuple[Repo, Repo]
"""A bare repository for compas, and a checkout with the same objects in which git itself merges."""

QUIET = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


@settings(max_examples=40, deadline=None, suppress_health_check=QUIET)
@given(history=histories)
async def test_the_outcome_is_gits_under_every_strategy(shared: Pair, history: History) -> None:
    await compare(shared, history)


@pytest.mark.long
@pytest.mark.parametrize("part", range(8))
def test_the_outcome_is_gits_for_thousands_of_histories(shared: Pair, part: int) -> None:
    @seed(part)
    @settings(max_examples=250, deadline=None, suppress_health_check=QUIET, database=None)
    @given(history=histories)
    def explore(history: History) -> None:
        trio.run(compare, shared, history)

    explore()


async def compare(shared: Pair, history: History) -> None:
    """Merge one history in each way, here and with the git command line."""
    repo, clone = shared
    write(repo, history)
    before = repo.git("for-each-ref", "refs/heads")
    for strategy, check in (("merge", check_merge), ("squash", check_squash), ("rebase", check_rebase)):
        request = PrepareMerge(repo=str(repo), op="op1", source="side", target="main", message="x", strategy=strategy)
        found = await prepare_merge(request)
        assert isinstance(found, Prepared | Conflicts), found
        # Between two picks git's own rebase takes a checkout whose ends of line it has just converted for changed.
        if not (strategy == "rebase" and history.converts):
            check(repo, clone, found)
        if isinstance(found, Prepared):
            assert repo.contains(found.new, "main"), "the target's old tip is no ancestor any more"
    assert repo.git("for-each-ref", "refs/heads") == before


def check_merge(repo: Repo, clone: Repo, found: PrepareResult) -> None:
    fresh(clone, repo.tip("main"))
    said = clone.git("merge", "--no-edit", repo.tip("side"), check=False)
    unmerged = conflicts(clone, {"~HEAD": "~main", f"~{repo.tip('side')}": "~side"})
    if isinstance(found, Conflicts):
        assert {file.path for file in found.files} == unmerged or is_hidden(found, said, unmerged)
        return
    assert isinstance(found, Prepared)
    assert not unmerged
    assert repo.tree(found.new) == clone.tree("HEAD")


def check_squash(repo: Repo, clone: Repo, found: PrepareResult) -> None:
    fresh(clone, repo.tip("main"))
    said = clone.git("merge", "--squash", repo.tip("side"), check=False)
    unmerged = conflicts(clone, {"~HEAD": "~main", f"~{repo.tip('side')}": "~side"})
    if isinstance(found, Conflicts):
        assert {file.path for file in found.files} == unmerged or is_hidden(found, said, unmerged)
        return
    assert isinstance(found, Prepared)
    assert not unmerged
    assert repo.tree(found.new) == clone.git("write-tree")
    assert (found.new == found.target_old) == (clone.git("write-tree") == repo.tree("main"))


def check_rebase(repo: Repo, clone: Repo, found: PrepareResult) -> None:
    fresh(clone, repo.tip("side"))
    said = clone.git("rebase", "-q", repo.tip("main"), check=False)
    if (clone.path / ".git" / "rebase-merge").exists():
        at = clone.tip("REBASE_HEAD")
        label = f"{at[:7]} ({clone.git('log', '-1', '--format=%s', at)})"
        unmerged = conflicts(clone, {"~HEAD": "~main", f"~{label}": f"~{at[:7]}"})
        assert isinstance(found, Conflicts), (found, unmerged)
        assert found.picked is not None
        assert found.picked.commit == at
        assert {file.path.replace(label, at[:7]) for file in found.files} == unmerged
        clone.git("rebase", "--abort")
        return
    if isinstance(found, Conflicts):
        assert is_hidden(found, found.text, set())
        return
    assert isinstance(found, Prepared), found
    assert clone.contains("HEAD", repo.tip("main")), f"git itself did not rebase: {said}"
    form = ("log", "--format=%s|%T|%an|%ad", "--date=raw")
    assert repo.git(*form, f"main..{found.new}") == clone.git(*form, f"{repo.tip('main')}..HEAD")


def is_hidden(found: Conflicts, said: str, unmerged: set[str]) -> bool:
    """Say whether git speaks of a conflict, and yet calls the merge clean, markers and all."""
    return not unmerged and "CONFLICT (" in said and "CONFLICT (" in found.text


def fresh(clone: Repo, commit: str) -> None:
    """Check this commit out, and nothing else: every file anew, with the ends of line that its attributes ask for."""
    clone.git("read-tree", "--empty")
    clone.git("clean", "-qffdx")
    clone.git("checkout", "-q", "--force", "--detach", commit)


def conflicts(clone: Repo, sides: dict[str, str]) -> set[str]:
    """Return the unmerged paths; where both sides want one name git sets a file aside, named for its side."""
    unmerged = {line.split("\t", 1)[1] for line in clone.git("ls-files", "-u", "-z").split("\0") if line}
    for theirs, ours in sides.items():
        unmerged = {path.replace(theirs, ours) for path in unmerged}
    return {shown(path.encode("utf-8", "surrogateescape")) for path in unmerged}


@pytest.fixture
def shared(tmp_path: Path) -> Pair:
    repo, clone = Repo(tmp_path / "bare.git"), Repo(tmp_path / "clone")
    for made, options in ((repo, ["--bare"]), (clone, [])):
        made.path.mkdir()
        made.git("init", "-q", *options)
        made.git("config", "user.name", "N")
        made.git("config", "user.email", "n@e")
    clone.write(".git/objects/info/alternates", f"{repo}/objects\n")
    return repo, clone
