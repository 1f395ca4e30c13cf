"""What the model does next: scripted by the newest prompt, in lines `SCENARIO:<verb> key=value …` with shell quoting.

Steps are played in order, one tool call after each tool result; when they run out, a text ends the turn.

    write path=P content=C     call the CLI's own tool for writing files
    shell cmd=C                call the CLI's own shell
    tool name=N args=JSON      call any tool
                               ({{key}} in it stands for what the newest result said of "key")
                               (a `+` behind one of these three verbs puts the next call into the same answer)
    final text=T               the text after the last step; without it the prompt is echoed
    huge bytes=N               a long text instead
    usage in=N out=N cached=N created=N    what this prompt's answers account for
    end                        the script is over: what stands behind it was written for somebody else

Troubles come where they stand among the steps, the first K times with `times=K`, else for good:

    auth | forbidden | ratelimit | overloaded | error | status code=N     [retry_after=S] [message=T]
    quota                      the account has nothing left, as this protocol says it
    limit resets=EPOCH         the account's allowance is used up until then
    cut                        the connection breaks in the middle of the answer
    invalid                    an answer that nobody can read
    slow s=N                   N seconds of silence, then what comes next
    hang                       an answer that never goes on
    full                       whatever is asked, from the second prompt on: the conversation is too long for the model
"""

import re
import shlex
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

_STEP = re.compile(r"^[ \t]*SCENARIO:(\w+\+?)([^\n]*)$", re.MULTILINE)
_ECHOED = 400

STATUSES = {"auth": 401, "forbidden": 403, "ratelimit": 429, "overloaded": 529, "error": 500, "status": 500}
CALLS = ("write", "shell", "tool")
BREAKS = ("cut", "invalid", "slow", "hang")
LIMITS = ("limit", "quota")

Options = dict[str, str]


class ScriptError(ValueError):
    """The prompt's script says something that nobody can play."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens that an answer accounts for."""

    tokens_in: int = 111
    tokens_out: int = 22
    cached: int = 33
    created: int = 0


@dataclass(frozen=True, slots=True)
class Say:
    """Answer with a text, and end the turn."""

    text: str
    usage: Usage = Usage()


@dataclass(frozen=True, slots=True)
class Calls:
    """Answer with tool calls: what each is to do, in words that any CLI's tools can be found by."""

    calls: tuple[tuple[str, Options], ...]
    usage: Usage = Usage()


@dataclass(frozen=True, slots=True)
class Refuse:
    """Answer with a status and no model's words; a protocol may have another status for having no quota."""

    code: int
    message: str | None = None
    retry_after: str | None = None
    resets: int | None = None
    has_no_quota: bool = False
    is_full: bool = False


@dataclass(frozen=True, slots=True)
class Break:
    """Do not answer as one should. After the silence of `slow` comes `then`."""

    how: Literal["cut", "invalid", "slow", "hang"]
    seconds: float = 0.0
    then: "Action | None" = None


Action = Say | Calls | Refuse | Break


@dataclass(slots=True)
class Conversation:
    """What a request says: its prompts, and the results of tools since the last of them."""

    prompts: list[str] = field(default_factory=list)
    results: list[str] = field(default_factory=list)

    def add_prompt(self, text: str) -> None:
        """Take one more prompt, which begins a turn."""
        self.prompts.append(text)
        self.results = []


