import math

import pytest

from actors.actor import Actor
from actors.spec import ChildSpec, Restart


@pytest.mark.parametrize("child_id", ["", "a/b"])
def test_an_id_that_cannot_be_part_of_a_name_is_refused(child_id: str) -> None:
    with pytest.raises(ValueError, match="child id"):
        ChildSpec(child_id, Actor)


@pytest.mark.parametrize("shutdown", [-1.0, math.nan])
def test_a_grace_that_is_no_time_is_refused(shutdown: float) -> None:
    with pytest.raises(ValueError, match="shutdown"):
        ChildSpec("a", Actor, shutdown=shutdown)


def test_a_mailbox_without_room_and_an_unknown_restart_type_are_refused() -> None:
    with pytest.raises(ValueError, match="mailbox of 0"):
        ChildSpec("a", Actor, mailbox=0)
    with pytest.raises(ValueError, match="'always'"):
        ChildSpec("a", Actor, restart="always")  # type: ignore[arg-type]


def test_a_permanent_child_cannot_be_significant_and_the_others_can() -> None:
    with pytest.raises(ValueError, match="significant"):
        ChildSpec("a", Actor, significant=True)
    others: tuple[Restart, ...] = ("transient", "temporary")
    assert all(ChildSpec("a", Actor, restart=restart, significant=True).significant for restart in others)
