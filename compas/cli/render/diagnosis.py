"""Writes where a thread stands and how it came to that, and how its conversations are resumed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from compas.cli.render.table import pairs
from compas.cli.render.text import Style, duration, told

if TYPE_CHECKING:
    from compas.api.diagnosis import Conversation, DiagnoseResponse, SessionInfoResponse, WhyResponse
    from compas.domain.advice import Said


def diagnose_text(response: DiagnoseResponse, style: Style) -> str:
    """Write where a thread stands, what is in its way, and what can be done."""
    took = response.latest_execution_duration_ms
    head = pairs(
        [
            ("thread", response.thread_id),
            ("status", response.thread_status),
            ("summary", response.summary),
            ("messages", str(response.message_count)),
            ("executions", str(response.execution_count)),
            ("newest", response.latest_execution_id),
            ("agent", response.latest_execution_agent),
            ("work", response.latest_execution_status),
            ("took", duration(took) if took is not None else None),
            ("standing", response.standing),
        ],
        style,
    )
    parts = [head]
    if response.blockers:
        parts.append(_listed("in its way", response.blockers, style))
    parts.append(_listed("what to do", response.suggestions, style))
    return "\n\n".join(parts)


def _listed(title: str, sentences: tuple[Said, ...], style: Style) -> str:
    lines = (f"  {style.line(told(sentence))}" for sentence in sentences)
    return "\n".join([style.paint(title, "bold"), *lines])


def session_info_text(response: SessionInfoResponse, style: Style) -> str:
    """Write who serves, then each conversation with the line that goes on with it."""
    head = pairs(
        [
            ("server", f"{response.server} {response.version}"),
            ("agents", str(response.agent_count)),
            ("log", response.db_path),
        ],
        style,
    )
    if response.thread_id is None:
        return head
    parts = [_conversation(one, style) for one in response.conversations]
    return "\n\n".join([head, *(parts or [f"no agent has a conversation in {style.line(response.thread_id)}"])])


def _conversation(one: Conversation, style: Style) -> str:
    return pairs(
        [
            ("agent", f"{one.agent} ({one.backend})"),
            ("session", one.session_id),
            ("directory", one.workdir),
            ("in use", "yes; wait until the agent has ended" if one.in_use else None),
            ("resume", one.resume_command or "this CLI cannot be told to"),
        ],
        style,
    )


def why_text(response: WhyResponse, style: Style) -> str:
    """Write where a thread stands, then how it came to that, each cause below what it was caused by."""
    head = pairs(
        [
            ("thread", response.thread_id),
            ("status", response.thread_status),
            ("repository", response.repository),
            ("standing", response.standing),
            ("review", response.review_note),
            ("next", response.next_step),
        ],
        style,
    )
    lines = []
    for cause in response.causes:
        because = f": {style.line(cause.because)}" if cause.because else ""
        number = style.paint(f"{cause.position:>6}", "dim")
        lines.append(f"{number}  {style.time(cause.at)}  {'  ' * cause.depth}{style.line(cause.what)}{because}")
    return head + ("\n\n" + "\n".join(lines) if lines else "")
