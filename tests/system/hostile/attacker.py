"""A hostile agent's program: exchanges things in another thread's worktree, again and again, until it is told to stop.

Run as `attacker.py ATTACK REPOSITORY WORKTREE STOP`; it ends when the file STOP is there, or after the last round.
"""

import os
import signal
import sys
from contextlib import suppress

LAST_ROUND = 2_000_000


def exchange_git_file(repository: str, tree: str) -> None:
    """Let `.git` name the operator's repository for a moment."""
    path = os.path.join(tree, ".git")
    os.rename(path, f"{path}-kept")
    with open(f"{path}-evil", "w") as file:
        file.write(f"gitdir: {repository}/.git\n")
    os.rename(f"{path}-evil", path)
    os.rename(f"{path}-kept", path)


def exchange_tree(repository: str, tree: str) -> None:
    """Let the worktree be a link to the operator's checkout for a moment."""
    os.rename(tree, f"{tree}-kept")
    os.symlink(repository, tree)
    os.unlink(tree)
    os.rename(f"{tree}-kept", tree)


def exchange_head(repository: str, tree: str) -> None:
    """Let HEAD of the worktree be on main for a moment."""
    head = os.path.join(repository, ".git", "worktrees", os.path.basename(tree), "HEAD")
    with open(head) as file:
        kept = file.read()
    for text in ("ref: refs/heads/main\n", kept):
        with open(f"{head}-evil", "w") as file:
            file.write(text)
        os.rename(f"{head}-evil", head)


def write_files(repository: str, tree: str) -> None:
    """Make, change and delete files, directories and links."""
    place = os.path.join(tree, "work-race")
    os.makedirs(place, exist_ok=True)
    for number in range(20):
        with open(os.path.join(place, str(number)), "w") as file:
            file.write(os.urandom(8).hex())
    os.symlink(repository, os.path.join(place, "link"))
    for name in os.listdir(place):
        os.unlink(os.path.join(place, name))
    os.rmdir(place)


ATTACKS = {
    "exchange-git-file": exchange_git_file,
    "exchange-tree": exchange_tree,
    "exchange-head": exchange_head,
    "write-files": write_files,
}


def main(attack: str, repository: str, tree: str, stop: str) -> None:
    """Go on until told to stop; what is missing for a moment is tried again."""
    signal.alarm(600)
    for _ in range(LAST_ROUND):
        if os.path.exists(stop):
            return
        with suppress(OSError):
            ATTACKS[attack](repository, tree)
        # A round that failed half way leaves things moved aside.
        for kept, path in ((f"{tree}-kept", tree), (f"{tree}/.git-kept", f"{tree}/.git")):
            with suppress(OSError):
                if os.path.lexists(kept) and not os.path.lexists(path):
                    os.rename(kept, path)


if __name__ == "__main__":
    main(*sys.argv[1:])
