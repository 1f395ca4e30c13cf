"""What each strategy makes of two branches, with and without a checkout."""

import pytest

from compas.git.merge.prepare import prepare_merge
from compas.git.merge.publish import publish_merge
from compas.git.protocol.merging import Conflicts, Prepared, PrepareMerge, PrepareResult, Published, PublishMerge
from tests.kit.git.git_operator import Repo

pytestmark = pytest.mark.system

STRATEGIES = ("merge", "rebase", "squash")
WAYS = ("plumbing", "checkout")


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest, repo: Repo) -> str:
    """Once without a checkout, and once with a hook that makes one necessary."""
    if request.param == "checkout":
        repo.hook("prepare-commit-msg", "exit 0")
    return str(request.param)


async def prepare(repo: Repo, strategy: str) -> PrepareResult:
    request = PrepareMerge(
        repo=str(repo), op="op1", source="side", target="main", message="Add side", strategy=strategy
    )
    return await prepare_merge(request)


async def prepared(repo: Repo, strategy: str) -> Prepared:
    found = await prepare(repo, strategy)
    assert isinstance(found, Prepared), found
    return found


def side(repo: Repo, *commits: dict[str, str]) -> None:
    """Make these commits on a new branch side, then go back to main."""
    repo.git("checkout", "-q", "-b", "side")
    for number, files in enumerate(commits, 1):
        repo.commit(f"side {number}", **files)
    repo.git("checkout", "-q", "main")


def subjects(repo: Repo, span: str) -> list[str]:
    return repo.git("log", "--reverse", "--topo-order", "--format=%s", span).split("\n")


# proves: b-mcp-cli-merge 88
@pytest.mark.parametrize("strategy", STRATEGIES)
async def test_a_conflict_fails_under_every_strategy_and_leaves_nothing(repo: Repo, way: str, strategy: str) -> None:
    side(repo, {"b_txt": "fine\n"}, {"a_txt": "side\n"})
    repo.commit("main", a_txt="main\n")
    before = (repo.tip("main"), repo.tip("side"))
    found = await prepare(repo, strategy)
    assert isinstance(found, Conflicts)
    assert [(file.path, file.kind) for file in found.files] == [("a.txt", "contents")]
    assert (repo.tip("main"), repo.tip("side"), repo.status()) == (*before, "")
    assert repo.git("worktree", "list").count("\n") == 0
    assert repo.git("branch", "--list").split() == ["*", "main", "side"]
    assert not (repo.path / ".git" / "compas-merge").exists()


async def test_a_rebase_names_the_commit_that_conflicts(repo: Repo, way: str) -> None:
    side(repo, {"b_txt": "fine\n"}, {"a_txt": "side\n"}, {"a_txt": "later\n"})
    repo.commit("main", a_txt="main\n")
    found = await prepare(repo, "rebase")
    assert isinstance(found, Conflicts)
    assert found.picked is not None
    assert (found.picked.commit, found.picked.subject) == (repo.tip("side^"), "side 2")
    assert [commit.subject for commit in found.ours] == ["main"]
    assert [commit.subject for commit in found.theirs] == ["side 2"]


# proves: b-mcp-cli-merge 93
async def test_a_rebase_puts_the_sources_commits_on_the_target_and_rewrites_neither(repo: Repo, way: str) -> None:
    side(repo, {"b_txt": "1\n"}, {"b_txt": "2\n", "d_txt": "d\n"})
    repo.commit("main", c_txt="c\n")
    old, tip = repo.tip("main"), repo.tip("side")
    made = await prepared(repo, "rebase")
    assert made.kind == "rebase"
    published = await publish_merge(PublishMerge(repo=str(repo), op="op1", prepared=made))
    assert isinstance(published, Published)
    assert subjects(repo, f"{old}..main") == ["side 1", "side 2"]
    assert repo.contains("main", old)
    assert repo.tip("side") == tip
    assert (repo.read("b.txt"), repo.read("c.txt"), repo.status()) == ("2\n", "c\n", "")
    assert "2 commits" in made.summary


async def test_a_rebase_leaves_out_merges_and_what_the_target_has_already(repo: Repo, way: str) -> None:
    side(repo, {"b_txt": "new\n"}, {"d_txt": "d\n"})
    repo.commit("main", c_txt="c\n")
    repo.git("cherry-pick", "side^")
    repo.git("checkout", "-q", "side")
    repo.git("merge", "-q", "--no-edit", "main~1")
    repo.commit("side 3", e_txt="e\n")
    repo.git("checkout", "-q", "main")
    made = await prepared(repo, "rebase")
    assert subjects(repo, f"main..{made.new}") == ["side 2", "side 3"]
    assert not repo.git("rev-list", "--merges", f"main..{made.new}")
    assert "1 left out" in made.summary


