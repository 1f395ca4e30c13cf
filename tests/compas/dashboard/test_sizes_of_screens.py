"""The dashboard draws on every size of terminal, and tells every status without a colour too."""

from collections.abc import Sequence

import pytest
import urwid
from hypothesis import given, settings
from hypothesis import strategies as st
from urwid.testing import check_box_sizing, render_text

from compas.api.threads import StatusResponse, TranscriptMessage, TranscriptResponse
from compas.dashboard.board import Board
from compas.dashboard.colours import GROUNDS, TRUE_COLOUR, Depth, Scheme, depth_of, nearest, palette, scheme_of, styled
from compas.dashboard.frame import LEAST_COLUMNS, LEAST_ROWS
from compas.dashboard.lines import width_of
from compas.dashboard.state import Opened, evolve
from compas.dashboard.tabs.ops.placing import placed_threads
from compas.dashboard.tabs.ops.sections import rows_of, sections_of
from compas.dashboard.tabs.tab import Narrowed
from compas.dashboard.theme import SIGNS, UNKNOWN, plain_text, shows_signs, sign_of
from compas.dashboard.widgets.surface import Surface
from tests.kit.dashboard.played_screen import open_screen
from tests.kit.dashboard.played_supervisor import NOW, PlayedSupervisor, agent, executing, health, row, settled

SIZES = [(1, 1), (2, 3), (39, 24), (80, 9), (40, 10), (41, 11), (80, 24), (120, 40), (300, 80), (300, 1), (1, 80)]
PAGES = ["", "enter", "i", "l", "d", "w", "D", "v", "?", "/", ":", "t", "m", "A", "2", "3", "4", "5", "6"]


def full() -> PlayedSupervisor:
    supervisor = PlayedSupervisor()
    supervisor.health = health(agents=(agent("dev", usable=False, detail="not found"),), warnings=("careful",))
    supervisor.threads = [
        executing("t1", summary="日本語 " * 30),
        row("t2", execution_status="queued", eligible_at=NOW + 9),
    ]
    supervisor.threads += [settled(f"s{number}", error="e" * 200, execution_status="failed") for number in range(50)]
    body = "# Title\n\n" + "word " * 200 + "\n```\n" + "日本語" * 60
    message = TranscriptMessage(id=1, reference="db:1", sender="o", to="dev", intent="i", body=body, created_at=NOW)
    supervisor.transcripts["t1"] = TranscriptResponse(thread_id="t1", thread_status="Active", messages=(message,) * 3)
    supervisor.print("x-t1", "日本語" * 100 + "\n" + "x" * 10_000 + "\n")
    return supervisor


# proves: c-config-dashboard 93
@pytest.mark.parametrize("page", PAGES)
async def test_every_screen_fills_every_size_and_says_below_the_least_that_it_is_too_small(page: str) -> None:
    supervisor = full()
    async with open_screen(supervisor) as screen:
        await screen.type(*([page] if page else []))
        for has_lost in (False, True):
            for columns, rows in (*SIZES, *reversed(SIZES)):
                screen.size = (columns, rows)
                lines = await screen.lines()
                assert len(lines) == rows
                is_small = columns < LEAST_COLUMNS or rows < LEAST_ROWS
                if columns > 20 and rows > 3:
                    assert ("too small" in "\n".join(lines)) == is_small
            await screen.type("j", "page down", "G", "k")
            if not has_lost:
                await supervisor.die()


async def test_the_widget_keeps_the_contract_of_boxes() -> None:
    async with open_screen(full()) as screen:
        check_box_sizing(Surface(screen.controller))


@settings(max_examples=40)
@given(
    st.sampled_from(
        ["queued", "picked_up", "executing", "completed", "failed", "timed_out", "crashed", "cancelled", None]
    ),
    st.sampled_from(["Active", "Completed", "Failed", "Abandoned"]),
    st.sampled_from(["response", "review-request", None]),
    st.sampled_from(["approve", None]),
)
def test_every_status_a_thread_can_have_has_a_sign_and_a_word(
    execution: str | None, thread: str, intent: str | None, verdict: str | None
) -> None:
    found = row(
        "t",
        thread_status=thread,
        execution_id="x" if execution else None,
        execution_status=execution,
        last_intent=intent,
        verdict=verdict,
    )
    board = evolve(Board(), Opened(health=health(places=1), status=StatusResponse(threads=(found,), total=1)))
    (shown,) = rows_of(sections_of(board, placed_threads(board, NOW, {}), NOW, Narrowed()))
    assert shown.word in SIGNS
    assert sign_of(shown.word) != UNKNOWN


