"""What is written here is for whoever carries on: no notes to oneself, no places or numbers only we know."""

import re
from collections.abc import Callable, Collection, Iterator
from pathlib import Path

import pytest

Plant = Callable[[dict[str, str]], Path]

FOLDERS = ("actors", "bench", "compas", "docs", "tests")
SUFFIXES = (".json", ".jsonl", ".md", ".py", ".sh", ".sql", ".toml", ".yaml", ".yml")

# Written a little askew, or this file would report itself.
BANNED: dict[str, re.Pattern[str]] = {
    "a note to oneself; finish it, or write a decision": re.compile(r"\b(T[O]DO|F[I]XME|X[X]X|H[A]CK)\b"),
    "a path of one machine": re.compile(r"(?<![\w.~})/])/(w[o]rk|r[o]ot)(?![\w.-])"),
    "the number of an issue": re.compile(r"(?i)\b(issue|ticket|pull request|PR)s?\s*#\s*\d+|/(issues|pull)/\d+"),
}

EXCEPTIONS: dict[tuple[str, str], str] = {
    # (path, what is banned): the reason
}


def banned_words(root: Path, exceptions: Collection[tuple[str, str]] = EXCEPTIONS) -> list[str]:
    """Return each line that holds something of the table."""
    return [
        f"{relative}:{number}: holds {what}: {line.strip()[:80]}"
        for path in _texts(root)
        for relative in [path.relative_to(root).as_posix()]
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1)
        for what, pattern in BANNED.items()
        if pattern.search(line) and (relative, what) not in exceptions
    ]


def _texts(root: Path) -> Iterator[Path]:
    yield from (path for path in sorted(root.iterdir()) if path.is_file() and path.suffix in SUFFIXES)
    for folder in FOLDERS:
        for path in sorted((root / folder).rglob("*")):
            if path.is_file() and path.suffix in SUFFIXES:
                yield path


def test_nothing_written_here_needs_its_writer(repository: Path) -> None:
    assert banned_words(repository) == []


def test_every_word_exception_is_still_needed(repository: Path) -> None:
    assert [row for row in EXCEPTIONS if not banned_words(repository, EXCEPTIONS.keys() - {row})] == []


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("compas/store/log.py", "# TO" + "DO: sync"),
        ("docs/guide.md", "FIX" + "ME later"),
        ("tests/test_x.py", "# X" + "XX why"),
        ("actors/cell.py", "# HA" + "CK"),
        ("README.md", "see /" + "work/main"),
        ("bench/run.py", "PLACE = '/" + "work'"),
        ("compas/git/merge.py", "# see issue " + "#12"),
        ("CONTRIBUTING.md", "fixed in PR " + "#3"),
        ("docs/guide.md", "https://example.org/compas/issues" + "/7"),
    ],
)
def test_a_banned_word_is_found(plant: Plant, path: str, text: str) -> None:
    assert len(banned_words(plant({path: text}))) == 1


def test_ordinary_words_that_look_alike_are_fine(plant: Plant) -> None:
    text = "todo hacks tmp_path/work docs/work.md ~/work/x the issue # of a magazine 'db:12' f'{x}/work/y'"
    assert banned_words(plant({"docs/guide.md": text})) == []
