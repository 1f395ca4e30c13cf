"""A client that understands tasks: it looks at one until it is over, as the extension has it."""

from collections.abc import Sequence
from typing import Any, Literal

import trio
from mcp.client.extension import ClaimContext, ClientExtension, ResultClaim
from mcp.client.session import ClientSession
from mcp.types import CallToolResult, Request, RequestParams, Result
from pydantic import ConfigDict

from compas.relay.answers import TASKS


class Task(Result):
    """A task as it is shown, whatever its status brings along."""

    model_config = ConfigDict(extra="allow")
    result_type: Literal["task"] = "task"
    task_id: str
    status: str


class _Shown(Result):
    model_config = ConfigDict(extra="allow")


class _Params(RequestParams):
    task_id: str


class _Request(Request[_Params, str]):
    name_param = "taskId"


async def ask(session: ClientSession, method: str, task: str) -> dict[str, Any]:
    """Ask something about a task, and return what is answered."""
    request = _Request(method=f"tasks/{method}", params=_Params(task_id=task))
    return (await session.send_request(request, _Shown)).model_dump(by_alias=True)


class Patient(ClientExtension):
    """Declares tasks, looks at each as often as the server advises, and keeps what it has seen."""

    identifier = TASKS

    def __init__(self) -> None:
        self.seen: list[dict[str, Any]] = []

    def claims(self) -> Sequence[ResultClaim[Any]]:
        """Take tasks for calls of tools."""
        return (ResultClaim(result_type="task", model=Task, resolve=self._resolve),)

    async def _resolve(self, task: Task, context: ClaimContext) -> CallToolResult:
        shown = task.model_dump(by_alias=True)
        while shown["status"] == "working":
            await trio.sleep(shown["pollIntervalMs"] / 1000)  # what the protocol has clients do
            shown = await ask(context.session, "get", task.task_id)
            self.seen.append(shown)
        return CallToolResult.model_validate(shown["result"])
