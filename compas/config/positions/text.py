"""Reads a config file, within a limit, and says in words why it cannot."""

import os
import stat

from compas.config.positions.nodes import SyntaxFailure

LIMIT_BYTES = 1 << 20


def read_text(path: str) -> str:
    """Read a UTF-8 file of at most `LIMIT_BYTES`. Raises SyntaxFailure in words a person can act on."""
    return decoded(read_bytes(path))


def read_bytes(path: str) -> bytes:
    """Read a file of at most `LIMIT_BYTES`; a pipe or a directory is refused before it is opened.

    Raises SyntaxFailure in words a person can act on.
    """
    try:
        mode = os.stat(path).st_mode
        if stat.S_ISDIR(mode):
            raise SyntaxFailure("it is a directory; name the file in it, such as config.yaml")
        if not stat.S_ISREG(mode):
            raise SyntaxFailure("it is not a regular file")
        with open(path, "rb") as file:
            data = file.read(LIMIT_BYTES + 1)
    except FileNotFoundError:
        sentence = "no such file; `compas init` writes one, and --config or COMPAS_CONFIG names another"
        raise SyntaxFailure(sentence) from None
    except OSError as failure:
        raise SyntaxFailure(f"it cannot be read: {failure.strerror}") from failure
    except ValueError as failure:
        raise SyntaxFailure(f"the path cannot be used: {failure}") from failure
    if len(data) > LIMIT_BYTES:
        raise SyntaxFailure(f"it is larger than {LIMIT_BYTES} bytes; move long prompts to files (`prompt_file`)")
    return data


def decoded(data: bytes) -> str:
    """Return what was read as text, without a byte order mark. Raises SyntaxFailure at the first byte that is none."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as failure:
        before = data[: failure.start]
        line = before.count(b"\n") + 1
        column = len(before[before.rfind(b"\n") + 1 :].decode("utf-8", "replace")) + 1
        found = f"byte 0x{data[failure.start]:02x} is not UTF-8; save the file as UTF-8"
        raise SyntaxFailure(found, line, column) from None
