"""Gemini CLI, as the tests drive it."""

import json
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
ATTEMPTS = 2
"""In all. The file by which compas bounds them is skipped here: everybody may write to the directories above it."""

SCENES: dict[str, Scene] = {
    "work": Scene(WORK),
    "resumed": Scene("And now?", after="SCENARIO:usage in=1000 out=200 cached=500\nBegin."),
    "two_tools_at_once": Scene("SCENARIO:write+ path=a.txt content=A\nSCENARIO:shell cmd='echo b'"),
    "unknown_session": Scene("Go on.", session=UNKNOWN_SESSION),
    "bad_key": Scene("Hello.", env={"GEMINI_API_KEY": "bad-key"}),
    "forbidden": Scene("SCENARIO:forbidden"),
    "not_logged_in": Scene("Hello.", without=("GEMINI_API_KEY",)),
    "not_trusted": Scene("Hello.", env={"GEMINI_CLI_TRUST_WORKSPACE": "false"}),
    "bad_request": Scene("SCENARIO:error code=400"),
    "no_credit": Scene("SCENARIO:quota"),
    "limit_for_good": Scene("SCENARIO:ratelimit"),
    "server_error": Scene("SCENARIO:error code=503"),
    "cut": Scene("SCENARIO:cut"),
    "invalid": Scene("SCENARIO:invalid"),
    "no_server": Scene("Hello.", env={"GOOGLE_GEMINI_BASE_URL": "http://127.0.0.1:9"}),
    "unknown_flag": Scene("Hello.", args=("--no-such-flag",)),
    "odd_bytes": Scene("SCENARIO:shell cmd=\"printf 'a\\\\377\\\\376b'\"\nSCENARIO:final text='Read.'"),
}


class GeminiRig:
    """See Rig."""

    name = "gemini"
    settings: ClassVar[Settings] = {"safety_mode": "auto_approve", "model": "gemini-2.5-pro"}
    at_once: ClassVar[Settings] = {}
    recording: ClassVar[dict[str, str]] = {}
    scenes = SCENES
    neutral = Neutral(
        times="duration_ms",
        skipped=r"\[STARTUP\]",
        patterns={
            r"\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d-\d+Z": "2026-01-01T00-00-00-000Z",
            r"'/tmp/[^']*'": "'/tmp/x'",
            r"file:///\S+": "file:///bundle.js",
            r"(local|remote)Port: \d+": r"\1Port: 1",
            r"\d+(\\n</untrusted_context>)": r"1\1",
            r"failed\. Retrying with backoff.*": "failed. Retrying with backoff",
        },
    )

    def environ(self, url: str) -> dict[str, str]:
        """See Rig."""
        return {"GEMINI_API_KEY": "test-key", "GOOGLE_GEMINI_BASE_URL": url}

    def furnish(self, home: Path, url: str) -> None:
        """Write its settings: a login by key, and nothing that reaches out."""
        (home / ".gemini").mkdir(exist_ok=True)
        settings = {
            "security": {"auth": {"selectedType": "gemini-api-key"}},
            "general": {"enableAutoUpdate": False, "enableAutoUpdateNotification": False, "maxAttempts": ATTEMPTS},
            "privacy": {"usageStatisticsEnabled": False},
            "telemetry": {"enabled": False},
        }
        (home / ".gemini" / "settings.json").write_text(json.dumps(settings))

    def with_key(self, key: str) -> Settings:
        """See Rig."""
        return {"env": {"GEMINI_API_KEY": key}}

    def lose_conversations(self, home: Path) -> None:
        """See Rig."""
        shutil.rmtree(home / ".gemini" / "tmp")

    def session(self, lines: Sequence[Any]) -> str:
        """See Rig."""
        return str(lines[0]["session_id"])
