"""Whether a person is at the editor, who can be asked something.

A CLI that runs without its screen says that it can ask as well, and then answers by itself that nobody did.
"""

from collections.abc import Mapping

_WITHOUT_A_SCREEN = {"CLAUDE_CODE_ENTRYPOINT": "sdk-cli"}
"""What the environment of a server tells of that; seen with `claude -p` of version 2.1.330."""


def is_attended(environ: Mapping[str, str]) -> bool:
    """Tell whether somebody may be there, from the environment that the editor gave the relay."""
    return not any(environ.get(name) == value for name, value in _WITHOUT_A_SCREEN.items())
