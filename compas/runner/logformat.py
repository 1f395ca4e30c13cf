"""How lines of stdout, stderr and the runner itself are told apart in one log. Pure."""

from collections.abc import Iterator
from typing import Literal

Stream = Literal["stdout", "stderr", "compas"]

_STDOUT = "[stdout] "
_STDERR = "[stderr] "
_COMPAS = "[compas] "
_PREFIXES = (_STDERR, _STDOUT, _COMPAS)


def format_line(stream: Stream, text: str) -> str:
    """Make the log line, with its newline, for one line of a stream (a-core 43).

    Lines of stdout stand bare; one that looks marked is marked as stdout, so that nothing an agent prints
    can pass for its stderr or for words of compas.
    """
    if stream == "stderr":
        return f"{_STDERR}{text}\n"
    if stream == "compas":
        return f"{_COMPAS}{text}\n"
    if text.startswith(_PREFIXES):
        return f"{_STDOUT}{text}\n"
    return f"{text}\n"


def parse_line(line: str) -> tuple[Stream, str]:
    """Split a log line, given without its newline, into stream and text: undoes `format_line`."""
    if line.startswith(_STDERR):
        return "stderr", line[len(_STDERR) :]
    if line.startswith(_COMPAS):
        return "compas", line[len(_COMPAS) :]
    return "stdout", line.removeprefix(_STDOUT)


def parse_lines(text: str) -> Iterator[tuple[Stream, str]]:
    """Split whole log lines, such as a chunk's text. A last line without a newline counts as one."""
    # Only "\n" ends a line: splitlines() would also split at U+2028 and others inside of JSON strings.
    lines = text.split("\n")
    if not lines[-1]:
        lines.pop()
    return map(parse_line, lines)


def cut_notice(cut_bytes: int) -> str:
    """Make the log line that stands for a cut; the same count always gives the same line."""
    return format_line("compas", f"{cut_bytes} bytes were cut here to keep the log within its limit")


def lost_notice(lost_bytes: int, why: str) -> str:
    """Make the log line that stands for output that could not be written into the file; it is never written itself."""
    return format_line("compas", f"{lost_bytes} bytes are missing here: {' '.join(why.split())}")
