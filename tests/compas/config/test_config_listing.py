"""A repository is added to a config file, and nothing else of its text changes."""

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from compas.config.listing import NotListedError, with_repository

ENTRY = {"path": "/src/lib"}
BASED = {"path": "/src/lib", "base": "trunk"}

FILES = {
    "no list yet": ("a: 1  # one\n\n# end\n", 'a: 1  # one\n\n# end\n\nrepositories:\n  - path: "/src/lib"\n'),
    "no end of line": ("a: 1", 'a: 1\n\nrepositories:\n  - path: "/src/lib"\n'),
    "a list": (
        "repositories:\n  - path: /a   # the first\n    setup: {run: x}\n\n# below\nb: 2\n",
        'repositories:\n  - path: /a   # the first\n    setup: {run: x}\n  - path: "/src/lib"\n\n# below\nb: 2\n',
    ),
    "a list at the end, not indented": (
        "repositories:\n- path: /a\n  copy:\n  - .env",
        'repositories:\n- path: /a\n  copy:\n  - .env\n- path: "/src/lib"\n',
    ),
    "a block of text last": (
        "repositories:\n  - path: /a\n    merge_verify: |\n      one\n      two\nb: 2\n",
        'repositories:\n  - path: /a\n    merge_verify: |\n      one\n      two\n  - path: "/src/lib"\nb: 2\n',
    ),
    "a list in one line": (
        "repositories: [{path: /a}]  # one\nb: 2\n",
        'repositories: [{path: /a}, {"path": "/src/lib"}]  # one\nb: 2\n',
    ),
    "an empty list": ("repositories: []\n", 'repositories: [{"path": "/src/lib"}]\n'),
    "nothing in it": ("repositories:\nb: 2\n", 'repositories:\n  - path: "/src/lib"\nb: 2\n'),
    "written as null": ("repositories: null\nb: 2\n", 'repositories: \n  - path: "/src/lib"\nb: 2\n'),
    "JSON": ('{"a": 1}\n', '{"a": 1, "repositories": [{"path": "/src/lib"}]}\n'),
    "JSON with a list": (
        '{"repositories": [\n  {"path": "/a"}\n]}',
        '{"repositories": [\n  {"path": "/a"}\n, {"path": "/src/lib"}]}',
    ),
    "a comma behind the last": ("{a: 1,}", '{a: 1,"repositories": [{"path": "/src/lib"}]}'),
    "lines as on Windows": ("a: 1\r\n", 'a: 1\r\n\r\nrepositories:\r\n  - path: "/src/lib"\r\n'),
}


@pytest.mark.parametrize("name", FILES)
def test_the_entry_is_at_the_end_of_the_list_and_the_rest_is_as_it_was(name: str) -> None:
    before, after = FILES[name]
    assert with_repository(before, ENTRY) == after


@pytest.mark.parametrize("name", FILES)
def test_an_entry_has_its_base_and_a_second_one_follows_the_first(name: str) -> None:
    once = with_repository(FILES[name][0], BASED)
    assert yaml.safe_load(with_repository(once, ENTRY))["repositories"][-2:] == [BASED, ENTRY]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "- a\n",
        "just text\n",
        "repositories: /a\n",
        "a: &list []\nrepositories: *list\n",
        "a: 1\n...\n",
        "a: [\n",
        "repositories:\n  one: {path: /a}\n",
    ],
)
def test_what_nothing_can_be_added_to_is_refused(text: str) -> None:
    with pytest.raises(NotListedError):
        with_repository(text, ENTRY)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(codec="utf-8"), max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", min_size=1, max_size=3), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(
    rest=st.dictionaries(st.text("abcd", min_size=1, max_size=5), VALUES, min_size=1, max_size=4),
    there=st.none()
    | st.lists(st.fixed_dictionaries({"path": st.text("/abc", min_size=1), "copy": VALUES}), max_size=3),
    path=st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), min_size=1, max_size=12),
    flow=st.sampled_from([None, False, True]),
    is_sorted=st.booleans(),
)
def test_any_file_says_what_it_said_before_and_the_entry(
    rest: dict[str, object], there: list[object] | None, path: str, flow: bool | None, is_sorted: bool
) -> None:
    said = rest | ({} if there is None else {"repositories": there})
    text = yaml.safe_dump(said, default_flow_style=flow, sort_keys=is_sorted)
    after = with_repository(text, {"path": path})
    assert yaml.safe_load(after) == said | {"repositories": [*(there or []), {"path": path}]}
    kept = iter(after)
    assert all(char in kept for char in text.rstrip("\n")), "nothing that was there is gone"
