"""Says what somebody is in the middle of in a checkout, by the files that git keeps meanwhile."""

import os
from typing import Final

from compas.git.protocol.reading import InProgress

_SIGNS: Final[tuple[tuple[str, InProgress], ...]] = (
    ("rebase-merge", "rebase"),
    ("rebase-apply/applying", "am"),
    ("rebase-apply", "rebase"),
    ("MERGE_HEAD", "merge"),
    ("CHERRY_PICK_HEAD", "cherry-pick"),
    ("REVERT_HEAD", "revert"),
    ("BISECT_LOG", "bisect"),
)


def operation_in(git_dir: str) -> InProgress | None:
    """Return what somebody is in the middle of in the checkout with this git directory."""
    for sign, operation in _SIGNS:
        if os.path.exists(os.path.join(git_dir, sign)):
            return operation
    return None
