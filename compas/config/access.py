"""Who else could change a config file. It says which programs run, so that whoever writes it acts as its user."""

import grp
import os
import pwd
import shlex
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec


class Access(msgspec.Struct, frozen=True, kw_only=True):
    """What was found: why the file is not used, with the command that mends it, and what is merely doubtful."""

    refusal: str | None = None
    remedy: str = ""
    doubts: tuple[str, ...] = ()


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """A file or directory on the way: its `st_mode`, and the owner and the group, None where they are trusted."""

    path: str
    mode: int
    owner: str | None = None
    group: str | None = None


def look_at_access(path: Path) -> Access:
    """Look at a file and at every directory on the way to it, through links too."""
    places = []
    for place in _way_to(path):
        try:
            found = os.stat(place)
        except OSError:
            continue  # reading the file tells in better words
        trusted = found.st_uid in (0, os.geteuid())
        places.append(
            Place(
                path=str(place),
                mode=found.st_mode,
                owner=None if trusted else _user(found.st_uid),
                group=None if _is_private(found.st_gid) else _group(found.st_gid),
            )
        )
    return judge(places)


def judge(places: Iterable[Place]) -> Access:
    """Say who else can change what is read (docs/decisions/0023).

    Refused is what every user of the machine can change. A group, or another owner, is a doubt: there are machines
    where that is meant. A directory in which users cannot touch each other's files, such as /tmp, is neither.
    """
    doubts = []
    for place in places:
        mode = stat.S_IMODE(place.mode)
        is_shared_directory = bool(stat.S_ISDIR(place.mode) and mode & stat.S_ISVTX)
        what = f"{place.path} (mode {mode:04o}), and so make agents run anything"
        if mode & stat.S_IWOTH and not is_shared_directory:
            remedy = f"chmod o-w {shlex.quote(place.path)}"
            return Access(refusal=f"every user of this machine can write {what}; {remedy}", remedy=remedy)
        if mode & stat.S_IWGRP and not is_shared_directory and place.group is not None:
            doubts.append(f"the group {place.group} can write {what}; chmod g-w {shlex.quote(place.path)}")
        if place.owner is not None:
            doubts.append(f"{place.path} belongs to {place.owner}, who can make agents run anything by it")
    return Access(doubts=tuple(doubts))


def _way_to(path: Path) -> Iterator[Path]:
    """Yield the file that is read, then the directories that decide which one that is."""
    real = Path(os.path.realpath(path))
    yield real
    yield from dict.fromkeys((*real.parents, *path.parents))


def _is_private(group: int) -> bool:
    """Say whether a group is the system's, or one that this user is alone in, as most systems make for each user."""
    if group == 0:
        return True
    try:
        own, found = pwd.getpwuid(os.geteuid()), grp.getgrgid(group)
    except KeyError:
        return False
    return group == own.pw_gid and found.gr_name == own.pw_name and set(found.gr_mem) <= {own.pw_name}


def _group(group: int) -> str:
    try:
        return grp.getgrgid(group).gr_name
    except KeyError:
        return str(group)


def _user(user: int) -> str:
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return f"the user {user}"