# proves: c-config-dashboard 130
async def test_every_status_can_be_told_without_colours_and_without_signs() -> None:
    supervisor = full()
    async with open_screen(supervisor) as screen:
        await screen.type("end")
        for has_signs in (True, False):
            surface = Surface(screen.controller, has_signs=has_signs)
            lines = render_text(surface, (80, 24))
            for word in ("running", "scheduled", "failed"):
                sign = sign_of(word)[0]
                assert any(f"{sign if has_signs else plain_text(sign)} {word}" in line for line in lines)
            assert has_signs or "".join(lines).isascii()
    known = {name for name, *_ in palette("dark", 16)}
    assert {style for _, style in SIGNS.values() if style} <= known


@pytest.mark.parametrize("scheme", ["dark", "light", "terminal"])
@pytest.mark.parametrize("depth", [1, 16, 256, TRUE_COLOUR])
def test_every_style_can_be_drawn_with_as_many_colours_as_there_are(scheme: Scheme, depth: Depth) -> None:
    entries = list(palette(scheme, depth))
    names = [name for name, *_ in entries]
    assert len(names) == len(set(names))
    for name, foreground, background, mono, more, ground in entries:
        urwid.AttrSpec(foreground, background, 16)
        urwid.AttrSpec(mono, "default", 1)
        if depth > 16:
            urwid.AttrSpec(more, ground, depth)
        assert name
    for ground in GROUNDS:
        assert styled("", ground) in names


@pytest.mark.parametrize("scheme", ["dark", "light"])
@pytest.mark.parametrize("depth", [256, TRUE_COLOUR])
def test_every_style_can_be_read_on_every_ground(scheme: Scheme, depth: Depth) -> None:
    """By the contrast of WCAG: 4.5 for text, and 2 for what is only decoration."""
    for name, _, _, _, more, ground in palette(scheme, depth):
        spec = urwid.AttrSpec(more, ground, depth)
        values = spec.get_rgb_values()
        light, dark = sorted((brightness(values[:3]), brightness(values[3:])), reverse=True)
        is_decoration = name.split("/")[0] in ("faint", "spark")
        assert (light + 0.05) / (dark + 0.05) >= (1.5 if is_decoration else 4.0), name


def brightness(rgb: Sequence[int | None]) -> float:
    parts = [(value or 0) / 255 for value in rgb]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_colours_follow_the_terminal_and_its_person() -> None:
    assert depth_of({"TERM": "xterm-256color"}) == 256
    assert depth_of({"TERM": "xterm-256color", "COLORTERM": "truecolor"}) == TRUE_COLOUR
    assert depth_of({"TERM": "xterm-direct"}) == TRUE_COLOUR
    assert depth_of({"TERM": "xterm"}) == 16
    assert depth_of({"TERM": "xterm-256color", "COMPAS_THEME": "terminal"}) == 16
    assert depth_of({"TERM": "xterm-256color", "COLORTERM": "truecolor", "NO_COLOR": "1"}) == 1
    assert depth_of({"TERM": "vt100"}) == 1
    assert scheme_of({}) == "dark"
    assert scheme_of({"COLORFGBG": "0;15"}) == "light"
    assert scheme_of({"COLORFGBG": "15;0"}) == "dark"
    assert scheme_of({"COLORFGBG": "0;15", "COMPAS_THEME": "dark"}) == "dark"
    assert scheme_of({"COMPAS_THEME": "light"}) == "light"
    assert (nearest("#000000"), nearest("#ffffff"), nearest("#ff0000"), nearest("#808080")) == (16, 231, 196, 244)
    assert shows_signs({"LANG": "de_DE.UTF-8"})
    assert not shows_signs({"LANG": "de_DE.UTF-8", "LC_ALL": "C"})
    assert not shows_signs({"LANG": "C.UTF-8", "TERM": "linux"})
    assert plain_text("▌ ▸ 日本 ü") == "| > ???? ?"


def test_signs_are_one_column_wide_each() -> None:
    assert {width_of(sign) for sign, _ in SIGNS.values()} == {1}
