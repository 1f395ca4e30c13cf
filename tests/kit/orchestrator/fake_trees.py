"""Trees of files in memory: their names, how two differ, and how three are merged."""

import hashlib

from compas.git.protocol.reading import FileStat

Tree = dict[str, str]
"""The text of each file by its name."""


def tree_name(tree: Tree) -> str:
    """Return the name of a tree: the same for the same files."""
    return hashlib.sha1(f"tree {sorted(tree.items())}".encode()).hexdigest()


def difference(before: Tree, after: Tree) -> tuple[str, tuple[FileStat, ...]]:
    """Return what a person reads of a difference, whole files at a time, and the files with their lines counted."""
    files, text = [], ""
    for name in sorted({*before, *after}):
        old, new = before.get(name), after.get(name)
        if old != new:
            gone, come = (old or "").splitlines(), (new or "").splitlines()
            files.append(FileStat(path=name, old_path=None, added=len(come), deleted=len(gone)))
            lines = (name, *(f"-{one}" for one in gone), *(f"+{one}" for one in come))
            text += "".join(f"{line}\n" for line in lines)
    return text, tuple(files)


def three_way(base: Tree, ours: Tree, theirs: Tree) -> tuple[Tree, list[str]]:
    """Merge file by file; a file that both sides changed differently is a conflict."""
    merged: Tree = {}
    conflicts: list[str] = []
    for name in sorted({*base, *ours, *theirs}):
        was, one, other = base.get(name), ours.get(name), theirs.get(name)
        result = other if one == was else one
        if one != was and other not in (was, one):
            conflicts.append(name)
        elif result is not None:
            merged[name] = result
    return merged, conflicts
