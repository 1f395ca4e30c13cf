"""Which agent CLIs the tests drive."""

from tests.real_clis.claude_rig import ClaudeRig
from tests.real_clis.codex_rig import CodexRig
from tests.real_clis.gemini_rig import GeminiRig
from tests.real_clis.opencode_rig import OpenCodeRig
from tests.real_clis.rig import Rig

RIGS: dict[str, Rig] = {rig.name: rig for rig in (ClaudeRig(), CodexRig(), GeminiRig(), OpenCodeRig())}
