"""Which agent CLIs the tests drive."""

from claude_rig import ClaudeRig
from codex_rig import CodexRig
from gemini_rig import GeminiRig
from opencode_rig import OpenCodeRig
from rig import Rig

RIGS: dict[str, Rig] = {rig.name: rig for rig in (ClaudeRig(), CodexRig(), GeminiRig(), OpenCodeRig())}
