"""What people do with the work of a hostile agent, step by step, with a judgement after each step."""

import json
import re
from pathlib import Path
from typing import Any

from tests.kit.system.workshop import Result, finish
from tests.system.hostile import judge
from tests.system.hostile.hostile_stage import Stage
from tests.system.hostile.judge import Landing
from tests.system.hostile.kinds.kind import Kind

CRASH = re.compile(r"Traceback|crashed|answered internal|could not be served|no frame of this")


class Case:
    """One kind on a stage: begun by its deed, then taken through commands. `faults` collects what is wrong.

    With `crashes` some process is to be killed, and the log may say so.
    """

    def __init__(self, stage: Stage, kind: Kind, *, crashes: bool = False) -> None:
        self._crashes = crashes
        self.stage = stage
        self.kind = kind
        self.thread = kind.name
        self.place = stage.place(kind)
        self.faults: list[str] = []
        self.said: list[str] = []
        self.merged = False
        self.moved = False
        self._asked = False
        self._log = stage.log_position()
        self._shown: dict[str, Any] = {}
        self._before: judge.Record | None = None
        self._main: str | None = None

    def begin(self) -> None:
        """Have the agent do its deed, record what is the operator's, then let compas go on."""
        self.stage.make_place(self.kind)
        if self.kind.other:
            self._ask(
                "dispatch", self.stage.alias(self.kind, "other"), "work", "--thread", f"{self.thread}-other", "--wait"
            )
        waiting = self.stage.begin_dispatch(self.kind, self.stage.alias(self.kind), self.thread)
        self._look_again()
        self.stage.open_gate(self.kind)
        ended = finish(waiting)
        self.said.append(json.loads(ended.out).get("body", "") if ended.code == 0 else ended.out + ended.err)
        self.judge_step("the end of the execution", ended)

    def diff(self) -> None:
        """Look at the work as a person would."""
        result = self.do("diff", "--json")
        self._shown = json.loads(result.out) if result.code == 0 else {}

    def merge(self) -> None:
        """Ask for a merge and wait for how it ends."""
        self._publish("merge", self.thread)

    def close_with_merge(self) -> None:
        """Ask for both at once; whatever comes of the merge is waited for."""
        self._publish("close", self.thread, "--merge")

    def _publish(self, *command: str) -> None:
        self._asked = True
        result = self._run(*command, "--json")
        answer = json.loads(result.out) if result.code == 0 else {}
        if op := answer.get("merge_op_id") or answer.get("op_id"):
            result = self._run("wait-merge", "--op-id", op, "--json")
            self.merged = self.merged or result.code == 0
        self.judge_step(" ".join(command), result)

    def do(self, *command: str) -> Result:
        """Give any command about the thread."""
        result = self._run(command[0], self.thread, *command[1:])
        self.judge_step(" ".join(command), result)
        return result

    def again(self) -> None:
        """Dispatch once more in the same thread, to see whether the next execution is led astray."""
        command = (
            "dispatch",
            self.stage.alias(self.kind),
            "again",
            "--thread",
            self.thread,
            "--wait",
            "--timeout",
            "50",
        )
        self.judge_step("dispatch", self._run(*command))

    def meddle(self, kind: Kind) -> None:
        """Do another deed in the thread's worktree, as what an agent left behind would, and take it as given."""
        self.stage.do_deed(self.kind, kind, self.thread)
        self._look_again()

    def operator_commits(self) -> None:
        """Let the operator commit to main what conflicts with honest work, as far as the repository still allows."""
        (self.place.repo / "work.txt").write_text("of the operator\n")
        for command in (("add", "work.txt"), ("commit", "-q", "-m", "by the operator", "--", "work.txt")):
            self.stage.shop.run(["git", "-c", "core.hooksPath=/dev/null", *command], cwd=self.place.repo)
        self._look_again()

    def _look_again(self) -> None:
        self._before = self._record()
        self._main = judge.tip_of_main(self.place.repo)

    def finish(self) -> None:
        """Judge the whole: what had to land and what must not, and whether refusals say what was found."""
        served = self._run("status", self.thread)
        self.faults += [] if served.code == 0 else ["the supervisor no longer serves the thread"]
        log = "" if self._crashes else self.stage.log_since(self._log)
        self.faults += [
            f"the log has {line}" for line in log.splitlines() if "Traceback" in line or " ERROR actors" in line
        ]
        if not self.kind.programs:
            self.faults += [f"a canary ran: {line}" for line in judge.marks(self.place.marks)]
        words = "\n".join(self.said).lower()
        if self.kind.lands == "honest" and not self.merged:
            self.faults.append("honest work did not land")
        if self.kind.lands == "refused":
            if self.moved:
                self.faults.append("it landed, and had to be refused")
            if not any(word.lower() in words for word in self.kind.words):
                self.faults.append(f"nothing that was said names any of {self.kind.words}")

    def verdict(self) -> str:
        """Return everything that is wrong, for people; empty when nothing is."""
        if not self.faults:
            return ""
        listing = "\n".join(f"  - {fault[:600]}" for fault in self.faults)
        said = "\n".join(f"  | {line}" for text in self.said for line in text.strip().splitlines()[:12])
        return f"{self.kind.name} ({self.kind.gain}):\n{listing}\nwhat was said:\n{said}"

    def judge_step(self, what: str, result: Result) -> None:
        """Judge what has changed by a step, and what was said about it."""
        if CRASH.search(result.err):
            self.faults.append(f"{what}: {result.err.strip()}")
        if result.code not in (0, 1) and not result.err.strip():
            self.faults.append(f"{what}: it failed ({result.code}) without a word")
        assert self._before is not None
        now = self._record()
        main = judge.tip_of_main(self.place.repo)
        moved: tuple[str, ...] = ()
        landed = self._asked and main != self._main
        self.moved = self.moved or main != self._main
        if landed and main and self._main:
            landing = Landing(self._main, main, self._shown.get("tip", ""), self._shown.get("text", ""))
            moved = judge.changed_paths(self.place.repo, self._main, main)
            self.faults += [f"{what}: {fault}" for fault in judge.landing_faults(self.place.repo, landing)]
        self._main = main
        self.faults += [f"{what}: {fault}" for fault in judge.changes(self._before, now, moved=moved, landed=landed)]
        self._before = now

    def _record(self) -> judge.Record:
        others = (self.place.out,)
        if self.kind.other:
            others += (self._tree(f"{self.thread}-other"),)
        return judge.record(self.place.repo, others, f"compas/{self.thread}")

    def _tree(self, thread: str) -> Path:
        return self.place.repo / ".compas-worktrees" / thread

    def _run(self, *command: str) -> Result:
        result = self.stage.run(*command)
        if result.code:
            self.said.append(f"$ compas {' '.join(command)}\n{result.err or result.out}")
        return result

    def _ask(self, *command: str) -> None:
        result = self.stage.shop(*command)
        assert result.code == 0, result


def basic(case: Case) -> None:
    """Take the work to its end: looked at, merged, closed, its worktree removed."""
    case.begin()
    case.diff()
    case.merge()
    case.do("close")
    case.do("worktree-remove")
    case.do("worktree-remove", "--force")
    case.finish()
