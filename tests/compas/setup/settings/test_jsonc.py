"""An entry comes and goes in JSON with comments, and no other byte changes."""

import json
from typing import Any

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from compas.setup.settings.dialect import Value
from compas.setup.settings.jsonc import Json

JSONC = Json(comments=True, trailing_commas=True)
PLACE = ("mcp", "compas")
ENTRY: dict[str, Value] = {"type": "local", "command": ["/opt/a b/compas", "mcp-server"], "enabled": True}

spaces = st.text(" \t", max_size=3)
lines = st.sampled_from(["\n", "\n\n", "\n\t", "\n  "])
comments = st.sampled_from(['// it\'s "quoted", {[\n', "/* b */", "/* two\n * lines */", "/**/", '// "compas": {}\n'])
gaps = st.lists(st.one_of(spaces, lines, comments), max_size=3).map("".join)
keys = st.sampled_from(["mcp", "mcpServers", "other", "compass", "é\\u00e9", "//no", "a,}", "/*", ""])
leaves = st.sampled_from(
    ['"http://x//y"', '"/* no */"', '"\\"}, "', "1", "-2.5e3", "true", "null", "[]", "[1, 2]", "{}"]
)


@st.composite
def objects(draw: st.DrawFn, depth: int = 2) -> str:
    """Return an object with odd gaps, comments, and perhaps a trailing comma."""
    written = []
    for key in draw(st.lists(keys, unique=True, max_size=3)):
        inner = draw(objects(depth=depth - 1)) if depth and draw(st.booleans()) else draw(leaves)
        written.append(f'{draw(gaps)}"{key}"{draw(gaps)}:{draw(gaps)}{inner}{draw(gaps)}')
    comma = "," if written and draw(st.booleans()) else ""
    return "{" + ",".join(written) + comma + draw(gaps) + "}"


@st.composite
def documents(draw: st.DrawFn) -> str:
    text = draw(gaps) + draw(objects()) + draw(gaps)
    if draw(st.booleans()):
        text = text.replace("\n", "\r\n")
    return draw(st.sampled_from(["", "\ufeff"])) + text


def held(text: str) -> dict[str, Any]:
    """Return what a text says; where it holds objects alone on the way to the place."""
    said = JSONC.parse(text)
    assert isinstance(said, dict)
    return said


@given(documents())
@example('{"a": 1 // c\n}')
@example('{\n  "mcp": {"o": {}, /* x */\n  }, // y\n}')
def test_an_entry_is_added_after_the_others_and_taken_out_again_without_a_trace(text: str) -> None:
    before = held(text)
    servers = before.get("mcp", {})
    assume(isinstance(servers, dict))
    added = JSONC.put(text, PLACE, ENTRY)
    after = held(added)
    assert after == {**before, "mcp": {**servers, "compas": ENTRY}}
    assert list(after) == list(dict.fromkeys([*before, "mcp"]))
    assert list(after["mcp"]) == [*servers, "compas"]
    removed = JSONC.drop(added, PLACE)
    was_empty = "mcp" in before and not servers
    if was_empty:  # an object that holds nothing, and no comment either, goes with the entry that it held
        assert held(removed) in (before, {key: value for key, value in before.items() if key != "mcp"})
    elif before:
        assert removed == text


@given(documents())
def test_every_comment_is_still_there_while_the_entry_is(text: str) -> None:
    assume(isinstance(held(text).get("mcp", {}), dict))
    added = JSONC.put(text, PLACE, ENTRY)
    for mark in ("// it's", "/* b */", "* lines */", "/**/", '// "compas"', "\ufeff"):
        assert added.count(mark) == text.count(mark)


@given(documents())
def test_an_entry_is_changed_where_it_stands(text: str) -> None:
    assume(isinstance(held(text).get("mcp", {}), dict))
    old = JSONC.put(text, PLACE, {"command": ["old"], "enabled": False})
    new = JSONC.put(old, (*PLACE, "command"), ["new", "mcp-server"])
    assert new == old.replace('["old"]', '["new", "mcp-server"]')


@given(documents(), st.data())
def test_a_member_anywhere_is_cut_out_and_nothing_else_is_said(text: str, data: st.DataObject) -> None:
    before = held(text)
    assume(before)
    key = data.draw(st.sampled_from(sorted(before)))
    after = held(JSONC.drop(text, (key,)))
    assert after == {name: value for name, value in before.items() if name != key}


@given(documents())
def test_what_is_not_there_is_not_cut_out(text: str) -> None:
    assume(isinstance(held(text).get("mcp", {}), dict))
    assert JSONC.drop(text, PLACE) == text


@pytest.mark.parametrize("text", ["", " \n", "{}", "\ufeff"])
def test_a_file_that_says_nothing_gets_the_whole(text: str) -> None:
    added = JSONC.put(text, ("mcp", "compas"), {"command": ["c"]})
    whole = '{\n  "mcp": {\n    "compas": {\n      "command": ["c"]\n    }\n  }\n}'
    assert added.removeprefix("\ufeff").rstrip("\n") == whole


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"a": 1}', '{"a": 1, "m": {"c": true}}'),
        ('{\n\t"a": 1\n}\n', '{\n\t"a": 1,\n\t"m": {\n\t\t"c": true\n\t}\n}\n'),
        (
            '{\r\n    "a": 1, // one\r\n}\r\n',
            '{\r\n    "a": 1, // one\r\n    "m": {\r\n        "c": true\r\n    },\r\n}\r\n',
        ),
        ('{\n  "m": {}\n}', '{\n  "m": {\n    "c": true\n  }\n}'),
    ],
)
def test_a_new_member_is_laid_out_like_the_others(text: str, expected: str) -> None:
    assert JSONC.put(text, ("m", "c"), True) == expected


@pytest.mark.parametrize(
    "text", ["{", "{,}", "[1,,]", "{} {}", '{"a": 1 /* }', "{'a': 1}", "{a: 1}", '{"a": NaN}', '{"a": "\n"}']
)
def test_what_is_not_the_language_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        JSONC.parse(text)


@pytest.mark.parametrize("text", ["// no\n{}", '{"a": [1,]}', "{} /* x */"])
def test_plain_json_has_neither_comments_nor_trailing_commas(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        Json().parse(text)


def test_a_text_that_is_nested_without_end_is_refused() -> None:
    with pytest.raises(ValueError, match="too deeply"):
        JSONC.parse("[" * 200_000)


@pytest.mark.parametrize(
    ("text", "why"),
    [("[]", "the whole is not an object"), ('{"mcp": 1}', "mcp is not an object"), ('{"mcp": {}, "mcp": {}}', "twice")],
)
def test_a_place_that_is_not_plain_is_refused(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        JSONC.put(text, PLACE, ENTRY)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_what_json_is_is_read_as_the_standard_library_does(value: object) -> None:
    assert JSONC.parse(json.dumps(value)) == value
