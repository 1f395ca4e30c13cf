"""What is done to a worktree before and after its agent: logged step by step, and none for what must not start."""

from compas.domain import events as e
from compas.domain.decision import Decision, Draft, Refusal
from compas.domain.execution import not_startable
from compas.domain.thread import Thread, Usable

FurnishingStep = e.WorktreeFurnished | e.SetupStarted | e.SetupEnded | e.CommitBegun


def decide_step(state: Thread, step: FurnishingStep) -> Decision:
    """Log a step towards a usable worktree; nothing when it is known.

    An intent is refused once its execution must not start any more; an outcome is logged all the same, as it has
    happened. A setup that succeeded is not begun again in the same directory; one that failed is (design §6 rule 2).
    """
    run = state.runs.get(step.execution)
    if run is None:
        return Refusal(code="unknown_execution", message=f"thread {state.thread} has no execution {step.execution}")
    known = usable_as(state, step.repository, step.instance)
    match step:
        case e.WorktreeFurnished() if known.is_furnished:
            return ()
        case e.SetupStarted():
            refused = not_startable(state, step.execution)
            if refused is not None:
                return refused
            if known.is_set_up:
                return ()
        case e.SetupEnded() if known.is_set_up:
            return ()
        case _:
            pass
    return (Draft(stream=e.thread_stream(state.thread), event=step, lineage=run.lineage),)


def usable_as(state: Thread, repository: str, instance: str) -> Usable:
    """Return how far a directory has been made usable; what is known of an earlier one does not count."""
    known = state.usable.get(repository)
    return known if known is not None and known.instance == instance else Usable(instance=instance)
