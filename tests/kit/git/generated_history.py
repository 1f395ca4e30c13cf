"""Two branches that part, generated: trees of files, links and submodules, and what happens to them on either side."""

from dataclasses import dataclass
from functools import partial

from hypothesis import strategies as st

from tests.kit.git.git_operator import Repo

Entry = tuple[str, bytes]
"""Mode and content; of a submodule the content is a commit's name."""
Tree = dict[str, Entry]
Step = tuple[str, str, object]

LINES = [b"%d\n" % number for number in range(12)]
NAMES = [
    "a", "b", "dir/c", "dir/d e", "dir", "dir/sub/e", "é\n", '"q"', "back\\slash", "tab\t", "-dash", "\udcff", "A",
    "日本", ".gitattributes",
]  # fmt: skip
ATTRIBUTES = [b"a merge=union\n", b"b -merge\n", b"dir/* -text\n"]
CONVERTING = [b"* text=auto\n", b"* text=auto eol=crlf\n", b"a text eol=lf\n"]
COMMITS = [b"1" * 40, b"2" * 40, b"3" * 40]


def _edited(at: int, line: bytes) -> bytes:
    return b"".join([*LINES[:at], line, *LINES[at + 1 :]])


def _crlf(at: int, line: bytes) -> bytes:
    return _edited(at, line).replace(b"\n", b"\r\n")


names = st.sampled_from(NAMES)
contents = st.one_of(
    st.builds(_edited, st.integers(0, 11), st.sampled_from([b"x\n", b"y\n"])),
    st.builds(_crlf, st.integers(0, 11), st.sampled_from([b"x\n", b"y\n"])),
    st.sampled_from([b"", b"\0binary\1", b"\0binary\2", b"other\n", b"no newline", *ATTRIBUTES]),
)
files = st.tuples(st.sampled_from(["100644", "100644", "100755"]), contents)
entries = st.one_of(
    files,
    files,
    files,
    st.tuples(st.just("120000"), st.sampled_from([b"a", b"b"])),
    st.tuples(st.just("160000"), st.sampled_from(COMMITS)),
)
steps = st.one_of(
    st.tuples(st.just("set"), names, entries),
    st.tuples(st.just("delete"), names, st.none()),
    st.tuples(st.just("rename"), names, names),
    st.tuples(st.just("mode"), names, st.sampled_from(["100644", "100755"])),
)
commits = st.lists(st.lists(steps, max_size=3), min_size=1, max_size=3)


@dataclass(frozen=True)
class History:
    """What is there at first, and the commits of both sides.

    With `shares` the target begins with the source's first commit, as if somebody had picked it; with `merges` the
    source's last commit but one is a merge of the target's first. With `converts` attributes ask for ends of line to be
    converted, and no content has others than git would make of it: of one that has, git takes its own checkout for
    changed, and merges nothing there.
    """

    base: Tree
    ours: list[list[Step]]
    theirs: list[list[Step]]
    shares: bool
    merges: bool
    converts: bool


histories = st.builds(
    History,
    base=st.dictionaries(names, entries, max_size=5),
    ours=commits,
    theirs=commits,
    shares=st.integers(0, 4).map(lambda number: number == 0),
    merges=st.integers(0, 4).map(lambda number: number == 0),
    converts=st.integers(0, 3).map(lambda number: number == 0),
)


def applied(tree: Tree, steps: list[Step], *, converts: bool) -> Tree:
    """Return the tree after these steps; one that names nothing does nothing."""
    result = dict(tree)
    for kind, name, what in steps:
        if kind == "set":
            result[name] = what  # type: ignore[assignment]
        elif name not in result:
            continue
        elif kind == "delete":
            del result[name]
        elif kind == "rename":
            result[str(what)] = result.pop(name)
        elif result[name][0].startswith("100"):
            result[name] = (str(what), result[name][1])
    # A tree holds a name as a file or as a directory, not both; and only files have attributes for content.
    result = {name: entry for name, entry in result.items() if not _is_below(name, result)}
    known = CONVERTING if converts else ATTRIBUTES
    attributes = result.get(".gitattributes")
    if attributes is not None and attributes not in [("100644", one) for one in known]:
        result[".gitattributes"] = ("100644", known[len(attributes[1]) % len(known)])
    if converts:
        result = {name: (mode, content.replace(b"\r\n", b"\n")) for name, (mode, content) in result.items()}
    return result


def _is_below(name: str, tree: Tree) -> bool:
    parts = name.split("/")
    return any("/".join(parts[:count]) in tree for count in range(1, len(parts)))


def write(repo: Repo, history: History) -> None:
    """Make the branches base, main and side of a repository this history, whatever they were."""
    apply = partial(applied, converts=history.converts)
    start = apply({name: ("100644", b"".join(LINES)) for name in NAMES[:3]} | history.base, [])
    stream = _commit("base", "base", start)
    ours = [*history.theirs[:1], *history.ours] if history.shares else history.ours
    tree = start
    for number, steps in enumerate(ours):
        tree = apply(tree, steps)
        stream += _commit("main", f"main {number}", tree, "from refs/heads/base\n" if number == 0 else "")
        if number == 0:
            first, first_tree = "refs/heads/first", tree
            stream += _commit("first", "", tree, "", of="refs/heads/main")
    tree = start
    for number, steps in enumerate(history.theirs):
        tree = apply(tree, steps)
        stream += _commit("side", f"side {number}", tree, "from refs/heads/base\n" if number == 0 else "")
        if number == 0 and history.merges and len(history.theirs) > 1:
            tree = apply(tree | first_tree, [])
            stream += _commit("side", "a merge", tree, f"merge {first}\n")
    refs = "".join(f"delete refs/heads/{branch}\n" for branch in ("base", "main", "side", "first"))
    repo.git("update-ref", "--stdin", stdin=refs, check=False)
    repo.git("fast-import", "--quiet", "--force", stdin=stream.decode("utf-8", "surrogateescape"))


def _commit(branch: str, subject: str, tree: Tree, parent: str = "", *, of: str = "") -> bytes:
    if of:
        return f"reset refs/heads/{branch}\nfrom {of}\n\n".encode()
    head = f"commit refs/heads/{branch}\ncommitter N <n@e> 0 +0000\ndata {len(subject)}\n{subject}\n{parent}deleteall\n"
    stream = head.encode()
    for name, (mode, content) in tree.items():
        quoted = b'"' + _quoted(name) + b'"'
        if mode == "160000":
            stream += b"M 160000 %b %b\n" % (content, quoted)
        else:
            stream += b"M %b inline %b\ndata %d\n%b\n" % (mode.encode(), quoted, len(content), content)
    return stream + b"\n"


def _quoted(name: str) -> bytes:
    raw = name.encode("utf-8", "surrogateescape")
    return raw.replace(b"\\", b"\\\\").replace(b'"', b'\\"').replace(b"\n", b"\\n").replace(b"\t", b"\\t")
