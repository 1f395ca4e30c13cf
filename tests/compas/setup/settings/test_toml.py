"""An entry comes and goes in TOML, and no other byte changes."""

import tomllib
from typing import Any

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from compas.setup.settings.dialect import Value
from compas.setup.settings.toml import Toml

TOML = Toml()
PLACE = ("mcp_servers", "compas")
ENTRY: dict[str, Value] = {"command": '/opt/a "b"/compas\x7f', "args": ["mcp-server"], "tool_timeout_sec": 3600}

gaps = st.lists(st.sampled_from(["", "  ", "\t", "# it's \"[x]\n", "# é\n", "\n"]), max_size=3).map("".join)
spaces = st.text(" \t", max_size=2)
names = st.sampled_from(["mcp_servers", "other", '"compas"', "'a.b'", '"q]\\""', "compass", "tui"])
values = st.sampled_from(
    [
        "1",
        "1979-05-27T07:32:00Z",
        '"[mcp_servers.compas]"',
        "'it\\'",
        '"""\n[mcp_servers.compas]\n"quoted"\\\n  ""\\""""',
        '"""two at the end"""""',
        "'''\n# no\n[x]\n''''",
        "[ # [\n  1,\n  [2], ]",
        '{ a = "}", "b.c".d = [{}] }',
        "true",
    ]
)


@st.composite
def documents(draw: st.DrawFn) -> str:
    """Return a file of headers and keys in any order, with odd gaps, as long as it is TOML."""
    text = ""
    for _ in range(draw(st.integers(0, 6))):
        path = [draw(names) for _ in range(draw(st.integers(1, 3)))]
        dotted = f"{draw(spaces)}.{draw(spaces)}".join(path)
        statement = draw(
            st.sampled_from([f"[{dotted}]", f"[[{dotted}]]", f"{dotted}{draw(spaces)}={draw(spaces)}{draw(values)}"])
        )
        text += f"{draw(gaps)}{draw(spaces)}{statement}{draw(st.sampled_from(['', ' # [mine]', '  ']))}\n"
    text += draw(gaps)
    text = text.removesuffix("\n") if draw(st.booleans()) else text
    text = text.replace("\n", "\r\n") if draw(st.booleans()) else text
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        assume(False)
    return draw(st.sampled_from(["", "\ufeff"])) + text


def held(text: str) -> dict[str, Any]:
    said = TOML.parse(text)
    assert isinstance(said, dict)
    return said


@given(documents())
@example("mcp_servers.other.command = 'x'\n[z]")
@example("[mcp_servers.a]\n[z]\n[mcp_servers.b] # c\r\n\r\n")
def test_an_entry_is_added_at_the_end_and_taken_out_again_without_a_trace(text: str) -> None:
    before = held(text)
    servers = before.get("mcp_servers", {})
    assume(isinstance(servers, dict) and "compas" not in servers)
    added = TOML.put(text, PLACE, ENTRY)
    assert added.startswith(text)
    assert TOML.drop(added, PLACE) == text
    try:
        after = held(added)
    except tomllib.TOMLDecodeError:  # a table written inside its line takes no other, and so the change is refused
        assert "{" in text
    else:
        assert after == {**before, "mcp_servers": {**servers, "compas": ENTRY}}


@given(documents())
def test_whatever_is_written_below_the_entry_goes_with_it_and_nothing_else(text: str) -> None:
    before = held(text)
    servers = before.get("mcp_servers", {})
    assume(isinstance(servers, dict) and all(not isinstance(one, list) for one in servers.values()))
    after = held(TOML.drop(text, PLACE))
    left = {key: value for key, value in servers.items() if key != "compas"}
    assert {**after, "mcp_servers": after.get("mcp_servers", {})} == {**before, "mcp_servers": left} or "{" in text


@given(documents())
def test_a_value_is_changed_where_it_stands(text: str) -> None:
    servers = held(text).get("mcp_servers", {})
    assume(isinstance(servers, dict) and "compas" not in servers)
    old = TOML.put(text, PLACE, {"args": ["old"], "command": "c"})
    new = TOML.put(old, (*PLACE, "args"), ["new"])
    assert new == old.replace('["old"]', '["new"]')


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", '[m.c]\na = "x"\n'),
        ("q = 1", 'q = 1\n\n[m.c]\na = "x"'),
        ("[m.d]\r\n", '[m.d]\r\n\r\n[m.c]\r\na = "x"\r\n'),
    ],
)
def test_a_new_table_stands_apart_at_the_end(text: str, expected: str) -> None:
    assert TOML.put(text, ("m", "c"), {"a": "x"}) == expected


def test_a_value_that_is_missing_comes_below_the_header_and_comments_stay() -> None:
    text = '[m."c"] # mine\nargs = [\n  "a", # one\n] # all\n\n[m.c.env]\nK = "v"\n'
    changed = TOML.put(TOML.put(text, ("m", "c", "command"), "x"), ("m", "c", "args"), [])
    assert changed == '[m."c"] # mine\ncommand = "x"\nargs = [] # all\n\n[m.c.env]\nK = "v"\n'


def test_tables_of_the_entry_that_stand_apart_go_too() -> None:
    text = "# top\n[m.c]\na = 1\n\n# about z\n[z]\nq = 1\n\n[m.c.env] # e\nK = 1\n[m.d]\n"
    assert TOML.drop(text, ("m", "c")) == "# top\n\n# about z\n[z]\nq = 1\n[m.d]\n"


def test_a_value_of_an_entry_without_a_header_is_refused() -> None:
    with pytest.raises(ValueError, match="no header"):
        TOML.put("m = {c = {command = 'x'}}", ("m", "c", "command"), "y")
