"""How the steps of the demonstration are written, and which signals reach it when."""

import os
import signal
from collections.abc import Callable, Iterator

import pytest

from compas.cli.demo.signals import Interrupted, Interrupts, TimeLimitError
from compas.cli.demo.view import Step, View, view_here
from compas.cli.render.text import Style


def clock(*readings: float) -> Callable[[], float]:
    ahead: Iterator[float] = iter(readings)
    return lambda: next(ahead)


def test_a_step_is_written_once_when_it_is_over(capsys: pytest.CaptureFixture[str]) -> None:
    with View(Style(now=0), is_live=False, has_glyphs=True, clock=clock(1, 3.5)) as view:
        view.begin(Step(label="dev", text="works"))
        view.done(Step(label="dev", text="commits 1234567", quote="done", branch="├─ ", below="│"))
    assert capsys.readouterr().out == ("  2.5s ├─ ✓ dev         commits 1234567\n       │                “done”\n")


def test_only_plain_characters_reach_a_terminal_that_has_no_others(capsys: pytest.CaptureFixture[str]) -> None:
    with View(Style(now=0), is_live=False, has_glyphs=False, clock=clock(0, 0)) as view:
        view.done(Step(label="reviewer", text="requests changes", mark="↻", branch="│  └─ ", quote="no", below="│"))
        view.say("you → dev …")
    assert capsys.readouterr().out.isascii()


def test_text_is_wrapped_beside_its_label(capsys: pytest.CaptureFixture[str]) -> None:
    style = Style(now=0, is_screen=True, width=50)
    with View(style, is_live=False, has_glyphs=True, clock=clock(0, 0)) as view:
        view.done(Step(label="merge", text="one two three four five six seven", branch="├─ ", below="│"))
    assert capsys.readouterr().out.splitlines() == [
        "  0.0s ├─ ✓ merge       one two three four five",
        "       │                six seven",
    ]


@pytest.mark.parametrize("environ", [{"LC_ALL": "C"}, {"TERM": "linux"}])
def test_who_asks_for_plain_characters_gets_them(environ: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    view_here(Style(now=0), environ).done(Step(label="dispatch", text="you → dev"))
    assert capsys.readouterr().out.isascii()


def test_a_signal_inside_a_held_block_counts_at_its_end() -> None:
    reached = []

    def interrupted_while_held(interrupts: Interrupts) -> None:
        with interrupts.held():
            os.kill(os.getpid(), signal.SIGTERM)
            reached.append("the end")
        reached.append("what follows")

    with Interrupts(60) as interrupts, pytest.raises(Interrupted) as raised:
        interrupted_while_held(interrupts)
    assert (reached, raised.value.number) == (["the end"], signal.SIGTERM)


def test_only_the_first_signal_interrupts_and_handlers_come_back() -> None:
    before = signal.getsignal(signal.SIGINT)
    with Interrupts(60):
        with pytest.raises(Interrupted):
            os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before


def test_what_takes_too_long_is_ended() -> None:
    with Interrupts(0.01), pytest.raises(TimeLimitError, match="not over after"):
        signal.pause()
