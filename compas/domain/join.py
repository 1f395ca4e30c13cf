"""What follows a fan-out once all its threads have come to rest."""

from compas.domain import events as e
from compas.domain.briefing import Answer, compose_join, work_of
from compas.domain.decision import Decision, Draft, Moment
from compas.domain.dispatch import Rules
from compas.domain.handoff import ask_operator, hand_over
from compas.domain.thread import FanOut, Run, Thread


def decide_join(state: Thread, execution: str, answers: tuple[Answer, ...], rules: Rules, moment: Moment) -> Decision:
    """Give all answers to the agent that joins them, as one append; nothing when that was done, or is off.

    The operator gets them instead when nobody answered, when the chain is as long as it may be, when the joining
    agent is gone, and when everybody approved and the chain was to go on `until: approved`.
    """
    fan_out = state.fan_outs.get(execution)
    if fan_out is None or state.status != "Active":
        return ()
    run = state.runs[execution]
    stream = e.thread_stream(state.thread)
    joined = Draft(stream=stream, event=e.Joined(execution=execution), lineage=fan_out.lineage)
    body = compose_join(state, run, answers, fan_out.fanned_out.depth + 1)
    instead = _why_the_operator(run, fan_out, answers, rules)
    if instead is not None:
        note = ask_operator(state, run, f"{instead}\n\n{body}", fan_out.fanned_out.depth, moment)
        return (joined, note)
    posted = e.MessagePosted(
        message=moment.new_id(),
        sender=run.queued.agent,
        recipient=fan_out.fanned_out.join or "",
        intent="handoff",
        body=body,
        depth=fan_out.fanned_out.depth + 1,
        execution=execution,
        verdict=_verdict(answers),
        work=work_of(state, run, run.ended.snapshot if run.ended is not None else None),
    )
    return (joined, *hand_over(stream, fan_out.lineage, posted, rules, moment))


def _why_the_operator(run: Run, fan_out: FanOut, answers: tuple[Answer, ...], rules: Rules) -> str | None:
    agent = rules.agents.get(run.queued.agent)
    plan = agent.handoff if agent is not None else None
    join = fan_out.fanned_out.join or ""
    answered = [answer for answer in answers if answer.status == "completed"]
    if not answered:
        return "None of the agents that got the reply has answered."
    everybody_approved = len(answered) == len(answers) and all(answer.verdict == "approve" for answer in answers)
    if plan is not None and plan.until == "approved" and everybody_approved:
        return "Everybody approved."
    if join not in rules.agents or not rules.triggers(recipient=join, intent="handoff"):
        return f"{join!r} was to join the answers, and is no agent that a handoff starts."
    limit = plan.max_chain_depth if plan is not None else fan_out.fanned_out.depth
    if fan_out.fanned_out.depth >= limit:
        return f"The chain has reached its limit of {limit} handoffs, so that {join!r} did not get these answers."
    return None


def _verdict(answers: tuple[Answer, ...]) -> e.Verdict:
    """Take all verdicts together: one that asks for changes is enough."""
    verdicts = {answer.verdict for answer in answers}
    if "request_changes" in verdicts:
        return "request_changes"
    return "approve" if verdicts == {"approve"} else ""
