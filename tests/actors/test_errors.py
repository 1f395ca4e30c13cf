import pytest

from actors import errors
from actors.exit_reason import ExitReason

REASON = ExitReason.crashed("root/a", [OSError("disk full")])


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (errors.ActorStopped("root/a"), ["root/a", "is stopping", "look its name up again"]),
        (errors.ActorStopped("root/a", REASON), ["has ended", "disk full"]),
        (errors.ActorCrashed("root/a", REASON), ["root/a", "OSError: disk full", "dropped"]),
        (errors.AskTimeout("root/a", 3, 0.5), ["root/a", "int", "0.5 s"]),
        (errors.MailboxFull("root/a", 8), ["root/a", "8 messages", "tell()"]),
        (errors.NameTaken("journal", "the registry"), ["'journal'", "the registry", "choose another"]),
        (errors.NoSuchChild("root", "x"), ["root", "'x'", "WhichChildren"]),
        (errors.ChildStartFailed("root/a", REASON), ["root/a", "did not start", "disk full"]),
        (errors.RestartLimitReached("root", "a", 3, 5.0, REASON), ["gives up on 'a'", "3 restarts in 5 s"]),
        (errors.SystemFailed("compas", REASON), ["'compas'", "disk full", "start again"]),
    ],
)
def test_errors_say_who_what_and_the_way_out(error: errors.ActorError, words: list[str]) -> None:
    assert isinstance(error, errors.ActorError)
    assert [word for word in words if word not in str(error)] == []


def test_a_crash_error_carries_the_exception_group() -> None:
    assert errors.ActorCrashed("root/a", REASON).cause is REASON.group
