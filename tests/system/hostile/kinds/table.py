"""Every kind, in one table."""

from kinds.admin import ADMIN
from kinds.commits import COMMITS
from kinds.config import CONFIG
from kinds.files import FILES
from kinds.git_file import GIT_FILE
from kinds.head import HEAD
from kinds.index import ATTRIBUTES, INDEX
from kinds.kind import Kind
from kinds.nested import NESTED, SUBMODULES
from kinds.place import PLACE
from kinds.refs import REFS

KINDS: tuple[Kind, ...] = (
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
