"""Lays a thread's conversation out: its messages, and between them where executions began and ended. Pure.

A chain is a tree: what was handed on stands further in, and below an execution whose answer went to several agents
stands what was said in the threads of these.
"""

from collections.abc import Iterator, Mapping

import msgspec

from compas.api.threads import TranscriptExecution, TranscriptMessage, TranscriptResponse
from compas.dashboard.breaks import lines_of
from compas.dashboard.lines import BLANK, Line, clean_lines, cut_line, one_line, wrap
from compas.dashboard.markdown import markdown
from compas.dashboard.theme import sign_of
from compas.dashboard.times import elapsed, hour
from compas.domain.verdict import read_verdict
from compas.text import counted, duration

GUTTER = "│ "
_DEEPEST = 4
"""Steps that an entry stands further in at most, and threads that are shown within one another."""
_WORDS = {"picked_up": "starting", "executing": "running", "timed_out": "timed out"}
_VERDICTS = {"approve": "verdict: approve", "request_changes": "verdict: request changes"}


class _Began(msgspec.Struct, frozen=True):
    """An execution started, or, if it never did, was queued."""

    one: TranscriptExecution


class _Ended(msgspec.Struct, frozen=True):
    """An execution came to its end; `verdict` is what its reply says."""

    one: TranscriptExecution
    verdict: str


Entry = TranscriptMessage | _Began | _Ended


def entries_of(transcript: TranscriptResponse) -> tuple[Entry, ...]:
    """Return messages and executions in the order in which they happened.

    What happened at one moment stands in the order that it had to have: a task, its execution's begin, that one's
    end, and the reply (c-config-dashboard 118).
    """
    replies = {message.execution_id: message.body for message in transcript.messages if message.intent == "response"}
    timed: list[tuple[float, int, int, Entry]] = []
    for message in transcript.messages:
        is_reply = message.execution_id is not None
        timed.append((message.created_at, 3 if is_reply else 0, message.id, message))
    for number, one in enumerate(transcript.executions):
        timed.append((one.started_at or one.queued_at, 1, number, _Began(one)))
        if one.finished_at is not None:
            verdict = _VERDICTS.get(read_verdict(replies.get(one.id, "")), "")
            timed.append((one.finished_at, 2, number, _Ended(one, verdict)))
    return tuple(entry for *_, entry in sorted(timed, key=lambda item: item[:3]))


def is_at_work(transcript: TranscriptResponse) -> bool:
    """Tell whether anything in it still takes time."""
    return any(one.finished_at is None for one in transcript.executions if one.status in ("picked_up", "executing"))


class Chain(msgspec.Struct, frozen=True, kw_only=True):
    """The conversations that belong together, by thread, and whether what was handed on is shown whole."""

    threads: Mapping[str, TranscriptResponse] = {}
    is_whole: bool = False


ALONE = Chain()


def conversation(
    transcript: TranscriptResponse, width: int, now: float, chain: Chain = ALONE, level: int = 0
) -> list[Line]:
    """Return the whole conversation in lines of `width` columns, with those of the chain that came of it."""
    lines: list[Line] = []
    depths = {message.id: message.depth for message in transcript.messages}
    least = min(depths.values(), default=0)
    told = {name for name in transcript.children if name in chain.threads}
    for entry in entries_of(transcript):
        indent = _indent(entry, depths, least, width)
        block = list(_block(entry, width - len(indent), now, chain, is_first=level > 0 and not lines))
        # Executions that follow one another stand together; a message has air around it.
        if lines and (isinstance(entry, TranscriptMessage) or lines[-1].key == "message"):
            lines.append(BLANK)
        lines += [Line((("", indent), *line.segments), line.key) for line in block] if indent else block
        said_by = entry.execution_id if isinstance(entry, TranscriptMessage) else None
        if said_by is not None and level < _DEEPEST:
            for child in _begun_by(said_by, transcript, chain, told):
                lines += _child(child, width, now, chain, level + 1)
    return lines


