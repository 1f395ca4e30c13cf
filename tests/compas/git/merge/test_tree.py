"""The output of merge-tree is read exactly."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compas.git.merge.tree import MergedTree, Message, Unmerged, conflicts_of, parse_merge_tree

TREE = "a" * 40
names = st.binary(min_size=1, max_size=8).filter(lambda name: b"\0" not in name)
unmerged = st.builds(
    Unmerged,
    path=names,
    stage=st.integers(1, 3),
    mode=st.sampled_from([b"100644", b"120000"]),
    blob=st.just(b"b" * 40),
)
messages = st.builds(
    Message,
    paths=st.lists(names, max_size=3).map(tuple),
    kind=st.sampled_from([b"Auto-merging", b"CONFLICT (contents)", b"CONFLICT (modify/delete)"]),
    text=names,
)


@given(st.lists(unmerged, max_size=5), st.lists(messages, max_size=4))
def test_every_entry_and_message_is_read_back_as_it_was_printed(entries: list[Unmerged], said: list[Message]) -> None:
    printed = TREE.encode() + b"\0"
    printed += b"".join(b"%b %b %d\t%b\0" % (e.mode, e.blob, e.stage, e.path) for e in entries)
    if entries or said:
        printed += b"\0"
    for message in said:
        parts = (b"%d" % len(message.paths), *message.paths, message.kind, message.text)
        printed += b"".join(part + b"\0" for part in parts)
    assert parse_merge_tree(printed) == MergedTree(TREE, tuple(entries), tuple(said))


def test_advice_in_sentences_behind_the_records_is_kept_as_a_message() -> None:
    printed = TREE.encode() + b"\0\0" + b"1\0sub\0CONFLICT (submodule)\0text\n\0" + b"Merge the submodule\nby hand\n"
    found = parse_merge_tree(printed)
    assert [message.kind for message in found.messages] == [b"CONFLICT (submodule)", b"advice"]
    assert found.text.endswith("by hand")


def test_output_that_was_cut_is_an_error() -> None:
    with pytest.raises(ValueError, match="NUL"):
        parse_merge_tree(b"aaaa\n")


def test_a_conflict_is_called_what_git_calls_it_or_what_its_stages_show() -> None:
    def entry(path: bytes, *stages: int) -> list[Unmerged]:
        return [Unmerged(path, stage, b"100644", b"b" * 40) for stage in stages]

    merged = MergedTree(
        TREE,
        tuple(entry(b"both", 1, 2, 3) + entry(b"new", 2, 3) + entry(b"gone", 1, 2) + entry(b"quiet", 1, 3)),
        (
            Message((b"both",), b"CONFLICT (contents)", b""),
            Message((b"new",), b"CONFLICT (contents)", b""),
            Message((b"gone", b"renamed"), b"CONFLICT (rename/delete)", b""),
            Message((b"fine",), b"Auto-merging", b""),
        ),
    )
    assert {found.path: found.kind for found in conflicts_of(merged).values()} == {
        "both": "contents", "new": "add/add", "gone": "rename/delete", "quiet": "modify/delete",
    }  # fmt: skip
