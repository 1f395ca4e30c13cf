"""What `hooks` and `hook-test` write."""

from compas.api.hooks import (
    HookListing,
    HookRunShown,
    HooksResponse,
    HookTestResponse,
    NotificationShown,
    NotificationsListing,
)
from compas.cli.render.hooks import hook_test_text, hooks_text
from compas.cli.render.text import Style

PIPE = Style(now=0.0)
RUN = HookRunShown(
    at=0.0, about=17, outcome="failed", seconds=0.25, thread_id="t1", exit_code=3, output="a\nno \x1b[31mroute\n"
)
CHAT = HookListing(
    name="chat",
    point="on_thread_closed",
    command="/x/post",
    args=("-v",),
    filter={"batch": "night"},
    failures=2,
    waiting=1,
    runs=(RUN,),
)


def test_each_hook_is_a_line_with_its_runs_below() -> None:
    lines = hooks_text(HooksResponse(hooks=(CHAT,)), PIPE).splitlines()
    words = "chat on_thread_closed batch=night failed 2 in a row 1 /x/post -v"
    assert " ".join(lines[1].split()) == words
    assert lines[3].startswith("chat: ")
    assert lines[3].endswith("for t1 (event 17): failed with status 3, 250 ms")
    assert lines[4:] == ["  a", "  no ␛[31mroute"]


def test_a_hook_that_cannot_be_run_says_why() -> None:
    broken = HookListing(name="chat", point="on_verdict", command="post", problem="no program post was found")
    text = hooks_text(HooksResponse(hooks=(broken,)), PIPE)
    assert "cannot be run" in text
    assert "chat: no program post was found" in text


def test_without_hooks_it_says_where_to_read_on() -> None:
    assert "docs/hooks.md" in hooks_text(HooksResponse(hooks=()), PIPE)


def test_notifications_say_what_is_wrong_what_is_held_and_what_was_last() -> None:
    last = (NotificationShown(at=0.0, events=1, title="compas: t", body="b"),)
    listed = NotificationsListing(
        about=("failed", "merged"), via="auto", problem="install it", quiet_until=0.0, waiting=3, last=last
    )
    text = hooks_text(HooksResponse(hooks=(), notifications=listed), PIPE)
    assert "notifications of failed, merged, shown by auto" in text
    assert "none is shown: install it" in text
    assert "3 events held back" in text
    assert "compas: t: b" in text


def test_a_trial_shows_what_was_told_and_what_was_printed() -> None:
    tried = HookTestResponse(
        hook="chat",
        outcome="failed",
        seconds=1.0,
        told='{"event":"verdict"}',
        is_sample=True,
        is_let_through=False,
        exit_code=-9,
        output="x\n",
    )
    text = hook_test_text(tried, PIPE)
    assert 'a sample: {"event":"verdict"}' in text
    assert "would have kept this event from it" in text
    assert "failed with status -9" in text
    assert text.endswith("\n\nx")
