"""An error arrives at the client as what it was in the worker."""

import pytest

from compas.git.errors import GitError, GitFailed, GitOutputTooLarge, GitRefused, GitTimedOut
from compas.git.protocol.failures import carry, restore


@pytest.mark.parametrize(
    "error",
    [
        GitRefused("bad_id", "no", {"code": "mine", "output": "ü\n"}),
        GitFailed("merge-base x", 128, "fatal: no"),
        GitTimedOut("commit -m", 0.5),
        GitOutputTooLarge("diff", 10),
        GitError("something"),
    ],
)
def test_an_error_keeps_type_words_and_fields(error: GitError) -> None:
    back = restore(*carry(error))
    assert type(back) is type(error)
    assert str(back) == str(error)
    assert vars(back) == vars(error)


def test_a_failure_of_the_channel_is_named() -> None:
    assert str(restore("busy", "too many", {})) == "the git worker answered busy: too many"
