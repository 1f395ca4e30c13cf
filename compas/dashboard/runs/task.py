"""Lays out what an execution was given to do. Pure."""

import json
from collections.abc import Iterator

from compas.api.threads import TranscriptExecution, TranscriptMessage, TranscriptResponse
from compas.dashboard.breaks import lines_of
from compas.dashboard.lines import BLANK, Line, chop, one_line, plain
from compas.dashboard.markdown import markdown


def task_of(run: TranscriptExecution, transcript: TranscriptResponse) -> TranscriptMessage | None:
    """Return the message that the execution was started by, None where the thread has it not."""
    return next((one for one in transcript.messages if one.id == run.dispatch_message_id), None)


def task_lines(run: TranscriptExecution, transcript: TranscriptResponse, width: int) -> list[Line]:
    """Return the task in lines of `width` columns, under a line that says where it came from."""
    message = task_of(run, transcript)
    if message is None:
        return [plain("  no dispatch belongs to this execution", "warn")]
    said = f"{one_line(message.sender)} → {one_line(message.to)}  {one_line(message.intent)}"
    head = Line((("good", message.reference), ("dim", f"  {said}")))
    if not message.body.strip():
        return [head, BLANK, plain("  (empty)", "dim")]
    return [head, BLANK, *body_lines(message.body, width)]


def body_lines(text: str, width: int) -> list[Line]:
    """Return a text as JSON where it is an object or a list, else as Markdown."""
    found = _decoded(text)
    if found is None:
        return [Line(piece) for piece in markdown(text, width)]
    written = json.dumps(found, ensure_ascii=False, indent=2).split("\n")
    return [line for text in written for line in _json_line(text, max(1, width))]


def _json_line(text: str, width: int) -> Iterator[Line]:
    name, colon, rest = text.partition('": ')
    if colon and len(name) < width and name.lstrip().startswith('"'):
        first, *others = chop(rest, max(1, width - len(name) - 3)) or [""]
        begun, *further = lines_of(rest, [first, *(piece for part in others for piece in chop(part, width))])
        yield Line((("accent", f'{name}"'), ("", ": "), *begun.segments))
        yield from further
        return
    yield from lines_of(text, chop(text, width))


def _decoded(text: str) -> object | None:
    """Return what the text says in JSON, None where it is none: Markdown may begin with a bracket too."""
    if not text.lstrip().startswith(("{", "[")):
        return None
    try:
        found: object = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict | list) else None