class Director:
    """Decides what to answer; remembers how often each trouble has come. One thread at a time."""

    def __init__(self) -> None:
        self._troubles: dict[tuple[str, int, str], int] = {}

    def decide(self, conversation: Conversation) -> Action:
        """Return what the script says for where the conversation stands. Raises ScriptError."""
        prompt = conversation.prompts[-1] if conversation.prompts else ""
        if len(conversation.prompts) > 1 and any("SCENARIO:full" in said for said in conversation.prompts):
            return Refuse(400, is_full=True)
        steps = list(_steps(prompt))
        given = next((options for verb, options in steps if verb == "usage"), {})
        usage = Usage(
            **{name: int(given[key]) for name, key in _USAGE_KEYS.items() if key in given},
        )
        done = len(conversation.results)
        to_skip = done
        for index, (verb, options) in enumerate(steps):
            if verb.rstrip("+") in CALLS:
                if to_skip == 0:
                    return Calls(_filled(_together(steps[index:]), conversation.results), usage)
                to_skip -= 1
            elif to_skip == 0 and (verb in STATUSES or verb in BREAKS or verb in LIMITS):
                trouble = self._trouble(done, verb, options)
                if isinstance(trouble, Break) and verb == "slow":
                    return Break("slow", trouble.seconds, self._after(steps[index + 1 :], conversation, usage))
                if trouble is not None:
                    return trouble
        return _last_words(steps, conversation, usage)

    def _after(self, steps: "list[tuple[str, Options]]", conversation: Conversation, usage: Usage) -> Action:
        if steps and steps[0][0].rstrip("+") in CALLS:
            return Calls(_together(steps), usage)
        return _last_words(steps, conversation, usage)

    def _trouble(self, done: int, verb: str, options: Options) -> Refuse | Break | None:
        """Return the trouble, or None once it has come often enough.

        It is known again by its words, not by the prompt: a CLI that goes on after a failure joins prompts.
        """
        key = (verb, done, repr(sorted(options.items())))
        come = self._troubles[key] = self._troubles.get(key, 0) + 1
        if "times" in options and come > int(options["times"]):
            return None
        match verb:
            case "cut" | "invalid" | "hang":
                return Break(verb)
            case "slow":
                return Break("slow", float(options.get("s", "1")))
            case "quota":
                return Refuse(429, has_no_quota=True)
            case "limit":
                return Refuse(429, resets=int(options["resets"]))
            case _:
                code = int(options.get("code", STATUSES[verb]))
                return Refuse(code, options.get("message"), options.get("retry_after"))


_USAGE_KEYS = {"tokens_in": "in", "tokens_out": "out", "cached": "cached", "created": "created"}
_VERBS = {*STATUSES, *CALLS, *(f"{call}+" for call in CALLS), *BREAKS, *LIMITS, "final", "huge", "usage", "full", "end"}


def _steps(prompt: str) -> Iterator[tuple[str, Options]]:
    for verb, rest in _STEP.findall(prompt):
        if verb not in _VERBS:
            raise ScriptError(f"there is no verb {verb!r}; there are: {', '.join(sorted(_VERBS))}")
        if verb == "end":
            return
        try:
            words = shlex.split(rest)
        except ValueError as error:
            raise ScriptError(f"{verb}{rest}: {error}") from error
        if strange := [word for word in words if "=" not in word]:
            raise ScriptError(f"{verb}: {strange[0]!r} is not key=value")
        yield verb, dict(word.split("=", 1) for word in words)


def _together(steps: list[tuple[str, Options]]) -> tuple[tuple[str, Options], ...]:
    """Return the first call, and those that its `+` joins to it."""
    calls: list[tuple[str, Options]] = []
    for verb, options in steps:
        calls.append((verb.rstrip("+"), options))
        if not verb.endswith("+"):
            break
    return tuple(calls)


def _filled(calls: tuple[tuple[str, Options], ...], results: list[str]) -> tuple[tuple[str, Options], ...]:
    """Put what earlier results said for `{{key}}`, as a model would that has read them."""

    def said(match: re.Match[str]) -> str:
        found = [value for result in results for value in re.findall(rf'"{match[1]}\\*":\s*\\*"([^"\\]*)', result)]
        return found[-1] if found else match[0]

    return tuple(
        (verb, {key: re.sub(r"\{\{(\w+)\}\}", said, value) for key, value in options.items()})
        for verb, options in calls
    )


def _last_words(steps: list[tuple[str, Options]], conversation: Conversation, usage: Usage) -> Say:
    for verb, options in steps:
        if verb == "final":
            return Say(options.get("text", ""), usage)
        if verb == "huge":
            count = int(options["bytes"]) // 33
            return Say("".join(uuid.uuid5(uuid.NAMESPACE_OID, str(n)).hex + "\n" for n in range(count)), usage)
    said = (conversation.results or conversation.prompts or [""])[-1].strip()[-_ECHOED:]
    return Say(f"echo (prompt {len(conversation.prompts)}, {len(conversation.results)} tool results): {said}", usage)
