"""How notifications are shown: which program is taken, and that no text becomes a part of a command."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compas.domain.outbox.notices import Worded
from compas.domain.outbox.specs import NotificationSpec, Via
from compas.domain.outbox.ways import Way, arguments, way_to_show

HOSTILE = Worded('-i "x" \\ <b>$(rm -rf ~)</b>', "`id`; 'single' & \\\" 🎉")


def way(via: Via, *there: str, platform: str = "linux", command: str | None = None) -> Way:
    spec = NotificationSpec(kinds=("failed",), via=via, command=command)
    return way_to_show(spec, platform, lambda name: name in there)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (way("auto", "notify-send", "gdbus"), Way("notify-send", "notify-send")),
        (way("auto", "gdbus"), Way("dbus", "gdbus")),
        (way("auto", "osascript", platform="darwin"), Way("osascript", "osascript")),
        (way("dbus", "notify-send", "gdbus"), Way("dbus", "gdbus")),
        (way("bell"), Way("bell")),
        (way("osc9"), Way("osc9")),
        (way("command", "/x/say", command="/x/say"), Way("command", "/x/say")),
    ],
)
def test_what_is_there_is_taken(found: Way, expected: Way) -> None:
    assert found == expected


# proves: c-config-dashboard 74
def test_where_nothing_is_there_it_says_what_to_install() -> None:
    missing = way("auto")
    assert missing.command == ""
    assert missing.problem.startswith("neither notify-send nor gdbus was found on PATH; install notify-send")
    assert "there is no program /x/say" in way("command", command="/x/say").problem
    assert "osascript was not found" in way("auto", platform="darwin").problem


# proves: c-config-dashboard 73
def test_texts_are_arguments_of_their_own() -> None:
    spec = NotificationSpec(args=("-v",))
    assert arguments(Way("notify-send", "notify-send"), spec, HOSTILE)[-3:] == (
        "--",
        HOSTILE.title,
        "`id`; 'single' &amp; \\\" 🎉",
    )
    script = arguments(Way("osascript", "osascript"), spec, HOSTILE)
    assert script[-3:] == ("--", *HOSTILE)
    assert not any(HOSTILE.body in word for word in script[:-2])
    assert arguments(Way("command", "say"), spec, HOSTILE) == ("-v", *HOSTILE)


@given(st.text(), st.text())
def test_dbus_gets_strings_that_end_where_the_text_does(title: str, body: str) -> None:
    words = arguments(Way("dbus", "gdbus"), NotificationSpec(), Worded(title, body))
    written = words[words.index('""') + 1]
    assert written[0] == written[-1] == '"'
    inner, read = iter(written[1:-1]), ""
    for character in inner:
        assert character != '"', "a quote would end it"
        read += next(inner) if character == "\\" else character
    assert read == title
