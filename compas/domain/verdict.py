"""Reading a reviewer's verdict from the last line of a reply."""

import re

from compas.domain.events import Verdict

_LINE = re.compile(
    r"[\s>*_#`-]*verdict[\s*_`]*:[\s*_`]*(approved?|changes[ _-]requested|request[ _-]changes)[\s*_`.!]*", re.IGNORECASE
)


def read_verdict(reply: str) -> Verdict:
    """Return the verdict of a reply whose last line that is not blank says `Verdict: approve` or
    `Verdict: request changes`; anything else, such as a sentence that mentions approval, is no verdict.

    Case, Markdown emphasis and the spellings "approved" and "changes requested" do not matter.
    """
    last = reply.rstrip().rpartition("\n")[2]
    match = _LINE.fullmatch(last)
    if match is None:
        return ""
    return "approve" if match.group(1).lower().startswith("approve") else "request_changes"
