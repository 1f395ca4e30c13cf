"""Claude Code, as the tests drive it."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

from tests.real_clis.rig import Neutral, Scene, Settings

UNKNOWN_SESSION = "11111111-1111-4111-8111-111111111111"
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
    "no_credit": Scene("SCENARIO:quota"),
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


class ClaudeRig:
    """See Rig."""

    name = "claude"
    settings: ClassVar[Settings] = {"safety_mode": "auto_approve", "model": "sonnet"}
    at_once: ClassVar[Settings] = {"env": {"CLAUDE_CODE_MAX_RETRIES": "0"}}
    recording: ClassVar[dict[str, str]] = {"CLAUDE_CODE_MAX_RETRIES": "1"}
    scenes = SCENES
    neutral = Neutral(
        lists=("agents", "capabilities", "plugins", "skills", "slash_commands", "terminal_slash_commands", "tools"),
        left_out=("memory_paths", "messaging_socket_path", "output_file"),
        names=("run_id", "runId", "task_id", "backgroundTaskId"),
        times=r".*_ms|end_time",
    )

    def environ(self, url: str) -> dict[str, str]:
        """See Rig."""
        return {
            "ANTHROPIC_BASE_URL": url,
            "ANTHROPIC_API_KEY": "test-key",
            "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        }

    def furnish(self, home: Path, url: str) -> None:
        """It needs nothing but its variables."""

    def with_key(self, key: str) -> Settings:
        """See Rig."""
        return {"env": {"ANTHROPIC_API_KEY": key, "CLAUDE_CODE_MAX_RETRIES": "0"}}

    def lose_conversations(self, home: Path) -> None:
        """See Rig."""
        shutil.rmtree(home / ".claude" / "projects")

    def session(self, lines: Sequence[Any]) -> str:
        """See Rig."""
        return str(lines[0]["session_id"])
