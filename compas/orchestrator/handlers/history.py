"""Handlers of `events`, `log` and `diff`: what happened, what was printed, what was changed."""

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import trio

from actors.bus import Lagged
from actors.remote.errors import CallError
from compas.api import history as api
from compas.domain import events as e
from compas.git.errors import GitError
from compas.git.protocol.reading import Diff
from compas.orchestrator.executions.log_lines import Head, Part, Tail
from compas.orchestrator.gate.resolved_call import ResolvedCall
from compas.orchestrator.handler_context import HandlerContext, git_refused
from compas.orchestrator.handlers.executions import find_execution
from compas.orchestrator.merges.approval import reviews_now
from compas.orchestrator.worktrees.remarks import head_remark
from compas.orchestrator.worktrees.work_shown import work_of
from compas.runner.attachment import AttachmentLost, open_attachment
from compas.runner.files import LOG
from compas.runner.logformat import format_line
from compas.runner.messages import LogChunk
from compas.runner.reading import read_log
from compas.store.event_log import Store
from compas.store.projections.execution_queries import ExecutionRow, execution_by_id
from compas.store.projections.merges import merges_of_thread

PAGE = 500


async def events(context: HandlerContext, call: ResolvedCall) -> api.EventsResponse:
    """Push events in order, then, with `follow`, go on for as long as the client listens; nothing is missed.

    Subscribing comes before reading, and what the subscription had no room for is read from the log again.
    """
    request = call.decode(api.EventsRequest)
    feed = _Feed(call, request, await _merges_of(context, request.thread_id))
    async with context.bus.subscribe(lambda event: isinstance(event, e.Recorded)) as subscription:
        more = await feed.push_stored(context.services.store)
        while request.follow:
            item = await subscription.receive()
            if isinstance(item, Lagged) or item.position > feed.after + 1:
                await feed.push_stored(context.services.store)
            elif item.position == feed.after + 1 and isinstance(item.event, e.Recorded):
                await feed.push(item.event)
    return api.EventsResponse(next_after=feed.after, more=more)


async def _merges_of(context: HandlerContext, thread: str | None) -> set[str]:
    if thread is None:
        return set()
    rows = await context.services.store.query(lambda reader: merges_of_thread(reader, thread))
    return {row.op for row in rows}


class _Feed:
    """Pushes events to one client, each once and in order; `after` is the last position it has dealt with."""

    def __init__(self, call: ResolvedCall, request: api.EventsRequest, operations: set[str]) -> None:
        self.after = request.after
        self._call = call
        self._request = request
        self._operations = operations
        self._left = request.limit

    async def push_stored(self, store: Store) -> bool:
        """Push what the log holds, all of it when following, else up to the limit; say whether there is more."""
        while True:
            page = await store.read_all(self.after, PAGE)
            for recorded in page:
                if not self._request.follow and self._left == 0:
                    return True
                await self.push(recorded)
            if len(page) < PAGE:
                return False

    async def push(self, recorded: e.Recorded) -> None:
        """Push one event, if it concerns the thread that was asked for."""
        if self._request.thread_id is None or self._concerns(recorded, self._request.thread_id):
            data = msgspec.to_builtins(recorded.event)
            item = api.LogEvent(
                position=recorded.position,
                at=recorded.at,
                stream=recorded.stream,
                type=data.pop("type"),
                causation=recorded.causation,
                lineage=recorded.lineage,
                epoch=recorded.epoch,
                data=data,
            )
            await self._call.push(item)
            self._left -= 1
        self.after = recorded.position

    def _concerns(self, recorded: e.Recorded, thread: str) -> bool:
        """True for events of the thread's own stream, and of its merges wherever they stand in line."""
        event = recorded.event
        if isinstance(event, e.MergeQueued) and event.thread == thread:
            self._operations.add(event.op)
        return recorded.stream == e.thread_stream(thread) or getattr(event, "op", None) in self._operations


async def log(context: HandlerContext, call: ResolvedCall) -> api.LogResponse:
    """Push an execution's output as far as it has come; with `follow`, until it has ended."""
    request = call.decode(api.LogRequest)
    row = await find_execution(context, request.execution_id, request.which)
    if request.follow:
        row = await _begun(context, row)
    directory = context.services.executions_directory / row.execution
    if row.ended_at is not None and not await trio.Path(directory / LOG).exists():
        return await _without_log(call, request, row)
    output = _Output(call, request)
    if await trio.Path(directory).is_dir():
        begin = 0 if request.unit == "lines" else request.offset
        chunks = _follow(directory, begin) if request.follow else _read(directory, begin)
        async with aclosing(chunks):
            async for chunk in chunks:
                item = api.LogChunkItem(
                    execution_id=row.execution, offset=chunk.offset, next_offset=chunk.next_offset, text=chunk.text
                )
                if not await output.take(item):
                    break
        await output.finish()
    return output.response(row)


