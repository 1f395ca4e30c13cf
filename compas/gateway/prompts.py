"""The usual ways of working as prompts, which a person picks from a menu of the editor."""

from typing import Final

import mcp.types as types
import msgspec
from mcp.shared.exceptions import MCPError


class Argument(msgspec.Struct, frozen=True, kw_only=True):
    """What a person fills in; `default` stands for what may be left out."""

    name: str
    doc: str
    default: str = ""


class Prompt(msgspec.Struct, frozen=True, kw_only=True):
    """One way of working, told to a model; `text` has the arguments in braces."""

    name: str
    title: str
    doc: str
    arguments: tuple[Argument, ...]
    text: str


_TASK = Argument(name="task", doc="what is to be done")
_AGENT = Argument(name="agent", doc="alias of the agent that should do it")

PROMPTS: Final = (
    Prompt(
        name="dispatch_and_wait",
        title="Dispatch a task and wait for it",
        doc="Give one agent a task and report what came of it.",
        arguments=(_AGENT, _TASK),
        text="""\
Give the agent {agent} this task with orch_dispatch. It sees nothing of this conversation: write into `body` all it \
needs.

{task}

Then call orch_wait as next_step says, and again with the same arguments for as long as it answers reason=timeout. \
Look at the work with orch_diff. Tell me in a few sentences what was done, what is open, and whether you would merge \
it. Do not merge it.""",
    ),
    Prompt(
        name="develop_review_merge",
        title="Develop, review, merge",
        doc="Have a task done and reviewed until it is good, and merge it once you agree.",
        arguments=(_AGENT, _TASK),
        text="""\
Have this task done with compas, from dispatch to merge.

{task}

1. orch_dispatch it to {agent}; write into `body` all it needs. orch_wait with await_chain as answered, so that \
reviewers are heard as well.
2. Read orch_transcript and orch_diff. Where reviewers or you want changes, orch_dispatch them to {agent} with the \
same thread_id and wait again; after three rounds ask me how to go on.
3. When the work is good, tell me what it changes and ask me whether to merge it.
4. On my yes: orch_merge, orch_wait_merge, and orch_close once it is completed. Conflicts are in the answer: \
dispatch its conflict_task to {agent} in the same thread, and merge again.""",
    ),
    Prompt(
        name="fan_out_and_join",
        title="Fan out and join",
        doc="Split a task over several agents at once and bring their answers together.",
        arguments=(
            Argument(name="agents", doc="aliases of the agents, with commas between"),
            _TASK,
            Argument(name="batch", doc="label of the threads", default="a short label that you choose"),
        ),
        text="""\
Split this task into parts that do not touch the same files, one for each of these agents: {agents}.

{task}

orch_dispatch every part before you wait for any, each in a thread of its own, all with the same `batch`: {batch}. \
Then orch_wait for each thread in turn; orch_status with batch_id shows how all of them stand. orch_why explains a \
thread that fails. When all are over, compare the answers, look at each orch_diff, and tell me what fits together, \
what contradicts, and in which order you would merge.""",
    ),
    Prompt(
        name="resolve_conflict",
        title="Resolve a merge conflict",
        doc="Have the conflict of a merge resolved by the agent whose work it is.",
        arguments=(Argument(name="op_id", doc="the merge operation that failed"),),
        text="""\
The merge {op_id} did not go through. Call orch_wait_merge with this op_id and timeout_secs=0: it says why, and \
names conflicts by file.

If there are conflicts and the answer has handed_back_to, the agent is at it already: orch_wait for its thread. \
Otherwise orch_dispatch the answer's conflict_task to the agent whose work it is (orch_status names it), with the \
same thread_id, and orch_wait. Read the orch_diff: both sides have to be kept in meaning. Then ask me, and on my yes \
orch_merge again and orch_wait_merge. If it failed for another reason, tell me the reason and what the answer \
suggests.""",
    ),
    Prompt(
        name="what_is_going_on",
        title="What is going on?",
        doc="Sum up what runs, what waits for you, and what is stuck.",
        arguments=(Argument(name="thread_id", doc="only this thread", default="every thread that is not over"),),
        text="""\
Tell me how things stand in compas, for {thread_id}. Change nothing.

orch_status lists threads; orch_why explains each that failed, waits for long, or waits for me, and orch_list_agents \
shows how busy agents are. Begin with what needs me: questions, work to be merged, failures, each with what you \
would do. Then what runs, and since when. Leave out what is over.""",
    ),
)
BY_NAME: Final = {prompt.name: prompt for prompt in PROMPTS}


async def list_prompts(context: object, params: types.PaginatedRequestParams | None) -> types.ListPromptsResult:
    """Serve the list of prompts."""
    return types.ListPromptsResult(prompts=listed_prompts())


def listed_prompts() -> list[types.Prompt]:
    """Return every prompt as clients see it."""
    return [_listed(prompt) for prompt in PROMPTS]


async def get_prompt(context: object, params: types.GetPromptRequestParams) -> types.GetPromptResult:
    """Serve one prompt, filled in. Raises MCPError."""
    prompt = BY_NAME.get(params.name)
    if prompt is None:
        raise MCPError(types.INVALID_PARAMS, f"there is no prompt {params.name!r}; there are: {', '.join(BY_NAME)}")
    text = prompt.text.format_map(_values(prompt, params.arguments or {}))
    message = types.PromptMessage(role="user", content=types.TextContent(type="text", text=text))
    return types.GetPromptResult(description=prompt.doc, messages=[message])


def _values(prompt: Prompt, given: dict[str, str]) -> dict[str, str]:
    """Return what stands for each argument; blank is as good as nothing."""
    values = {one.name: given.get(one.name, "").strip() or one.default for one in prompt.arguments}
    if missing := [name for name, value in values.items() if not value]:
        raise MCPError(types.INVALID_PARAMS, f"the prompt {prompt.name} needs {' and '.join(missing)}")
    return values


def _listed(prompt: Prompt) -> types.Prompt:
    arguments = [
        types.PromptArgument(name=one.name, description=one.doc, required=not one.default) for one in prompt.arguments
    ]
    return types.Prompt(name=prompt.name, title=prompt.title, description=prompt.doc, arguments=arguments)
