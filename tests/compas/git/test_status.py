"""What a checkout holds is read exactly, whatever its files are called."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compas.git.protocol.reading import Entry, Status, StatusReport
from compas.git.status import parse_entries, status
from tests.kit.git.git_operator import Tree, tree_of

names = st.binary(min_size=1, max_size=12).filter(lambda name: b"\0" not in name)
letters = st.sampled_from(".MTADRCU")
HASH = b"a" * 40


def _shown(name: bytes) -> str:
    return name.decode("utf-8", "backslashreplace")


@st.composite
def records(draw: st.DrawFn) -> tuple[bytes, Entry]:
    kind = draw(st.sampled_from(["changed", "renamed", "unmerged", "untracked", "ignored"]))
    path, old = draw(names), draw(names)
    index, tree = draw(letters), draw(letters)
    states = (index + tree).encode()
    if kind in ("untracked", "ignored"):
        return (b"? " if kind == "untracked" else b"! ") + path, Entry(kind=kind, path=_shown(path))
    if kind == "changed":
        raw = b"1 %b N... 100644 100644 100644 %b %b %b" % (states, HASH, HASH, path)
        return raw, Entry(kind=kind, path=_shown(path), index=index, tree=tree)
    if kind == "renamed":
        raw = b"2 %b N... 100644 100644 100644 %b %b R100 %b\0%b" % (states, HASH, HASH, path, old)
        return raw, Entry(kind=kind, path=_shown(path), index=index, tree=tree, old_path=_shown(old))
    raw = b"u %b N... 100644 100644 100644 100644 %b %b %b %b" % (states, HASH, HASH, HASH, path)
    return raw, Entry(kind="unmerged", path=_shown(path), index=index, tree=tree)


@given(st.lists(records(), max_size=8))
def test_every_entry_is_read_back_as_it_was_printed(listed: list[tuple[bytes, Entry]]) -> None:
    printed = b"# branch.oid abc\0# branch.head main\0" + b"".join(raw + b"\0" for raw, _ in listed)
    assert list(parse_entries(printed)) == [entry for _, entry in listed]


def test_a_record_of_unknown_kind_is_an_error() -> None:
    with pytest.raises(ValueError, match="begins with"):
        list(parse_entries(b"x something\0"))


async def look(tree: Tree, base: str | None = None) -> StatusReport:
    return await status(Status(of=tree_of(tree.of, tree), base=base))


@pytest.mark.system
async def test_unusual_names_and_renames_are_reported_as_they_are(tree: Tree) -> None:
    tree.commit("more", a="1\n", gone="some longer text to be found again\n" * 5)
    tree.write("a", "2\n")
    tree.write(" leading blank")
    tree.write("ärger\n\ttab")
    tree.git("mv", "gone", "there now")
    report = await look(tree, "HEAD")
    found = {(entry.kind, entry.path, entry.old_path) for entry in report.entries}
    assert found == {
        ("changed", "a", None),
        ("untracked", " leading blank", None),
        ("untracked", "ärger\n\ttab", None),
        ("renamed", "there now", "gone"),
    }
    assert (report.clean, report.total, report.head_on) == (False, 4, "")


@pytest.mark.system
async def test_a_clean_checkout_counts_ahead_and_behind(tree: Tree) -> None:
    tree.write(".gitignore", "ignored\n")
    base = tree.commit("base")
    tree.git("branch", "other")
    tree.commit("two")
    tree.write("ignored")
    report = await look(tree, "other")
    assert (report.clean, report.ahead, report.behind, report.head_on) == (True, 1, 0, "")
    assert (report.branch, report.head != base) == ("compas/t1", True)


@pytest.mark.system
async def test_an_operation_in_progress_is_named(tree: Tree) -> None:
    tree.git("checkout", "-q", "-b", "side")
    tree.commit("side", a_txt="side\n")
    tree.git("checkout", "-q", "compas/t1")
    tree.commit("main", a_txt="main\n")
    tree.git("merge", "side", check=False)
    report = await look(tree)
    assert report.in_progress == "merge"
    assert [(entry.kind, entry.path) for entry in report.entries] == [("unmerged", "a.txt")]
    tree.git("merge", "--abort")
    tree.git("rebase", "side", check=False)
    report = await look(tree)
    assert (report.in_progress, report.branch) == ("rebase", None)


@pytest.mark.system
async def test_the_operators_index_is_not_written(tree: Tree) -> None:
    index = tree.git_dir / "index"
    tree.write("a.txt", "a\n")  # same content, new times: git would like to remember them
    before = index.stat().st_mtime_ns
    await look(tree)
    assert index.stat().st_mtime_ns == before
