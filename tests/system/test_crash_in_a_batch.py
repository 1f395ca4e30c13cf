"""A batch that is being given up when the supervisor dies is given up by the next one, each thread once."""

import signal
from collections import Counter

import pytest

from tests.kit.ceiling import CEILING
from tests.kit.system.read_models import before_and_after_a_rebuild
from tests.kit.system.workshop import Workshop, finish

pytestmark = pytest.mark.system

COUNT = 20
"""More threads than are abandoned side by side, so that it takes several writes."""


@pytest.mark.parametrize("point", ["store.before_append:2", "store.committed:2", "store.committed:3"])
async def test_a_crash_in_the_middle_of_a_batch_leaves_none_out_and_counts_none_twice(
    workshop: Workshop, point: str
) -> None:
    workshop.configure([workshop.agent("dev", [{"reply": "Done."}])])
    before = workshop.supervise()
    for number in range(COUNT):
        workshop.ask("dispatch", "dev", "x", "--thread", f"t{number}", "--batch", "b", "--intent", "note")
    workshop.ask("close", "t0")
    assert finish(workshop.begin("stop")).code == 0
    before.wait(CEILING)
    fuse = workshop.root / "fuse"
    fuse.touch()
    supervisor = workshop.supervise(COMPAS_FAILPOINT=f"{point}@{fuse}")
    found = workshop.ask("abandon-batch", "b")
    assert not fuse.exists(), f"{point} was never reached"
    assert supervisor.wait(CEILING) == -signal.SIGKILL
    assert (found["threads_abandoned"], found["threads_already_terminal"]) == (COUNT - 1, 1)
    assert found.get("threads_left", 0) == 0
    assert workshop.ask("batch-status", "b")["counts"] == {"Abandoned": COUNT - 1, "Completed": 1}
    kinds = Counter((event["type"], event["stream"]) for event in workshop.events())
    assert {count for (kind, _), count in kinds.items() if kind == "thread.abandoned"} == {1}
    assert finish(workshop.begin("stop")).code == 0
    rebuilt, kept = await before_and_after_a_rebuild(workshop.state / "compas.sqlite")
    assert rebuilt == kept