async def test_a_commit_that_becomes_empty_is_dropped_and_one_that_was_empty_stays(repo: Repo, way: str) -> None:
    side(repo, {}, {"b_txt": "new\n"}, {"d_txt": "d\n"})
    repo.commit("main has it with more", b_txt="new\n", c_txt="c\n")
    made = await prepared(repo, "rebase")
    assert subjects(repo, f"main..{made.new}") == ["side 1", "side 3"]


async def test_a_source_that_is_ahead_is_taken_as_it_is_by_merge_and_rebase(repo: Repo, way: str) -> None:
    side(repo, {"b_txt": "new\n"}, {"d_txt": "d\n"})
    for strategy in ("merge", "rebase"):
        made = await prepared(repo, strategy)
        assert (made.kind, made.new) == ("fast_forward", repo.tip("side"))
    squashed = await prepared(repo, "squash")
    assert (squashed.kind, repo.tree(squashed.new)) == ("squash", repo.tree("side"))
    assert repo.git("rev-parse", f"{squashed.new}^@") == repo.tip("main")


async def test_a_squash_is_one_commit_on_the_target(repo: Repo, way: str) -> None:
    side(repo, {"b_txt": "1\n"}, {"b_txt": "2\n"})
    repo.commit("main", c_txt="c\n")
    made = await prepared(repo, "squash")
    assert repo.git("rev-parse", f"{made.new}^@") == repo.tip("main")
    assert (repo.git("show", f"{made.new}:b.txt"), repo.git("show", f"{made.new}:c.txt")) == ("2", "c")


# proves: b-mcp-cli-merge 92
@pytest.mark.parametrize("strategy", ["squash", "rebase"])
async def test_work_whose_content_is_on_the_target_is_nothing_to_do(repo: Repo, way: str, strategy: str) -> None:
    side(repo, {"b_txt": "new\n"})
    repo.commit("the same by another hand", b_txt="new\n", c_txt="c\n")
    made = await prepared(repo, strategy)
    assert (made.kind, made.new) == ("already_merged", repo.tip("main"))
    assert made.summary == "No commits to merge: main has every change of side already"


async def test_attributes_that_the_source_changes_on_its_way_count_from_there_on(repo: Repo) -> None:
    repo.commit("base", x_list="1\n")
    side(repo, {"y_txt": "y\n", ".gitattributes": ""}, {"x_list": "1\nside\n"})
    repo.git("checkout", "-q", "side")
    repo.git("reset", "-q", "--hard", "side~2")
    repo.write(".gitattributes", "*.list merge=union\n")
    repo.commit("attributes")
    repo.write("x.list", "1\nside\n")
    repo.commit("side")
    repo.git("checkout", "-q", "main")
    repo.write("x.list", "1\nmain\n")
    repo.commit("main")
    made = await prepared(repo, "rebase")
    assert sorted(repo.git("show", f"{made.new}:x.list").split()) == ["1", "main", "side"]


async def test_no_other_branch_is_moved_by_a_rebase_that_is_configured_to(repo: Repo) -> None:
    repo.hook("prepare-commit-msg", "exit 0")
    repo.git("config", "rebase.updateRefs", "true")
    side(repo, {"b_txt": "1\n"}, {"b_txt": "2\n"})
    repo.git("branch", "stacked", "side^")
    repo.commit("main", c_txt="c\n")
    before = repo.git("for-each-ref", "refs/heads")
    assert (await prepared(repo, "rebase")).kind == "rebase"
    assert repo.git("for-each-ref", "refs/heads") == before


@pytest.mark.parametrize("strategy", STRATEGIES)
async def test_conflict_markers_that_git_calls_clean_are_not_published(repo: Repo, strategy: str) -> None:
    lines = "".join(f"{number}\n" for number in range(12))
    repo.commit("base", a_txt=lines, b_txt=lines, c_txt=lines)
    x, y = lines.replace("0", "x", 1), lines.replace("0", "y", 1)
    side(repo, {"a_txt": x, "b_txt": x, "d_txt": y})
    repo.commit("the same", a_txt=x, b_txt=x, d_txt=y)
    repo.git("rm", "-q", "b.txt")
    repo.commit("without b")
    found = await prepare(repo, strategy)
    if isinstance(found, Prepared):  # another git knows better
        assert "<<<<<<<<" not in repo.git("show", f"{found.new}:d.txt")
    else:
        assert isinstance(found, Conflicts)
        assert "d.txt" in {file.path for file in found.files}
