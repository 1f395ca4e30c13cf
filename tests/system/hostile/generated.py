"""Generated ways to take a hostile agent's work: two deeds, the commands between them, and a process that dies."""

import random
from typing import Literal, NamedTuple

from tests.system.hostile.flows import Case
from tests.system.hostile.kinds.kind import Kind
from tests.system.hostile.kinds.table import KINDS

COMMANDS = {
    "merge": 5,
    "close --merge": 3,
    "diff": 2,
    "commit": 3,
    "close": 2,
    "worktree-remove": 2,
    "worktree-remove --force": 2,
    "dispatch": 3,
    "second deed": 4,
    "operator commits": 2,
    "abandon": 1,
    "reopen": 1,
}
"""Each step, and how often it comes compared with the others."""
POINTS = (
    "execution.exit_read",
    "execution.snapshot_taken",
    "execution.recorded",
    "git.merge_prepared",
    "git.ref_published",
    "git.checkout_followed",
    "git.worktree_removed",
    "merge.started",
    "merge.handed_back",
    "merge.intent_logged",
    "merge.published",
    "merge.thread_closed",
    "worktree.removal_planned",
    "worktree.removed",
    "store.committed:7",
    "store.before_append:9",
)


class Plan(NamedTuple):
    """One generated case: the same seed gives the same plan."""

    seed: int
    kind: Kind
    second: Kind
    commit: Literal["auto", "agent"]
    steps: tuple[str, ...]
    point: str | None


def plan(seed: int) -> Plan:
    """Make the plan of a seed: every kind comes first once in as many seeds as there are kinds."""
    choose = random.Random(seed)
    first = KINDS[seed % len(KINDS)]
    second = choose.choice([kind for kind in KINDS if not kind.long and kind.before in ("", first.before)])
    kind = first._replace(
        lands="either",
        other=first.other or second.other,
        readers=first.readers or choose.random() < 0.3,
        programs=first.programs or second.programs,
    )
    steps = choose.choices(list(COMMANDS), list(COMMANDS.values()), k=choose.randint(4, 9))
    point = choose.choice(POINTS) if choose.random() < 0.6 else None
    return Plan(seed, kind, second, choose.choice(("auto", "agent")), tuple(steps), point)


def play(case: Case, second: Kind, steps: tuple[str, ...]) -> None:
    """Take the case through its steps, and judge the whole."""
    case.begin()
    for step in steps:
        match step:
            case "merge":
                case.diff()
                case.merge()
            case "close --merge":
                case.diff()
                case.close_with_merge()
            case "diff":
                case.diff()
            case "dispatch":
                case.again()
            case "second deed":
                case.meddle(second)
            case "operator commits":
                case.operator_commits()
            case _:
                case.do(*step.split())
    case.finish()
