"""Records what is the operator's, and says what compas has changed of it, run, or published that nobody was shown."""

import contextlib
import hashlib
import os
import re
import stat
import subprocess
from collections.abc import Iterator, Set
from pathlib import Path, PurePath
from typing import NamedTuple

from tests.kit.ceiling import CEILING

LARGE = 10_000_000
"""Bytes from which on a file counts by its size."""
OF_A_CHILD = re.compile(r"refs/heads/compas/[0-9A-HJKMNP-TV-Z]{26}")
"""The branch of a thread that compas itself began, for a reader."""
EVIL = "EVIL"
PRIVATE = "OPERATOR"
"""Stands in what the operator has not committed: it may land nowhere."""

Files = dict[str, str]


class Record(NamedTuple):
    """What is the operator's at one moment, as text, so that two moments can be compared."""

    refs: Files
    settings: Files
    """HEAD, index, configuration, hooks and the like of the repository."""
    checkout: Files
    others: Files
    """Directories outside of the repository, and other threads' worktrees."""


class Landing(NamedTuple):
    """A move of the target that was asked for: from where to where, and the tip and the diff that people were shown."""

    old: str
    new: str
    shown_tip: str
    shown_diff: str


def record(repo: Path, others: tuple[Path, ...], own_branch: str) -> Record:
    """Look at everything with no git, which what a hostile agent left could lead astray."""
    git = repo / ".git"
    settings = {
        f"{name}": _describe(git / name) for name in ("HEAD", "index", "config", "config.worktree", "description")
    }
    settings["index"] = _entries(git / "index") or settings["index"]
    for folder in ("hooks", "info"):
        settings |= {f"{folder}/{name}": said for name, said in _files(git / folder).items()}
    return Record(
        refs={name: value for name, value in _refs(git).items() if not _is_ours(name, own_branch)},
        settings=settings,
        checkout=_files(repo, leave_out=(".git", ".compas-worktrees")),
        others={f"{other}/{name}": said for other in others for name, said in _files(other).items()},
    )


def changes(before: Record, after: Record, *, moved: tuple[str, ...] = (), landed: bool = False) -> list[str]:
    """Say what is no longer as it was; a landing may move `main`, the index, and the `moved` files of the checkout."""
    found: list[str] = []
    along = {name for path in moved for name in (path, *map(str, PurePath(path).parents))}
    for what in Record._fields:
        old, new = getattr(before, what), getattr(after, what)
        for name in sorted(old.keys() | new.keys()):
            if old.get(name) == new.get(name) or (landed and _goes_along(what, name, along)):
                continue
            found.append(f"{what}: {name} was {old.get(name)}, is {new.get(name)}")
    return found


def _goes_along(what: str, name: str, moved: Set[str]) -> bool:
    match what:
        case "refs":
            return name == "refs/heads/main"
        case "settings":
            return name == "index"
        case "checkout":
            return name in moved
    return False


def landing_faults(repo: Path, landing: Landing) -> list[str]:
    """Say what is wrong with what has been published."""
    found = []
    if not _git_holds(repo, "merge-base", "--is-ancestor", landing.old, landing.new):
        found.append(f"main lost {landing.old}")
    landed = changed_paths(repo, landing.old, landing.new)
    for path in landed:
        parts = path.lower().split("/")
        if any(part in (".git", "..") or part.startswith("evil") for part in parts):
            found.append(f"the path {path} is in main")
    if _new_files_with(repo, PRIVATE, landing):
        found.append("what the operator had not committed is in main")
    if _new_files_with(repo, EVIL, landing) and EVIL not in landing.shown_diff:
        found.append("what nobody was shown is in main")
    if not landing.shown_tip:
        found.append(f"main is at {landing.new}, and nobody was shown anything")
    elif others := set(changed_paths(repo, landing.new, landing.shown_tip)) & set(landed):
        found.append(f"people were shown {landing.shown_tip}, and main has something else in {sorted(others)}")
    return found


def _new_files_with(repo: Path, word: str, landing: Landing) -> set[bytes]:
    """Return the files that have a word now; a diff cannot be made of what is larger than a gigabyte."""
    found = []
    for commit in (landing.old, landing.new):
        done = _git(repo, "grep", "--text", "-l", "-z", "-e", word, f"{commit}^{{tree}}")
        assert done.returncode in (0, 1), done.stderr
        found.append({line.partition(b":")[2] for line in done.stdout.split(b"\0")})
    return found[1] - found[0]


def changed_paths(repo: Path, old: str, new: str) -> tuple[str, ...]:
    """Return the paths that differ between two commits."""
    done = _git(repo, "diff-tree", "-r", "-z", "--name-only", "--no-renames", old, new)
    assert done.returncode == 0, done.stderr
    return tuple(os.fsdecode(path) for path in done.stdout.split(b"\0") if path)


