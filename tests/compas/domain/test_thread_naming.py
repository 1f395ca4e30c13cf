"""A thread that nobody has named is called by the first words of its task."""

from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compas.domain.ids import thread_id_problem
from compas.domain.thread_naming import LONGEST_NAME, name_from, names


@pytest.mark.parametrize(
    ("task", "name"),
    [
        ("Add a health check.", "add-health-check"),
        ("# Fix the login page\n\nIt shows nothing.", "fix-login-page"),
        ("\n\n---\nRefactor `compas.cli.main`", "refactor-compas-cli-main"),
        ("Don't swallow errors", "dont-swallow-errors"),
        ("Überprüfe die Größe", "uberprufe-die-grosse"),
        ("Add a health check endpoint that says how long it has been up", "add-health-check-endpoint-that-says-how"),
        ("x" * 100 + " y", "x" * LONGEST_NAME),
        ("Merge the branches", "task-merge-branches"),
        ("merge", "task-merge"),
        ("Merging", "merging"),
        ("Use the key [REDACTED:aws_key] for the upload", "use-key-for-upload"),
        ("日本語", "task"),
        ("The", "task"),
        ("../../etc/passwd", "etc-passwd"),
        ("--force", "force"),
    ],
)
def test_a_name_is_made_of_the_first_words(task: str, name: str) -> None:
    assert name_from(task) == name


@given(st.text(max_size=300))
def test_any_task_gives_a_name_that_can_be_used(task: str) -> None:
    name = name_from(task)
    assert thread_id_problem(name) is None
    assert name == name_from(name) or name.startswith("task")
    assert set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")


def test_a_name_that_is_taken_gets_a_number() -> None:
    assert list(islice(names("fix", {"fix", "fix-2", "fix-4"}), 3)) == ["fix-3", "fix-5", "fix-6"]
    assert next(names("fix", ())) == "fix"
    assert list(names("fix", {"fix", *(f"fix-{number}" for number in range(100))})) == []
