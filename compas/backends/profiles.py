"""Which agent CLIs compas knows by itself: the one list of them, which loads no adapter."""

from compas.backends.claude.profile import PROFILE as CLAUDE
from compas.backends.codex.profile import PROFILE as CODEX
from compas.backends.gemini.profile import PROFILE as GEMINI
from compas.backends.opencode.profile import PROFILE as OPENCODE
from compas.backends.profile import BackendProfile

PROFILES: tuple[BackendProfile, ...] = (CLAUDE, CODEX, GEMINI, OPENCODE)
"""In the order in which one is chosen when nobody says which."""

BY_NAME: dict[str, BackendProfile] = {profile.name: profile for profile in PROFILES}
