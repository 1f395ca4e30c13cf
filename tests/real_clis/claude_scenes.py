"""What Claude Code is recorded doing: each scene is a task, and the trouble that it meets."""

from collections.abc import Mapping
from dataclasses import dataclass, field

UNKNOWN_SESSION = "11111111-1111-4111-8111-111111111111"


@dataclass(frozen=True, slots=True)
class Scene:
    """One run. `after` is a task that is done first, in the conversation that this one continues."""

    task: str
    after: str | None = None
    session: str | None = None
    args: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    without: tuple[str, ...] = ()
    stop_at: str | None = None


WORK = """\
SCENARIO:write path=health.py content="OK = 1"
SCENARIO:shell cmd="echo checked; exit 3"
SCENARIO:final text="All done."
"""
BACKGROUND = """\
SCENARIO:tool name=Bash args='{"command": "echo later", "run_in_background": true, "description": "a step"}'
SCENARIO:final text="It runs."
"""

SCENES: dict[str, Scene] = {
    "work": Scene(WORK),
    "resumed": Scene("And now?", after="SCENARIO:usage in=1000 out=200 cached=5000 created=70\nBegin."),
    "two_tools_at_once": Scene("SCENARIO:write+ path=a.txt content=A\nSCENARIO:shell cmd='cat a.txt'"),
    "background": Scene(BACKGROUND),
    "limit_once": Scene("SCENARIO:ratelimit times=1 retry_after=1\nSCENARIO:final text=Recovered."),
    "unknown_session": Scene("Go on.", session=UNKNOWN_SESSION),
    "bad_key": Scene("Hello.", env={"ANTHROPIC_API_KEY": "bad-key"}),
    "forbidden": Scene("SCENARIO:forbidden"),
    "not_logged_in": Scene("Hello.", without=("ANTHROPIC_API_KEY",)),
    "bad_request": Scene("SCENARIO:error code=400"),
    "no_credit": Scene("SCENARIO:error code=400 message='Your credit balance is too low to access the API.'"),
    "limit_for_good": Scene("SCENARIO:ratelimit"),
    "used_up": Scene(
        "SCENARIO:limit resets=4102444800",
        env={"CLAUDE_CODE_OAUTH_TOKEN": "sk-ant-oat01-test"},
        without=("ANTHROPIC_API_KEY",),
    ),
    "overloaded": Scene("SCENARIO:overloaded"),
    "server_error": Scene("SCENARIO:error"),
    "cut": Scene("SCENARIO:cut"),
    "invalid": Scene("SCENARIO:invalid"),
    "no_server": Scene("Hello.", env={"ANTHROPIC_BASE_URL": "http://127.0.0.1:9"}),
    "too_many_turns": Scene("SCENARIO:shell cmd='echo one'\nSCENARIO:shell cmd='echo two'", args=("--max-turns", "1")),
    "own_command": Scene("/help me"),
    "unknown_flag": Scene("Hello.", args=("--no-such-flag",)),
    "as_root": Scene("Hello.", without=("IS_SANDBOX",)),
    "stopped": Scene("SCENARIO:shell cmd='echo $$ > pid; exec cat fifo'", stop_at="fifo"),
    "odd_bytes": Scene("SCENARIO:shell cmd=\"printf 'a\\\\377\\\\376b'\"\nSCENARIO:final text='Read.'"),
}
