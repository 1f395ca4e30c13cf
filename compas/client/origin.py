"""Where a command was typed: what tells one terminal from another, so that `@last` means what was begun in this one."""

import os


def terminal() -> str:
    """Return what names the terminal that this process can be controlled from, empty where there is none.

    Its session has at most one. The number of a session may come again, so it has the time at which the session's
    first process was started beside it, where the system tells that.
    """
    try:
        os.close(os.open(os.ctermid(), os.O_RDONLY | os.O_NOCTTY))
    except OSError:
        return ""
    session = os.getsid(0)
    return f"terminal:{session}:{_began(session)}"


def _began(process: int) -> str:
    try:
        with open(f"/proc/{process}/stat", "rb") as file:
            return file.read().rpartition(b")")[2].split()[19].decode()
    except (OSError, IndexError, ValueError):
        return ""