async def _without_log(call: ResolvedCall, request: api.LogRequest, row: ExecutionRow) -> api.LogResponse:
    """Push what was recorded of the end instead of a log that is gone or never was (b-mcp-cli-merge 128)."""
    if not row.preview:
        why = f": {row.error}" if row.error else ""
        has = "has neither a log nor a recorded answer"
        if row.log_removed_at is not None:
            has = f"has no recorded answer, and {_removed(row.log_removed_at)}"
        raise CallError("no_log", f"execution {row.execution} is {row.status} and {has}{why}")
    output = _Output(call, request)
    is_by_lines = request.unit == "lines"
    if request.offset == 0 or is_by_lines:
        found_out = "the log is not there" if row.log_removed_at is None else _removed(row.log_removed_at)
        notice = format_line("compas", f"{found_out}; this is how the answer was recorded, cut if it was long")
        item = api.LogChunkItem(execution_id=row.execution, offset=0, next_offset=0, text=notice)
        if not is_by_lines:  # whoever counts lines counts those of the answer, and goes by `source`
            await call.push(item)
        await output.take(msgspec.structs.replace(item, text=row.preview.removesuffix("\n") + "\n"))
        await output.finish()
    found = output.response(row)
    if not is_by_lines:  # by bytes, there is no place to go on from
        found = msgspec.structs.replace(found, next_offset=request.offset, more=False)
    return msgspec.structs.replace(found, source="output_preview")


def _removed(at: float) -> str:
    """Say when retention took a log away; the time is UTC."""
    moment = datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M UTC")
    return f"its log was removed by retention at {moment}, as the config says (log_retention_count, retention.logs)"


async def _begun(context: HandlerContext, row: ExecutionRow) -> ExecutionRow:
    """Wait until an execution runs, or has ended without; return what is known of it then."""
    execution = row.execution
    async with context.bus.subscribe(_is_of(e.thread_stream(row.thread))) as subscription:
        while row.status in ("queued", "picked_up"):
            found = await context.services.store.query(lambda reader: execution_by_id(reader, execution))
            if found is not None and found.status != row.status:
                row = found
            else:
                await subscription.receive()
    return row


def _is_of(stream: str) -> Callable[[object], bool]:
    return lambda event: isinstance(event, e.Recorded) and event.stream == stream


async def _read(directory: Path, offset: int) -> AsyncGenerator[LogChunk, None]:
    while (chunk := await trio.to_thread.run_sync(read_log, directory, offset)) is not None:
        offset = chunk.next_offset
        yield chunk


async def _follow(directory: Path, offset: int) -> AsyncGenerator[LogChunk, None]:
    try:
        async with open_attachment(directory, offset) as attachment:
            async for chunk in attachment:
                yield chunk
    except AttachmentLost as err:
        raise CallError("lost", f"the output cannot be followed any more: {err}; read it without --follow") from err


class _Output:
    """Pushes pieces of a log at once, as far as the limit goes, or keeps only the last lines of them until the end."""

    def __init__(self, call: ResolvedCall, request: api.LogRequest) -> None:
        self._call = call
        self._request = request
        self._is_by_lines = request.unit == "lines"
        self._next_offset = request.offset
        self._tail = None if request.tail is None else Tail(request.tail)
        limit = request.limit if self._tail is None else None
        self._part = Part(request.offset, limit) if self._is_by_lines else Head(limit)

    def response(self, row: ExecutionRow) -> api.LogResponse:
        """Say how far it came."""
        counted = self._tail or self._part
        return api.LogResponse(
            execution_id=row.execution,
            next_offset=self._next_offset,
            status=row.status,
            more=self._is_cut,
            total_lines=counted.total if self._is_by_lines and not isinstance(counted, Head) else None,
        )

    @property
    def _is_cut(self) -> bool:
        """Whether the limit was reached before the end. A follower stops there, and cannot know what would come."""
        return self._part.is_cut or (self._request.follow and self._part.is_full)

    async def take(self, item: api.LogChunkItem) -> bool:
        """Take a piece, and say whether another one is of use: where lines are counted, every one is."""
        if self._tail is not None:
            self._tail.take(item)
            self._next_offset = self._tail.total if self._is_by_lines else item.next_offset
            return True
        shown = self._part.take(item)
        if shown is not None:
            await self._call.push(shown)
            self._next_offset = shown.next_offset if shown.next_line is None else shown.next_line
        return not self._is_cut or (self._is_by_lines and not self._request.follow)

    async def finish(self) -> None:
        """Push the last lines, if it is them who were asked for."""
        last = self._tail.whole() if self._tail is not None else None
        if last is not None:
            next_line = self._next_offset if self._is_by_lines else None
            await self._call.push(msgspec.structs.replace(last, next_line=next_line))


async def diff(context: HandlerContext, call: ResolvedCall) -> api.DiffResponse:
    """Compare a thread's work with where it left its base: its newest snapshot, or its branch."""
    request = call.decode(api.DiffRequest)

    try:
        work = await work_of(context.services, request.thread_id)
        if work is None:
            raise CallError(
                "no_worktree", f"thread {request.thread_id!r} has no worktree, so there is nothing to compare"
            )
        asked = Diff(repo=work.tree.repository, base=work.base, tip=work.tip, stat=request.stat)
        found = await context.services.git.ask(asked)
    except GitError as err:
        raise git_refused(err) from err
    review = (await reviews_now(context.services, [request.thread_id])).get(request.thread_id)
    return api.DiffResponse(
        thread_id=request.thread_id,
        branch=work.tree.branch,
        base=found.base,
        tip=found.tip,
        uncommitted=work.is_snapshot,
        text=found.text,
        truncated=found.truncated,
        files=tuple(api.DiffFile(path=one.path, added=one.added, deleted=one.deleted) for one in found.files),
        review=review.standing if review is not None else None,
        review_note=review.sentence if review is not None else None,
        remark=await head_remark(context, request.thread_id, work.tree),
    )
