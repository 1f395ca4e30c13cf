"""Every kind, in one table."""

from tests.system.hostile.kinds.admin import ADMIN
from tests.system.hostile.kinds.commits import COMMITS
from tests.system.hostile.kinds.config import CONFIG
from tests.system.hostile.kinds.files import FILES
from tests.system.hostile.kinds.git_file import GIT_FILE
from tests.system.hostile.kinds.head import HEAD
from tests.system.hostile.kinds.index import ATTRIBUTES, INDEX
from tests.system.hostile.kinds.kind import Kind, left_to_the_long_run
from tests.system.hostile.kinds.nested import NESTED, SUBMODULES
from tests.system.hostile.kinds.place import PLACE
from tests.system.hostile.kinds.refs import REFS

ALL = (
    *GIT_FILE,
    *PLACE,
    *ADMIN,
    *HEAD,
    *REFS,
    *CONFIG,
    *SUBMODULES,
    *NESTED,
    *INDEX,
    *ATTRIBUTES,
    *FILES,
    *COMMITS,
)

LIKE_OTHERS = frozenset(
    [
        "names-that-are-reserved",
        "names-that-differ-in-case",
        "an-empty-message",
        "something-is-to-be-added",
        "the-index-is-split",
        "a-cherry-pick-is-half-done",
        "head-is-detached-behind",
        "configuration-ignores-modes-and-case",
        "configuration-hides-untracked-files",
        "alternates-lead-elsewhere",
        "attributes-name-unknown-drivers",
        "orig-head-is-a-link-to-main",
        "the-branch-is-moved-back",
        "a-merge-of-another-threads-work",
        "worktree-configuration-names-programs",
        "commits-are-to-be-signed-by-a-program",
        "configuration-includes-a-file-of-the-worktree",
        "a-bare-repository-inside",
        "the-worktree-has-odd-modes",
        "something-is-staged-that-is-not-there",
    ]
)
"""They are like others in what they could gain, and the ordinary run has to stay short."""

KINDS: tuple[Kind, ...] = left_to_the_long_run(ALL, LIKE_OTHERS)
