"""What people are told, and how several events become one notification."""

from compas.api.advice import in_commands
from compas.domain.advice import advise, say
from compas.domain.outbox.notices import LONGEST_BODY, LONGEST_TITLE, Notice, together


def needs(name: str) -> Notice:
    return Notice(
        kind="needs_you",
        headline=f"dev needs you: {name}",
        details=("approved", "$0.42"),
        then=say(advise("merge", thread_id="t1")),
    )


def failed(name: str) -> Notice:
    return Notice(kind="failed", headline=f"dev failed: {name}", details=("overloaded",))


def test_one_is_told_whole_with_the_command_that_goes_on() -> None:
    worded = together([needs("add a health check")], in_commands)
    assert worded == ("compas: dev needs you: add a health check", "approved · $0.42 · compas merge t1")


def test_several_are_counted_by_kind_the_most_urgent_first() -> None:
    worded = together([failed("x"), needs("a"), needs("b"), needs("c"), needs("d")], in_commands)
    assert worded.title == "compas: 4 threads need you, 1 thread failed"
    assert worded.body.startswith("dev failed: x · dev needs you: a")


def test_of_many_the_first_are_named() -> None:
    worded = together([needs(str(number)) for number in range(1000)], in_commands)
    assert worded.title == "compas: 1000 threads need you"
    assert worded.body.endswith("dev needs you: 4 · and 995 more")


def test_long_texts_are_cut() -> None:
    worded = together([Notice(kind="failed", headline="x" * 10_000, details=("y\n" * 10_000,))], in_commands)
    assert (len(worded.title), len(worded.body)) == (LONGEST_TITLE, LONGEST_BODY)
    assert "\n" not in worded.body
