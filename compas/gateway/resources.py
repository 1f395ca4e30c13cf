"""Serves transcripts, diffs and logs as resources, which people and clients attach to a conversation."""

import re
from datetime import UTC, datetime
from typing import Final

import mcp.types as types
from mcp.shared.exceptions import MCPError

from actors.remote.errors import WireError
from compas.api.history import DiffResponse
from compas.api.threads import STATUS, StatusRequest, StatusRow, TranscriptMessage, TranscriptResponse
from compas.errors import CompasError
from compas.gateway.answers import LogAnswer
from compas.gateway.calls import Calls, why
from compas.gateway.lookup import Lookup
from compas.gateway.reading import MOST_PATCH_CHARACTERS
from compas.gateway.tools import BY_NAME, MOST_LOG_LINES

MOST_THREADS: Final = 20
"""How many threads are listed, the newest; the others are reached by the templates."""
TRANSCRIPT: Final = "compas://thread/{thread_id}/transcript"
DIFF: Final = "compas://thread/{thread_id}/diff"
LOG: Final = "compas://execution/{execution_id}/log"

TEMPLATES: Final = (
    types.ResourceTemplate(
        name="transcript",
        title="Transcript of a thread",
        uri_template=TRANSCRIPT,
        description="What was said in a thread, the newest messages where it is long.",
        mime_type="text/markdown",
    ),
    types.ResourceTemplate(
        name="diff",
        title="Diff of a thread",
        uri_template=DIFF,
        description="What a thread's work changes, cut at 100,000 characters.",
        mime_type="text/x-diff",
    ),
    types.ResourceTemplate(
        name="log",
        title="Log of an execution",
        uri_template=LOG,
        description=f"The last {MOST_LOG_LINES} lines an agent printed; a thread stands for its newest execution.",
        mime_type="text/plain",
    ),
)
_MIME_TYPES = {template.name: template.mime_type for template in TEMPLATES}
_ADDRESS = re.compile(r"compas://(?P<of>thread|execution)/(?P<id>[^/?#]+)/(?P<what>transcript|diff|log)")
_OF = {"transcript": "thread", "diff": "thread", "log": "execution"}


class Resources:
    """Lists and reads resources; the methods are handlers of the SDK's server."""

    def __init__(self, calls: Calls, lookup: Lookup) -> None:
        self._calls = calls
        self._lookup = lookup

    async def list(self, context: object, params: types.PaginatedRequestParams | None) -> types.ListResourcesResult:
        """List the transcripts of the newest threads, and the diffs of those that have a branch."""
        found = await self._lookup.ask(STATUS, StatusRequest(limit=MOST_THREADS))
        rows = () if found is None else found.threads
        return types.ListResourcesResult(resources=[resource for row in rows for resource in _resources(row)])

    async def templates(
        self,
        context: object,
        params: types.PaginatedRequestParams | None,
    ) -> types.ListResourceTemplatesResult:
        """List what there is of each thread and execution."""
        return types.ListResourceTemplatesResult(resource_templates=list(TEMPLATES))

    async def read(self, context: object, params: types.ReadResourceRequestParams) -> types.ReadResourceResult:
        """Read one, as far as the tools would give it at once. Raises MCPError."""
        address = str(params.uri)
        match = _ADDRESS.fullmatch(address)
        if match is None or _OF[match["what"]] != match["of"]:
            known = ", ".join((TRANSCRIPT, DIFF, LOG))
            raise MCPError(types.INVALID_PARAMS, f"there is no resource {address!r}; there are: {known}")
        try:
            text = await self._text(match["what"], match["id"])
        except (CompasError, WireError) as error:
            raise MCPError(types.INVALID_PARAMS, why(error, "all")) from error
        contents = types.TextResourceContents(uri=address, mime_type=_MIME_TYPES[match["what"]], text=text)
        return types.ReadResourceResult(contents=[contents])

    async def _text(self, what: str, name: str) -> str:
        if what == "log":
            asked: dict[str, object] = {"execution_id": name, "limit": MOST_LOG_LINES, "tail": True, "unit": "bytes"}
        else:
            asked = {"thread_id": name}
        tool = BY_NAME["orch_read_log" if what == "log" else f"orch_{what}"]
        match await self._calls.serve(tool, asked, _untold):
            case DiffResponse(text=text, truncated=truncated):
                return f"{text}\n(cut here)\n" if truncated else text
            case LogAnswer(text=str(text)):
                return text
            case TranscriptResponse(thread_status=None):
                raise CompasError(f"there is no thread {name!r}")
            case TranscriptResponse() as transcript:
                return transcript_text(transcript)
            case other:
                raise AssertionError(f"{tool.name} answers with {type(other).__name__}")


async def _untold(passed: float, limit: float, words: str) -> None:
    """Nobody is told how far a read is."""


def _resources(row: StatusRow) -> list[types.Resource]:
    about = f"{row.thread_id}: {row.summary}" if row.summary else row.thread_id
    given = {"thread_id": row.thread_id}
    found = [
        types.Resource(
            name=f"{row.thread_id} transcript",
            title=f"Transcript of {about}",
            uri=TRANSCRIPT.format(**given),
            mime_type=_MIME_TYPES["transcript"],
        )
    ]
    if row.review is not None:
        found.append(
            types.Resource(
                name=f"{row.thread_id} diff",
                title=f"Diff of {about}",
                uri=DIFF.format(**given),
                mime_type=_MIME_TYPES["diff"],
            )
        )
    return found


def transcript_text(transcript: TranscriptResponse) -> str:
    """Write a thread's messages as Markdown; where that gets too long, the newest ones, and of one the beginning."""
    pieces: list[str] = []
    left = MOST_PATCH_CHARACTERS
    for message in reversed(transcript.messages):
        piece = _message_text(message)
        if len(piece) > left and pieces:
            break
        pieces.append(piece if len(piece) <= left else f"{piece[:left]}\n(cut here)\n")
        left -= len(piece)
    about = f": {transcript.summary}" if transcript.summary else ""
    head = f"# {transcript.thread_id}{about} ({transcript.thread_status})\n"
    missing = len(transcript.messages) - len(pieces)
    left_out = f"\n({missing} earlier messages are left out)\n" if missing else ""
    return head + left_out + "".join(reversed(pieces))


def _message_text(message: TranscriptMessage) -> str:
    at = datetime.fromtimestamp(message.created_at, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
    return f"\n## {message.reference} {message.sender} → {message.to}, {message.intent}, {at}\n\n{message.body}\n"
