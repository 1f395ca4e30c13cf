"""From how a process ended, and what its backend read in the output, to the outcome of an execution."""

import msgspec

from compas.backends.backend import Answer
from compas.domain.events import Category, EndStatus, ProcessEnd
from compas.domain.execution import Outcome
from compas.domain.verdict import read_verdict
from compas.orchestrator.executions.outstaying import OUTSTAYED
from compas.runner.messages import Exit

LONGEST_TEXT = 1_000_000
"""Characters of a reply, or of an error, that are kept: a thread with more in it could not be shown any more."""


def conclude(ended: Exit, answer: Answer, *, has_given_up: bool = False, missing: str = "") -> Outcome:
    """Judge an execution. A result that says success wins over how the process went away afterwards, except that
    what was stopped or ran out of time has not succeeded (a-core 34, 76). One that was stopped because its reader has
    given it up, or because it did not end after its result, is judged by the reader. `missing` says what of its output
    could not be read: what is left is shown, and handed on by nobody but a person."""
    if ended.kind == "stopped" and ended.reason.startswith(OUTSTAYED):
        ended = msgspec.structs.replace(ended, kind="exited")
    status, category, error = _judge(ended, answer)
    if has_given_up and ended.kind == "stopped" and not answer.success:
        category, error = answer.category or "unknown", answer.error
    reply = None if answer.reply is None else _bounded(answer.reply)
    if missing and ended.kind in ("exited", "signaled"):
        error = _incomplete(missing, error, reply, is_kept=answer.session is not None)
        status, category, reply = "failed", category or "unknown", None
    succeeded = status == "completed"
    return Outcome(
        status=status,
        category=category,
        reply=reply,
        error=_bounded(error),
        session=answer.session,
        usage=answer.usage,
        counted=answer.counted,
        resets_at=answer.resets_at,
        process=process_end(ended),
        verdict=read_verdict(answer.reply or "") if succeeded else "",
    )


def with_login_remedy(outcome: Outcome, remedy: str) -> Outcome:
    """Return an outcome that says what to do, where the CLI was not let in: its own words are for a terminal."""
    if outcome.category != "auth_failure":
        return outcome
    between = "\n" if "\n" in outcome.error else "; "
    return msgspec.structs.replace(outcome, error=f"{outcome.error.rstrip()}{between}{remedy}")


def _bounded(text: str) -> str:
    """Leave out the middle of a text that is too long, and say so; an answer tends to be at the end."""
    left_out = len(text) - LONGEST_TEXT
    if left_out <= 0:
        return text
    half = LONGEST_TEXT // 2
    mark = f"[{left_out} characters are left out here; `compas log` shows what was printed]"
    return f"{text[:half]}\n\n{mark}\n\n{text[-half:]}"


def _incomplete(missing: str, error: str, reply: str | None, *, is_kept: bool) -> str:
    """Say that there is no whole answer and why, what to do, and then what there is of it."""
    again = "ask the agent to say again what it found" if is_kept else "give the task again"
    parts = [f"the reply is incomplete: {missing}; when that is put right, {again}"]
    if error:
        parts.append(f"Read from what there is: {error}")
    if reply is not None and reply.strip():
        parts.append(f"What there is of the reply:\n\n{reply}")
    return "\n\n".join(parts)


def _judge(ended: Exit, answer: Answer) -> tuple[EndStatus, Category, str]:
    match ended.kind:
        case "exited" | "signaled":
            if answer.success:
                return "completed", "", ""
            return "failed", answer.category or "unknown", answer.error or ended.reason
        case "timeout":
            return "timed_out", "timeout", f"timed out: {ended.reason}"
        case "stopped" | "cancelled":
            return "failed", "killed", f"stopped: {ended.reason}"
        case "spawn_failed":
            return "failed", "unknown", ended.reason
        case "lost" | "rebooted":
            return "crashed", "unknown", f"the execution was lost: {ended.reason}"


def process_end(ended: Exit) -> ProcessEnd:
    """Keep what the log should know of a process tree's end."""
    return ProcessEnd(
        kind=ended.kind,
        exit_code=ended.exit_code,
        signal=ended.signal,
        duration_secs=ended.duration_secs,
        user_secs=ended.user_secs,
        system_secs=ended.system_secs,
        max_rss_kb=ended.max_rss_kb,
        cut_bytes=ended.cut_bytes,
        leftovers_ended=ended.leftovers_ended,
        nothing_left=ended.nothing_left,
    )