def tip_of_main(repo: Path) -> str | None:
    """Return the commit that main names, through symbolic refs; None when there is none."""
    refs = _refs(repo / ".git")
    value: str | None = "ref: refs/heads/main"
    for _ in range(5):
        if value is None or not value.startswith("ref: "):
            return value
        value = refs.get(value[5:].strip())
    return None


def is_reachable(repo: Path, commit: str) -> bool:
    """Say whether some ref still keeps a commit."""
    return git(repo, "for-each-ref", "--contains", commit, "--format=%(refname)") != ""


def marks(file: Path) -> list[str]:
    """Return what the canary programs wrote down: each line is a run by somebody who is no agent."""
    return file.read_text(errors="replace").splitlines() if file.exists() else []


def git(repo: Path, *args: str) -> str:
    """Run git on the repository with nothing of what an agent could have put between."""
    done = _git(repo, *args)
    assert done.returncode == 0, (args, done.stderr)
    return done.stdout.decode("utf-8", "backslashreplace").strip()


def _git_holds(repo: Path, *args: str) -> bool:
    return _git(repo, *args).returncode == 0


def _git(repo: Path, *args: str) -> "subprocess.CompletedProcess[bytes]":
    environ = {
        "PATH": os.environ["PATH"],
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_GRAFT_FILE": f"{os.devnull}/none",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "LC_ALL": "C",
    }
    command = ["git", f"--git-dir={repo / '.git'}", f"--work-tree={repo}", "-c", "core.fsmonitor=false"]
    command += ["-c", "core.quotePath=false", "-c", "diff.external=", *args]
    process = subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    out, err = process.communicate(timeout=CEILING)
    return subprocess.CompletedProcess(command, process.returncode, out, err)


def _is_ours(ref: str, own_branch: str) -> bool:
    return ref == f"refs/heads/{own_branch}" or ref.startswith("refs/compas/") or OF_A_CHILD.fullmatch(ref) is not None


def _refs(git_directory: Path) -> Files:
    found: Files = {}
    with contextlib.suppress(OSError):
        for line in (git_directory / "packed-refs").read_text(errors="replace").splitlines():
            if not line.startswith(("#", "^")):
                value, _, name = line.partition(" ")
                found[name] = value
    for name in _paths(git_directory / "refs"):
        path = git_directory / "refs" / name
        if path.is_symlink():
            found[f"refs/{name}"] = f"ref: refs/heads/{os.path.basename(os.readlink(path))}"
        elif path.is_file() and not name.endswith(".lock"):
            found[f"refs/{name}"] = path.read_text(errors="replace").strip()
    return found


def _files(root: Path, leave_out: tuple[str, ...] = ()) -> Files:
    found = {".": _describe(root)}
    for name in _paths(root, leave_out):
        found[name] = _describe(root / name)
    return found


def _paths(root: Path, leave_out: tuple[str, ...] = ()) -> Iterator[str]:
    for directory, folders, names in os.walk(root):
        if directory == str(root):
            folders[:] = [name for name in folders if name not in leave_out]
            names = [name for name in names if name not in leave_out]
        for name in (*folders, *names):
            yield os.path.relpath(os.path.join(directory, name), root)


def _entries(index: Path) -> str:
    """Say what an index holds, without the file times, which git may refresh; nothing for a form not read here."""
    if index.is_symlink() or not index.is_file():
        return ""
    content = index.read_bytes()
    if content[:8] != b"DIRC\0\0\0\2":
        return ""
    found, position = [], 12
    for _ in range(int.from_bytes(content[8:12], "big")):
        end = content.index(b"\0", position + 62)
        mode, object_id = content[position + 24 : position + 28].hex(), content[position + 40 : position + 60].hex()
        flags = int.from_bytes(content[position + 60 : position + 62], "big") & 0xF000
        found.append(f"{mode[-4:]} {object_id[:12]} {flags:04x} {os.fsdecode(content[position + 62 : end])}")
        position += (end - position) // 8 * 8 + 8
    return f"{oct(index.stat().st_mode)} {found}"


def _describe(path: Path) -> str:
    """Say what a path is, without following or opening what is no plain file."""
    try:
        found = os.lstat(path)
    except OSError as error:
        return f"absent ({error.strerror})"
    if stat.S_ISLNK(found.st_mode):
        return f"a link to {os.readlink(path)}"
    if not stat.S_ISREG(found.st_mode):
        return f"{stat.filemode(found.st_mode)}"
    if found.st_size > LARGE:
        return f"{stat.filemode(found.st_mode)} of {found.st_size} bytes"
    try:
        content = path.read_bytes()
    except PermissionError:
        return f"{stat.filemode(found.st_mode)} of {found.st_size} bytes"
    start = content[:40].decode("ascii", "backslashreplace")
    return f"{stat.filemode(found.st_mode)} {hashlib.sha256(content).hexdigest()[:16]} {start!r}"
