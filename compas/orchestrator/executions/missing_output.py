"""What of an agent's output never came to be read, and whether its answer can be whole without that. Pure."""

from compas.runner.logformat import parse_line
from compas.runner.messages import Exit, LogChunk
from compas.runner.reading import uncut_end
from compas.text import counted


class MissingOutput:
    """Counts what is missing between the pieces of an execution's log, and after the last one.

    A supervisor that follows live is given everything, also what finds no room on the disk. One that comes later has
    the file alone.
    """

    def __init__(self) -> None:
        self._offset = 0
        self._between = 0
        self._at_end = 0

    def see(self, chunk: LogChunk) -> bool:
        """Take the next piece; tell whether it stands for output that is missing."""
        spanned = chunk.next_offset - self._offset
        self._offset = max(self._offset, chunk.next_offset)
        is_cut = parse_line(chunk.text)[0] == "compas" and len(chunk.text.encode()) != spanned
        if is_cut:
            self._at_end += spanned
        else:
            self._between += self._at_end
            self._at_end = 0
        return is_cut

    def why_incomplete(self, ended: Exit, *, is_told: bool) -> str:
        """Say what is missing and why, where an answer read from the rest may lack something; empty where not.

        `is_told` says that the last lines tell a result. It is whole then, whatever is missing before it. Without that,
        what the log's limit has cut from the middle is marked where it was, and only what was lost counts.
        """
        at_end = self._at_end + max(0, uncut_end(ended) - self._offset)
        lost = at_end + (self._between if ended.log_error and not is_told else 0)
        if not at_end and not lost:
            return ""
        where = "at the end" if at_end else "in the middle"
        why = ended.log_error or "output.log is shorter than it was"
        return f"its output lacks {counted(lost, 'byte')} {where}: {why}"
