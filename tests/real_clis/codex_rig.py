"""Codex, as the tests drive it."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

from tests.real_clis.rig import Neutral, Scene, Settings

UNKNOWN_SESSION = "11111111-1111-4111-8111-111111111111"
WORK = """\
SCENARIO:write path=health.py content="OK = 1"
SCENARIO:shell cmd="echo '{checked}'; exit 3"
SCENARIO:final text="All done."
"""
KEY = "OPENAI_FAKE_KEY"
CONFIG = """\
model_provider = "fake"
check_for_update_on_startup = false
[analytics]
enabled = false
[features]
plugins = false
remote_plugin = false
apps = false
[model_providers.fake]
name = "fake"
base_url = "{url}/v1"
env_key = "OPENAI_FAKE_KEY"
wire_api = "responses"
"""
RECORDED = ("-c", "model_providers.fake.request_max_retries=1", "-c", "model_providers.fake.stream_max_retries=1")
"""Requests are repeated once, so that scenes are short."""

SCENES: dict[str, Scene] = {
    "work": Scene(WORK),
    "resumed": Scene("And now?", after="SCENARIO:usage in=1000 out=200 cached=5000 created=70\nBegin."),
    "two_tools_at_once": Scene("SCENARIO:write+ path=a.txt content=A\nSCENARIO:shell cmd='echo b'"),
    "limit_once": Scene("SCENARIO:overloaded times=1 retry_after=0\nSCENARIO:final text=Recovered.", args=RECORDED),
    "unknown_session": Scene("Go on.", session=UNKNOWN_SESSION),
    "bad_key": Scene("Hello.", env={KEY: "bad-key"}, args=RECORDED),
    "forbidden": Scene("SCENARIO:forbidden", args=RECORDED),
    "not_logged_in": Scene("Hello.", without=(KEY,)),
    "bad_request": Scene("SCENARIO:error code=400"),
    "failed_after_a_tool": Scene("SCENARIO:shell cmd='echo one'\nSCENARIO:error code=400"),
    "to_be_paid": Scene("SCENARIO:error code=402", args=RECORDED),
    "no_credit": Scene("SCENARIO:quota"),
    "limit_for_good": Scene("SCENARIO:ratelimit"),
    "used_up": Scene("SCENARIO:limit resets=4102444800"),
    "overloaded": Scene("SCENARIO:overloaded", args=RECORDED),
    "server_error": Scene("SCENARIO:error", args=RECORDED),
    "cut": Scene("SCENARIO:cut", args=RECORDED),
    "invalid": Scene("SCENARIO:invalid", args=RECORDED),
    "no_server": Scene("Hello.", args=(*RECORDED, "-c", 'model_providers.fake.base_url="http://127.0.0.1:9/v1"')),
    "unknown_model": Scene("Hello.", args=("-m", "a-model")),
    "unknown_flag": Scene("Hello.", args=("--no-such-flag",)),
    "confined": Scene(
        "SCENARIO:shell cmd='touch .git/new || touch /root-new || touch here'\nSCENARIO:final text=Tried.",
        args=("-s", "workspace-write"),
    ),
    "stopped": Scene("SCENARIO:shell cmd='echo $$ > pid; exec cat fifo'", stop_at="fifo"),
    "odd_bytes": Scene("SCENARIO:shell cmd=\"printf 'a\\\\377\\\\376b'\"\nSCENARIO:final text='Read.'"),
}


class CodexRig:
    """See Rig."""

    name = "codex"
    settings: ClassVar[Settings] = {"safety_mode": "auto_approve", "model": "gpt-5.5"}
    at_once: ClassVar[Settings] = {
        "backend_args": [argument.replace("retries=1", "retries=0") for argument in RECORDED]
    }
    recording: ClassVar[dict[str, str]] = {}
    scenes = SCENES
    neutral = Neutral(
        patterns={
            r"WARNING: proceeding, even though .*": "WARNING: (no aliases below /tmp)",
            r"Chunk ID: [0-9a-f]+\nWall time: [\d.]+": "Chunk ID: 000000\nWall time: 0.0000",
        }
    )

    def environ(self, url: str) -> dict[str, str]:
        """See Rig."""
        return {KEY: "test-key"}

    def furnish(self, home: Path, url: str) -> None:
        """Write its settings: a provider of its own, and nothing that reaches out."""
        (home / ".codex").mkdir(exist_ok=True)
        (home / ".codex" / "config.toml").write_text(CONFIG.format(url=url))

    def with_key(self, key: str) -> Settings:
        """See Rig."""
        return {"env": {KEY: key}}

    def lose_conversations(self, home: Path) -> None:
        """See Rig."""
        shutil.rmtree(home / ".codex" / "sessions")

    def session(self, lines: Sequence[Any]) -> str:
        """See Rig."""
        return str(lines[0]["thread_id"])
