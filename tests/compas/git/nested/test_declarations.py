"""Which names and paths of submodules are worked on: a pure decision, over whatever git can print."""

from hypothesis import given
from hypothesis import strategies as st

from compas.git.nested.declarations import Submodule, judge, parse

TEXT = st.text(alphabet=st.sampled_from('ab./-=:@{}#!\n\r\t\x7f \\"é\udc80'), max_size=12)
ENTRIES = st.lists(st.builds(Submodule, name=TEXT, path=TEXT), max_size=5)


@given(ENTRIES)
def test_what_is_usable_is_one_plain_name_and_one_plain_path(entries: list[Submodule]) -> None:
    usable = judge(entries).usable
    assert len({one.name for one in usable}) == len({one.path for one in usable}) == len(usable)
    for one in usable:
        assert "=" not in one.name
        for text in (one.name, one.path):
            assert text.isprintable() or "\udc80" in text
            assert text[0] not in "-/"
            assert {"", ".", "..", ".git"}.isdisjoint(text.split("/"))


@given(ENTRIES)
def test_every_entry_is_usable_or_has_a_sentence(entries: list[Submodule]) -> None:
    found = judge(entries)
    assert len(found.usable) + len(found.refused) == len(entries)


@given(st.binary(max_size=60))
def test_any_listing_is_parsed(listing: bytes) -> None:
    judge(parse(listing))


def test_ordinary_submodules_are_usable() -> None:
    names = ("lib", "third party/über.lib", "a/b", "a/c", "x:y", "#1")
    entries = [Submodule(name, f"at/{name}") for name in names]
    listing = b"".join(f"submodule.{one.name}.path\n{one.path}\0".encode() for one in entries)
    assert parse(listing) == entries
    assert judge(entries).usable == tuple(entries)