def _indent(entry: Entry, depths: Mapping[int, int], least: int, width: int) -> str:
    """Return how far in an entry stands: two columns for each handoff before it, as far as there is room."""
    if isinstance(entry, TranscriptMessage):
        depth = entry.depth
    else:
        depth = depths.get(entry.one.dispatch_message_id or 0, least)
    return "  " * min(depth - least, _DEEPEST, max(0, width - 40) // 2)


def _begun_by(
    execution: str, transcript: TranscriptResponse, chain: Chain, told: set[str]
) -> Iterator[TranscriptResponse]:
    """Yield the threads whose first message is what this execution said."""
    for name in transcript.children:
        child = chain.threads.get(name) if name in told else None
        if child is not None and child.messages and child.messages[0].execution_id == execution:
            told.discard(name)
            yield child


def _child(child: TranscriptResponse, width: int, now: float, chain: Chain, level: int) -> Iterator[Line]:
    agent = one_line(child.messages[0].to)
    status = f"  {child.thread_status.lower()}" if child.thread_status else ""
    head = Line((("accent", "↳ "), ("head", agent), ("dim", f"  in {one_line(child.thread_id)}{status}")))
    yield BLANK
    yield cut_line(head, width)
    for line in conversation(child, max(1, width - 2), now, chain, level):
        yield Line((("", "  "), *line.segments), line.key)


def _block(entry: Entry, width: int, now: float, chain: Chain, *, is_first: bool) -> Iterator[Line]:
    match entry:
        case TranscriptMessage():
            yield from _message(entry, width, now, is_folded=is_first and not chain.is_whole)
        case _Began(one):
            yield from _began(one, width, now)
        case _Ended(one, verdict):
            yield from _ended(one, verdict, width)


def _message(message: TranscriptMessage, width: int, now: float, *, is_folded: bool) -> Iterator[Line]:
    style = "head" if message.execution_id is None else "accent"
    route = f"{one_line(message.sender)} → {one_line(message.to)}"
    rest = f"  {one_line(message.intent)} · {hour(message.created_at, now)} · {message.reference}"
    yield Line(((style, route), ("dim", rest)), "message")
    if is_folded:
        count = len(clean_lines(message.body))
        yield Line((("dim", f"{GUTTER}{counted(count, 'line')}: what was answered above, to be looked at"),), "message")
        return
    pieces = markdown(message.body, width - len(GUTTER)) if message.body.strip() else [(("dim", "(empty)"),)]
    for piece in pieces:
        yield Line((("dim", GUTTER), *piece), "message")


def _began(one: TranscriptExecution, width: int, now: float) -> Iterator[Line]:
    attempt = f" · attempt {one.attempt + 1}" if one.attempt else ""
    agent = one_line(one.agent)
    if one.started_at is not None:
        tail = ""
        if one.finished_at is None:
            tail = f", {elapsed(now - one.started_at)} so far" if one.status == "executing" else ", being ended"
        text = f"{agent} started {hour(one.started_at, now, with_seconds=True)}{tail}{attempt}"
        yield from _event("▸", "accent", text, width)
    elif one.finished_at is None and one.status in ("queued", "picked_up"):
        word = _WORDS.get(one.status, one.status)
        yield from _event(*sign_of(word), f"{agent} is {word}{attempt}", width)
    else:
        yield from _event("◦", "dim", f"{agent} was queued and never started{attempt}", width)


def _ended(one: TranscriptExecution, verdict: str, width: int) -> Iterator[Line]:
    word = _WORDS.get(one.status, one.status)
    sign, style = sign_of(word)
    took = f" after {duration(one.duration_ms)}" if one.duration_ms is not None else ""
    parts = [f"{one_line(one.agent)} {_finish(one, word)}{took}", verdict, one_line(one.error or "")]
    yield from _event(sign, style, " · ".join(part for part in parts if part), width)


def _finish(one: TranscriptExecution, word: str) -> str:
    if word == "cancelled":
        return "was cancelled"
    code = f" (exit {one.exit_code})" if one.exit_code and word in ("failed", "crashed") else ""
    signal = f" (signal {one.signal})" if one.signal else ""
    return word + (code or signal)


def _event(sign: str, style: str, text: str, width: int) -> Iterator[Line]:
    first, *rest = lines_of(text, wrap(text, max(1, width - 2)), "dim", "  ")
    yield Line(((style, f"{sign} "), *first.segments))
    yield from rest
