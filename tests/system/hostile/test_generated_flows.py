"""Two hostile deeds, any commands and a crash between: nothing lands unseen, and nothing else changes."""

from pathlib import Path

import pytest

from tests.system.hostile.flows import Case
from tests.system.hostile.generated import plan, play
from tests.system.hostile.hostile_stage import open_stage
from tests.system.hostile.kinds.table import KINDS

pytestmark = [pytest.mark.system, pytest.mark.long]


@pytest.mark.parametrize("seed", range(2 * len(KINDS)))
def test_nothing_of_it_runs_or_lands_in_any_order(tmp_path: Path, seed: int) -> None:
    made = plan(seed)
    with open_stage(tmp_path, [made.kind], made.commit) as stage:
        fuse = stage.root / "fuse"
        stage.shop.supervise(**({"COMPAS_FAILPOINT": f"{made.point}@{fuse}"} if made.point else {}))
        fuse.touch()
        case = Case(stage, made.kind, crashes=made.point is not None)
        play(case, made.second, made.steps)
        if case.faults:
            pytest.fail(f"seed {seed}, {made.second.name}, {made.steps}, {made.point}\n{case.verdict()}", pytrace=False)
