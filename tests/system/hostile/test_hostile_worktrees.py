"""Whatever an agent does to its worktree and to git: nothing of it runs or lands, and the operator's checkout stays."""

import pytest

from tests.system.hostile.flows import Case, basic
from tests.system.hostile.hostile_stage import Stage
from tests.system.hostile.kinds.kind import Kind
from tests.system.hostile.kinds.table import KINDS

pytestmark = pytest.mark.system


def test_the_table_has_kinds_enough_and_no_name_twice() -> None:
    assert len({kind.name for kind in KINDS}) == len(KINDS) >= 40


@pytest.mark.parametrize(
    "kind",
    [pytest.param(kind, id=kind.name, marks=[pytest.mark.long] if kind.long else []) for kind in KINDS],
)
def test_nothing_of_it_runs_or_lands(shared_stage: Stage, kind: Kind) -> None:
    case = Case(shared_stage, kind)
    basic(case)
    if case.faults:
        pytest.fail(case.verdict(), pytrace=False)
