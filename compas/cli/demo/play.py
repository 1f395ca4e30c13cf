"""Plays the demonstration: what each event of the log shows, and what it makes the operator do."""

from collections.abc import Mapping
from contextlib import suppress

import msgspec

from compas.api.diagnosis import WHY, WhyRequest, WhyResponse
from compas.api.dispatch import DISPATCH, DispatchRequest
from compas.api.history import DIFF, EVENTS, DiffRequest, DiffResponse, EventsRequest, LogEvent
from compas.api.lifecycle import CLOSE, CloseRequest
from compas.api.merges import MERGE, MergeRequest
from compas.api.waiting import WAIT, WaitRequest
from compas.cli.demo.scripts import MEANWHILE, MEANWHILE_MESSAGE, SUMMARY, TASK, THREAD
from compas.cli.demo.stage import Stage
from compas.cli.demo.view import Step, View
from compas.client.typed import TypedCaller
from compas.domain import events as e
from compas.domain.thread import OPERATOR
from compas.errors import CompasError

SETTLE_SECONDS = 30.0
_ROOT, _INNER, _LAST = "├─ ", "│  └─ ", "└─ "
_DOING = {"dev": "works in the worktree", "reviewer": "reads the diff"}


class DemoError(CompasError):
    """Something went another way than the scripts have it."""


