"""Whatever two branches did, the merge is git's own: the same tree, or the same conflicting files."""

from pathlib import Path

import pytest
from git_operator import Repo
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from compas.git.merge_prepare import prepare_merge
from compas.git.messages import Conflicts, Prepared, PrepareMerge

Tree = dict[str, tuple[str, bytes]]

NAMES = ["a", "b", "dir/c", "dir/d e", "dir", "é\n"]
LINES = [b"%d\n" % number for number in range(12)]


def edited(at: int, line: bytes) -> bytes:
    return b"".join([*LINES[:at], line, *LINES[at + 1 :]])


names = st.sampled_from(NAMES)
contents = st.one_of(
    st.builds(edited, st.integers(0, 11), st.sampled_from([b"x\n", b"y\n"])),
    st.sampled_from([b"", b"\0binary\1", b"\0binary\2", b"other\n"]),
)
entries = st.one_of(
    st.tuples(st.sampled_from(["100644", "100644", "100755"]), contents),
    st.tuples(st.just("120000"), st.sampled_from([b"a", b"b"])),
)
changes = st.one_of(
    st.tuples(st.just("set"), names, entries),
    st.tuples(st.just("delete"), names, st.none()),
    st.tuples(st.just("rename"), names, names),
    st.tuples(st.just("mode"), names, st.sampled_from(["100644", "100755"])),
)


def applied(tree: Tree, steps: list[tuple]) -> Tree:
    result = dict(tree)
    for kind, name, what in steps:
        if kind == "set":
            result[name] = what
        elif name not in result:
            continue
        elif kind == "delete":
            del result[name]
        elif kind == "rename":
            result[what] = result.pop(name)
        elif result[name][0] != "120000":
            result[name] = (what, result[name][1])
    if "dir" in result:  # a tree holds it as a file or as a directory, not both
        result = {name: entry for name, entry in result.items() if not name.startswith("dir/")}
    return result


def imported(branch: str, tree: Tree, parent: str) -> bytes:
    stream = f"commit refs/heads/{branch}\ncommitter N <n@e> 0 +0000\ndata 1\n{branch[0]}\n{parent}deleteall\n".encode()
    for name, (mode, content) in tree.items():
        quoted = name.replace("\n", "\\n")
        stream += f'M {mode} inline "{quoted}"\ndata {len(content)}\n'.encode() + content + b"\n"
    return stream + b"\n"


@pytest.mark.system
@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    base=st.dictionaries(names, entries, max_size=4),
    ours=st.lists(changes, max_size=4),
    theirs=st.lists(changes, max_size=4),
)
async def test_the_outcome_is_that_of_git_merge(
    shared: tuple[Repo, Repo], base: Tree, ours: list[tuple], theirs: list[tuple]
) -> None:
    repo, clone = shared
    start = applied({name: ("100644", b"".join(LINES)) for name in NAMES[:3]} | base, [])
    stream = imported("base", start, "") + imported("main", applied(start, ours), "from refs/heads/base\n")
    stream += imported("side", applied(start, theirs), "from refs/heads/base\n")
    repo.git(
        "update-ref",
        "--stdin",
        stdin="".join(f"delete refs/heads/{b}\n" for b in ("base", "main", "side")),
        check=False,
    )
    repo.git("fast-import", "--quiet", "--force", stdin=stream.decode("utf-8"))
    result = await prepare_merge(
        PrepareMerge(epoch=1, repo=str(repo), op="op1", source="side", target="main", message="x")
    )
    clone.git("reset", "-q", "--hard")
    clone.git("clean", "-qffdx")
    clone.git("checkout", "-q", "--force", "--detach", repo.tip("main"))
    clone.git("merge", "-q", "--no-edit", repo.tip("side"), check=False)
    # Where both sides want one name git sets a file aside, named for its side.
    sides = {"~HEAD": "~main", f"~{repo.tip('side')}": "~side"}
    unmerged = {line.split("\t", 1)[1] for line in clone.git("ls-files", "-u", "-z").split("\0") if line}
    if isinstance(result, Conflicts):
        for theirs_, ours_ in sides.items():
            unmerged = {path.replace(theirs_, ours_) for path in unmerged}
        assert {file.path for file in result.files} == unmerged
    else:
        assert isinstance(result, Prepared)
        assert not unmerged
        assert repo.tree(result.new) == clone.tree("HEAD")


@pytest.fixture
def shared(tmp_path: Path) -> tuple[Repo, Repo]:
    """A bare repository, and a checkout with the same objects in which git itself merges."""
    repo, clone = Repo(tmp_path / "bare.git"), Repo(tmp_path / "clone")
    for made, options in ((repo, ["--bare"]), (clone, [])):
        made.path.mkdir()
        made.git("init", "-q", *options)
        made.git("config", "user.name", "N")
        made.git("config", "user.email", "n@e")
    clone.write(".git/objects/info/alternates", f"{repo}/objects\n")
    return repo, clone
