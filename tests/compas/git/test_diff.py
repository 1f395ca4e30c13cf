"""What changed is shown as text and in numbers, whatever the repository configures."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compas.git.diff import diff, parse_numstat
from compas.git.errors import GitRefused
from compas.git.protocol.reading import Diff, FileStat
from tests.kit.git.git_operator import Repo

names = st.binary(min_size=1, max_size=8).filter(lambda name: b"\0" not in name)
counts = st.one_of(st.none(), st.integers(0, 10**6))


@given(st.lists(st.tuples(counts, counts, st.one_of(st.none(), names), names), max_size=6))
def test_every_count_is_read_back_as_it_was_printed(
    rows: list[tuple[int | None, int | None, bytes | None, bytes]],
) -> None:
    printed, expected = b"", []
    for added, deleted, old, path in rows:
        numbers = b"\t".join(b"-" if count is None else b"%d" % count for count in (added, deleted))
        printed += numbers + (b"\t%b\0" % path if old is None else b"\t\0%b\0%b\0" % (old, path))
        shown = [None if name is None else name.decode("utf-8", "backslashreplace") for name in (old, path)]
        expected.append(FileStat(path=shown[1] or "", old_path=shown[0], added=added, deleted=deleted))
    assert list(parse_numstat(printed)) == expected


@pytest.mark.system
async def test_only_what_the_tip_did_is_shown(repo: Repo) -> None:
    repo.git("config", "diff.external", "false")
    repo.git("branch", "side")
    repo.commit("main goes on", b_txt="main\n")
    repo.git("checkout", "-q", "side")
    repo.commit("side", a_txt="a\nside\n", bin="\0\1")
    repo.git("mv", "b.txt", "c.txt")
    repo.commit("renamed")
    shown = await diff(Diff(repo=str(repo), base="main", tip="side"))
    assert shown.files == (
        FileStat(path="a.txt", old_path=None, added=1, deleted=0),
        FileStat(path="bin", old_path=None, added=None, deleted=None),
        FileStat(path="c.txt", old_path="b.txt", added=0, deleted=0),
    )
    assert "+side" in shown.text
    assert (shown.tip, shown.truncated) == (repo.tip("side"), False)
    plain = await diff(Diff(repo=str(repo), base="main", tip="side", from_merge_base=False, paths=("b.txt",)))
    assert [file.path for file in plain.files] == ["b.txt"]


@pytest.mark.system
async def test_a_long_diff_is_cut_and_says_so(repo: Repo) -> None:
    base = repo.tip()
    repo.commit("big", big="line\n" * 10_000)
    shown = await diff(Diff(repo=str(repo), base=base, tip="HEAD", max_bytes=500))
    assert (len(shown.text), shown.truncated, shown.files[0].added) == (500, True, 10_000)
    stat = await diff(Diff(repo=str(repo), base=base, tip="HEAD", stat=True))
    assert "big | 10000 +" in stat.text


@pytest.mark.system
@pytest.mark.parametrize("revision", ["nope", "--output=/tmp/x", "", "main..side"])
async def test_what_names_no_commit_is_refused(repo: Repo, revision: str) -> None:
    with pytest.raises(GitRefused) as caught:
        await diff(Diff(repo=str(repo), base="main", tip=revision))
    assert caught.value.code == "unknown_revision"
