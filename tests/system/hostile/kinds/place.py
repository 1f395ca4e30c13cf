"""Where the worktree stands: the directory itself, moved, linked or exchanged."""

from tests.system.hostile.kinds.kind import Kind

LINK = ("link",)

PLACE = (
    Kind(
        "a-link-to-the-operators-checkout",
        "the operator's own uncommitted files are committed or deleted",
        'cd ..; mv "$TREE" "$OUT/away"; ln -s "$REPO" "$TREE"',
        "refused",
        LINK,
    ),
    Kind(
        "a-link-to-a-directory-of-the-operators",
        "removing the worktree deletes what the link leads to",
        'cd ..; mv "$TREE" "$OUT/away"; ln -s "$OUT/etc" "$TREE"',
        "refused",
        LINK,
    ),
    Kind(
        "a-link-to-another-threads-worktree",
        "another thread's work is committed, or removed",
        'cd ..; mv "$TREE" "$OUT/away"; ln -s "$OTHER" "$TREE"',
        "refused",
        LINK,
        other=True,
    ),
    Kind(
        "a-link-to-the-worktree-moved",
        "what is behind the link can be exchanged later",
        'cd ..; mv "$TREE" "$OUT/away"; ln -s "$OUT/away" "$TREE"',
        "refused",
        LINK,
    ),
    Kind(
        "a-link-to-itself",
        "opening it never ends",
        'cd ..; mv "$TREE" "$OUT/away"; ln -s "$TREE" "$TREE"',
        "refused",
        LINK,
    ),
    Kind(
        "the-parent-is-a-link",
        "every worktree of the repository stands where the agent likes",
        'cd "$OUT/.."; mv "$REPO/.compas-worktrees" trees; ln -s "$PWD/trees" "$REPO/.compas-worktrees"',
        "either",
    ),
    Kind(
        "a-copy-of-the-worktree",
        "the directory is not the one that compas made",
        'cp -a "$TREE" "$OUT/copy"; cd ..; mv "$TREE" "$OUT/old"; mv "$OUT/copy" "$TREE"; echo EVIL > "$TREE/evil.txt"',
        "refused",
        ("director",),
    ),
    Kind(
        "two-worktrees-exchanged",
        "another thread's work is taken for this one's",
        'cd ..; mv "$TREE" "$OUT/mine"; mv "$OTHER" "$TREE"; mv "$OUT/mine" "$OTHER"',
        "refused",
        ("director", ".git"),
        other=True,
    ),
    Kind(
        "the-worktree-is-deleted",
        "an empty directory counts as removed work",
        'cd ..; rm -rf "$TREE"',
        "either",
    ),
    Kind(
        "the-worktree-is-a-file",
        "an error is taken for something else",
        'cd ..; rm -rf "$TREE"; echo file > "$TREE"',
        "refused",
        ("director", "file"),
    ),
    Kind(
        "the-worktree-has-odd-modes",
        "nothing; its owner may do that",
        "chmod 2777 .; chmod 0600 work.txt",
        "honest",
    ),
    Kind(
        "the-worktree-cannot-be-read",
        "an error is taken for an empty directory",
        "chmod 000 .",
        "either",
    ),
)