class Played(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it: the diff, the explanation, and which of its steps tell the story in short."""

    diff: DiffResponse
    why: WhyResponse
    milestones: frozenset[int]


def play(asking: TypedCaller, watching: TypedCaller, stage: Stage, view: View) -> Played:
    """Follow the log from its first event to the thread's end; each event leads to the operator's next step.

    Raises DemoError when something fails, and what Caller raises.
    """
    operator = _Operator(asking, stage, view)
    with suppress(_OverError):
        watching.stream(EVENTS, EventsRequest(follow=True), operator.see)
    return Played(
        diff=asking.call(DIFF, DiffRequest(thread_id=THREAD)),
        why=asking.call(WHY, WhyRequest(thread_id=THREAD)),
        milestones=frozenset(operator.milestones),
    )


class _OverError(Exception):
    """The thread is closed; nothing more is expected of the log."""


class _Operator:
    """Plays the person: sees events, and dispatches, commits, merges and closes when it is time."""

    def __init__(self, asking: TypedCaller, stage: Stage, view: View) -> None:
        self.milestones: list[int] = []
        self._asking = asking
        self._stage = stage
        self._view = view
        self._agents: dict[str, str] = {}
        self._approved: str | None = None
        self._has_committed = False

    def see(self, item: LogEvent) -> None:
        """Show the event, and do what it asks for."""
        event = msgspec.convert({**item.data, "type": item.type}, e.Event)
        if _is_milestone(event):
            self.milestones.append(item.position)
        match event:
            case e.SupervisorStarted(pid=pid):
                self._view.done(Step(label="supervisor", text=f"one of its own is running, process {pid}"))
                self._dispatch()
            case e.ExecutionQueued() | e.ExecutionStarted() | e.ExecutionEnded() | e.ThreadFailed():
                self._see_execution(event)
            case e.MergeQueued() | e.MergeCompleted() | e.MergeFailed():
                self._see_merge(event)
            case _:
                self._see_thread(event)

    def _see_thread(self, event: e.Event) -> None:
        match event:
            case e.MessagePosted(sender=sender, recipient=recipient, intent="dispatch", body=body):
                who = "you" if sender == OPERATOR else sender
                self._view.done(Step(label="dispatch", text=f"{who} → {recipient}: {body}"))
            case e.MessagePosted(recipient=recipient, execution=execution) if (
                recipient == OPERATOR and execution is not None and execution == self._approved
            ):
                self._merge()
            case e.WorktreePlanned(base=base):
                self._view.begin(Step(label="worktree", text=f"is made from {base}", branch=_ROOT))
            case e.WorktreeReady(path=path, branch=branch):
                text = f"{branch}, in {self._short(path)}"
                self._view.done(Step(label="worktree", text=text, branch=_ROOT, below="│"))
            case e.ThreadClosed(status=status):
                self._view.done(Step(label="close", text=f"the thread is {status.lower()}", branch=_LAST))
                raise _OverError
            case _:
                pass

    def _see_execution(self, event: e.Event) -> None:
        match event:
            case e.ExecutionQueued(execution=execution, agent=agent):
                self._agents[execution] = agent
            case e.ExecutionStarted(execution=execution):
                agent = self._agents[execution]
                self._view.begin(Step(label=agent, text=_DOING.get(agent, "works"), branch=_branch(agent)))
            case e.ExecutionEnded(status="completed"):
                self._show_end(event)
            case e.ExecutionEnded(execution=execution, status=status, error=error):
                raise DemoError(f"{self._agents[execution]} ended as {status}: {error or 'it gave no reason'}")
            case _:
                raise DemoError("the thread has failed")

    def _show_end(self, event: e.ExecutionEnded) -> None:
        agent = self._agents[event.execution]
        verdicts: Mapping[e.Verdict, tuple[str, str]] = {
            "request_changes": ("↻", "requests changes"),
            "approve": ("✓", "approves"),
        }
        commit = event.snapshot.head[:7] if event.snapshot is not None else "nothing"
        mark, text = verdicts.get(event.verdict, ("✓", f"commits {commit}"))
        said = event.preview.partition("\n\n")[0].replace("\n", " ")
        below = "│" if agent == "dev" else "│     "
        self._view.done(Step(label=agent, text=text, mark=mark, quote=said, branch=_branch(agent), below=below))
        if event.verdict == "approve":
            self._approved = event.execution
        if not self._has_committed:
            self._commit_meanwhile()

    def _see_merge(self, event: e.Event) -> None:
        match event:
            case e.MergeQueued(source=source, target=target):
                self._view.begin(Step(label="merge", text=f"{source} into {target}", branch=_ROOT))
            case e.MergeCompleted():
                text = "into main, beside your commit; your checkout has both"
                self._view.done(Step(label="merge", text=text, branch=_ROOT, below="│"))
                self._asking.call(CLOSE, CloseRequest(thread_id=THREAD))
            case e.MergeFailed(reason=reason):
                raise DemoError(f"the merge failed: {reason}")
            case _:
                pass

    def _dispatch(self) -> None:
        self._asking.call(DISPATCH, DispatchRequest(to="dev", body=TASK, thread_id=THREAD, summary=SUMMARY))

    def _commit_meanwhile(self) -> None:
        """Move the target branch while the agents work: merging has to cope with that every day."""
        from compas.git import demo_repository

        self._has_committed = True
        commit = demo_repository.commit(self._stage.repository, MEANWHILE, MEANWHILE_MESSAGE)
        text = f"commit {commit[:7]} to main meanwhile, in your checkout"
        self._view.done(Step(label="you", text=text, branch=_ROOT, below="│"))

    def _merge(self) -> None:
        answer = self._asking.wait(WAIT, WaitRequest(thread_id=THREAD, await_chain=True, timeout_secs=SETTLE_SECONDS))
        if not answer.found:
            raise DemoError(f"the chain of agents did not settle: {answer.error or answer.reason}")
        self._asking.call(MERGE, MergeRequest(thread_id=THREAD))

    def _short(self, path: str) -> str:
        return path.removeprefix(f"{self._stage.folder}/")


def _branch(agent: str) -> str:
    """A reviewer's answer hangs below the work that it is about."""
    return _ROOT if agent == "dev" else _INNER


def _is_milestone(event: e.Event) -> bool:
    match event:
        case e.MessagePosted(intent=intent):
            return intent in ("dispatch", "handoff")
        case e.ExecutionEnded() | e.MergeQueued() | e.MergeCompleted() | e.ThreadClosed():
            return True
        case _:
            return False
