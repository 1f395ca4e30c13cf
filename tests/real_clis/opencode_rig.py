"""OpenCode, as the tests drive it."""

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

from tests.real_clis.rig import Neutral, Scene, Settings

WORK = """\
SCENARIO:write path=health.py content="OK = 1"
SCENARIO:shell cmd="echo checked; exit 3"
SCENARIO:final text="All done."
"""

SCENES: dict[str, Scene] = {
    "work": Scene(WORK),
    "resumed": Scene("And now?", after="SCENARIO:usage in=1000 out=200 cached=500\nBegin."),
    "two_tools_at_once": Scene("SCENARIO:write+ path=a.txt content=A\nSCENARIO:shell cmd='echo b'"),
    "unknown_session": Scene("Go on.", session="ses_doesnotexist"),
    "unknown_profile": Scene("Hello.", args=("--agent", "nobody")),
    "bad_key": Scene("Hello.", env={"OPENCODE_FAKE_KEY": "bad-key"}),
    "forbidden": Scene("SCENARIO:forbidden"),
    "bad_request": Scene("SCENARIO:error code=400"),
    "invalid": Scene("SCENARIO:invalid"),
    "unknown_model": Scene("Hello.", args=("-m", "fake/no-such-model")),
    "unknown_flag": Scene("Hello.", args=("--no-such-flag",)),
    "odd_bytes": Scene("SCENARIO:shell cmd=\"printf 'a\\\\377\\\\376b'\"\nSCENARIO:final text='Read.'"),
}
"""Without those in which it repeats requests: left to itself it never ends."""


class OpenCodeRig:
    """See Rig."""

    name = "opencode"
    settings: ClassVar[Settings] = {"safety_mode": "auto_approve", "model": "fake/test-model"}
    at_once: ClassVar[Settings] = {}
    recording: ClassVar[dict[str, str]] = {}
    scenes = SCENES
    neutral = Neutral(
        left_out=("stack", "responseHeaders", "snapshot", "time", "duration"),
        times="timestamp",
        patterns={
            r"\b(ses|msg|prt)_[0-9A-Za-z]{20,}": r"\1_1",
            r"\berr_[0-9a-f]{8}\b": "err_1",
            r"timestamp=\S+": "timestamp=2026-01-01T00:00:00.000Z",
            r"run=[0-9a-f]{8}": "run=00000000",
            r'stack="[^"]*"': 'stack=""',
        },
    )

    def environ(self, url: str) -> dict[str, str]:
        """See Rig."""
        return {
            "OPENCODE_FAKE_KEY": "test-key",
            "OPENCODE_DISABLE_MODELS_FETCH": "1",
            "OPENCODE_DISABLE_LSP_DOWNLOAD": "1",
            "OPENCODE_DISABLE_DEFAULT_PLUGINS": "1",
        }

    def furnish(self, home: Path, url: str) -> None:
        """Write its settings: a provider of its own."""
        provider = {
            "npm": "@ai-sdk/openai-compatible",
            "name": "Fake",
            "options": {"baseURL": f"{url}/v1", "apiKey": "{env:OPENCODE_FAKE_KEY}"},
            "models": {
                "test-model": {
                    "name": "Test model",
                    "tool_call": True,
                    "limit": {"context": 2_000_000, "output": 8192},
                    "cost": {"input": 1, "output": 2, "cache_read": 0.1},
                }
            },
        }
        model = {"model": "fake/test-model", "small_model": "fake/test-model"}
        settings = {"autoupdate": False, "share": "disabled", **model, "provider": {"fake": provider}}
        place = home / ".config" / "opencode"
        place.mkdir(parents=True, exist_ok=True)
        (place / "opencode.json").write_text(json.dumps(settings))

    def with_key(self, key: str) -> Settings:
        """See Rig."""
        return {"env": {"OPENCODE_FAKE_KEY": key}}

    def lose_conversations(self, home: Path) -> None:
        """See Rig."""
        shutil.rmtree(home / ".local" / "share" / "opencode")

    def session(self, lines: Sequence[Any]) -> str:
        """See Rig."""
        return str(lines[0]["sessionID"])
