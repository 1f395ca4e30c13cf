"""The words that tasks are filtered by."""

from typing import get_args

import pytest

from compas.domain.decision import Refusal
from compas.domain.events import ExecutionStatus
from compas.domain.task_filter import FILTERS, Chosen, read_filter


def test_every_status_is_a_word_for_itself_and_no_word_is_shown_twice() -> None:
    for status in get_args(ExecutionStatus):
        assert read_filter(status) == Chosen(statuses=frozenset({status}))
    assert read_filter(None) == Chosen()
    assert read_filter("scheduled") == Chosen(statuses=frozenset({"queued"}), is_scheduled=True)


def test_running_and_ended_leave_only_the_queue_between_them() -> None:
    assert FILTERS["running"] | FILTERS["ended"] == set(get_args(ExecutionStatus)) - {"queued"}
    assert not FILTERS["running"] & FILTERS["ended"]


@pytest.mark.parametrize("word", ["bogus", "", "Scheduled", "queued "])
def test_an_unknown_word_is_refused_with_those_that_are_known(word: str) -> None:
    found = read_filter(word)
    assert isinstance(found, Refusal)
    assert found.message.startswith(f"{word!r} is no filter")
    assert all(known in found.message for known in FILTERS)
