from actors.exit_reason import ExitReason


def test_a_crash_keeps_its_group_and_lists_the_types_of_its_leaves() -> None:
    inner = ExceptionGroup("inner", [KeyError("k"), OSError("o")])
    group = ExceptionGroup("outer", [ValueError("v"), inner])
    reason = ExitReason.crashed("a", [group])
    assert reason.group is group
    assert reason.leaf_types == ("ValueError", "KeyError", "OSError")


def test_a_single_exception_becomes_a_group_of_one() -> None:
    error = ValueError("v")
    reason = ExitReason.crashed("root/a", [error])
    assert reason.group is not None
    assert reason.leaves == (error,)
    assert "root/a" in str(reason.group)


def test_crashes_and_kills_are_abnormal_and_ordered_ends_are_not() -> None:
    assert ExitReason.crashed("a", [ValueError()]).is_abnormal
    assert ExitReason("killed").is_abnormal
    assert not any(ExitReason(kind).is_abnormal for kind in ("normal", "stopped", "overrun"))


def test_repr_is_short_and_deterministic_and_str_tells_what_was_raised() -> None:
    reason = ExitReason.crashed("a", [ValueError("disk full")])
    assert repr(reason) == "<ExitReason crashed ValueError>"
    assert str(reason) == "crashed: ValueError: disk full"
    assert repr(ExitReason("stopped")) == "<ExitReason stopped>"
