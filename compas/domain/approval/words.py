"""What a review came to, in sentences for people; none of them tells an agent a way around a refusal."""

from collections.abc import Sequence

from compas.domain.advice import AGENT, TEXT, Said, advise, say
from compas.domain.approval.facts import Busy, Findings, Opinion, Work

UNTIL_RECORDED = "Mend what git names, then dispatch again: nothing is merged until its work has been recorded."


def not_reviewed(branch: str) -> str:
    """Nobody has given a verdict."""
    return f"Nobody has given a verdict on {branch}."


def approved(branch: str, approvals: Sequence[Opinion], tip: str) -> str:
    """The branch holds what was approved."""
    return f"{_names(approvals)} approved what {branch} holds ({tip[:12]})."


def changed_since_approval(branch: str, approvals: Sequence[Opinion], found: Findings) -> str:
    """The branch holds something else than what was approved."""
    judged = next((one.judged for one in reversed(approvals) if not found.is_same_tree(one.judged)), None)
    if judged is None:
        what = "it stands on another commit of its target now"
    elif found.of(judged).tree is None:
        what = f"git cannot read {judged[:12]} any longer, so it cannot be compared"
    else:
        what = f"it has been changed since: it is at {found.tip.commit[:12]} now"
    return f"{_names(approvals)} approved {approvals[-1].judged[:12]} of {branch}; {what}."


def changes_requested(branch: str, objections: Sequence[Opinion], *, still_there: bool, tip: str) -> str:
    """Somebody asked for changes, and no later execution of the thread has made any."""
    said = f"{_names(objections)} asked for changes to {objections[-1].judged[:12]} of {branch}"
    if still_there:
        return f"{said}, and that is what it holds."
    return f"{said}, and no execution after that made what it holds now ({tip[:12]})."


def changed_since_review(branch: str, objections: Sequence[Opinion], answer: Work, found: Findings) -> str:
    """Somebody asked for changes, and a later execution has changed the branch."""
    return (
        f"{_names(objections)} asked for changes to {objections[-1].judged[:12]} of {branch}; {answer.agent} has "
        f"changed it since ({found.tip.commit[:12]}), and nobody has given a verdict on that."
    )


def no_snapshot(work: Work) -> str:
    """Git could not record what the last execution left."""
    return f"What {work.agent} left in the worktree ({work.execution}) could not be recorded: {work.problem}"


def busy(thread: str, under_way: Sequence[Busy]) -> str:
    """Work is queued or running."""
    named = (
        f"{one.agent} ({one.execution}{'' if one.thread == thread else f' in thread {one.thread}'})"
        for one in under_way
    )
    return f"thread {thread} still has work running: {', '.join(named)}. Wait for it, or abandon the thread."


def to_be_changed(thread: str) -> Said:
    """Say what follows from asked changes."""
    task = advise("dispatch", to=AGENT, body=TEXT, thread_id=thread)
    return say("Have its agent make them (", task, "); the operator decides whether it is good as it is.")


def to_be_looked_at(thread: str) -> Said:
    """Say what follows from changes after an approval."""
    shown = advise("diff", thread_id=thread)
    return say("Have it reviewed again (", shown, " shows it); the operator decides whether it is good as it is.")


def approval_required(thread: str, sentence: str) -> Said:
    """The repository wants an approval."""
    return say(f"{sentence} Merges here need an approval (merge_requires). ", to_be_looked_at(thread))


def not_by_all(sentence: str, missing: Sequence[str]) -> str:
    """The repository wants every reviewer's approval."""
    return (
        f"{sentence} Merges here need that of every reviewer (merge_requires), and {_listed(missing)} gave no verdict. "
        "Have it reviewed again, or let the operator decide."
    )


def forced(sentence: str, missing: Sequence[str]) -> str:
    """The operator merges all the same."""
    also = f" {_listed(missing)} gave no verdict." if missing else ""
    return f"Merged on the operator's word all the same: {sentence}{also}"


def _names(opinions: Sequence[Opinion]) -> str:
    return _listed([one.by for one in opinions])


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
