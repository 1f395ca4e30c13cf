"""Keep tests/requirements.toml and docs/behaviour.md true to the `# proves:` lines above the tests.

    python -m tests.architecture.requirements report      how many are proved, superseded and still open
    python -m tests.architecture.requirements sync        write requirements.toml and the document anew
    python -m tests.architecture.requirements document    write docs/behaviour.md

A test says what it proves in a comment directly above it (or above its decorators):

    # proves: a-core 23, b-mcp-cli-merge 5
    async def test_a_retry_of_a_closed_thread_is_cancelled() -> None:
"""

import argparse
import itertools
import json
import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import msgspec

from tests.architecture.proofs import Proofs, read_proofs
from tests.kit.places import REPOSITORY

REQUIREMENTS = "tests/requirements.toml"
DOCUMENT = "docs/behaviour.md"
OPEN = "todo"

AREAS: dict[str, dict[int, str]] = {
    # area: {first row: heading of the part that begins there}; the last one is one past the end
    "a-core": {
        1: "Store, threads and messages",
        11: "From a dispatch to a running agent",
        34: "Executions, processes and logs",
        58: "Worktrees of executions",
        75: "Backends",
        97: "Conversations and telemetry",
        108: "Completion, retry and circuit breaker",
        123: "Handoffs, fan-out and waiting",
        142: "Closing, recovery, schedules and redaction",
        170: "",
    },
    "b-mcp-cli-merge": {
        1: "Dispatching",
        20: "Waiting for messages",
        52: "Looking at messages",
        56: "Closing and abandoning",
        73: "Committing",
        77: "Merging",
        108: "Waiting for a merge, and the command line",
        117: "Worktrees and their cleanup",
        127: "Logs, status, health and limits",
        141: "",
    },
    "c-config-dashboard": {
        1: "Loading a configuration",
        10: "Checking a configuration",
        46: "Taking up a changed configuration",
        54: "Schedules",
        64: "Hooks and notifications",
        75: "Setting up, and the doctor",
        92: "Dashboard",
        131: "",
    },
}


class Row(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One requirement as written in the file. Just one of `test` and `superseded` is there."""

    id: str
    says: str
    test: str | list[str] | None = None
    superseded: str | None = None

    def tests(self) -> list[str]:
        """Return the proving tests, each as `path::function`."""
        if self.test is None or self.test == OPEN:
            return []
        return [self.test] if isinstance(self.test, str) else self.test


class Rows(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole file."""

    requirement: list[Row]


def read_rows(root: Path) -> list[Row]:
    """Read the requirements of this tree.

    Raises: msgspec.DecodeError, naming the row, when the file is not of the form above.
    """
    return msgspec.toml.decode((root / REQUIREMENTS).read_bytes(), type=Rows).requirement


def sizes() -> dict[str, int]:
    """Return how many rows each area has."""
    return {area: max(parts) - 1 for area, parts in AREAS.items()}


def problems(root: Path, areas: dict[str, int] | None = None) -> list[str]:
    """Return, in words, everything in which the requirements and the tests disagree."""
    rows = read_rows(root)
    proofs = read_proofs(root)
    wanted = [f"{area} {number}" for area, size in (areas or sizes()).items() for number in range(1, size + 1)]
    return [*_row_problems(rows, wanted), *_proof_problems(rows, proofs)]


def _row_problems(rows: list[Row], wanted: list[str]) -> Iterator[str]:
    ids = Counter(row.id for row in rows)
    sentences = Counter(row.says for row in rows)
    yield from (f"{row}: is missing" for row in wanted if row not in ids)
    yield from (f"{row}: is no row of ours" for row in ids if row not in wanted)
    yield from (f"{row}: is there {count} times" for row, count in ids.items() if count > 1)
    for row in rows:
        if not row.says.strip().endswith(".") or row.says != row.says.strip():
            yield f"{row.id}: `says` is not a sentence: {row.says!r}"
        if sentences[row.says] > 1:
            yield f"{row.id}: another row says the same: {row.says}"
        if (row.test is None) == (row.superseded is None):
            yield f"{row.id}: has to have either `test` or `superseded`"
        if row.superseded is not None and not row.superseded.strip():
            yield f"{row.id}: `superseded` gives no reason"


def _proof_problems(rows: list[Row], proofs: Proofs) -> Iterator[str]:
    yield from proofs.stray
    by_id = {row.id: row for row in rows}
    for row in rows:
        for test in row.tests():
            if test not in proofs.tests:
                yield f"{row.id}: names {test}, which does not exist"
            elif test not in proofs.cited.get(row.id, []):
                yield f"{row.id}: names {test}, which has no line `# proves: {row.id}`"
        if row.test is not None and not row.tests() and row.test != OPEN:
            yield f"{row.id}: names no test; write test = {OPEN!r}"
    for cited, tests in proofs.cited.items():
        if cited not in by_id:
            yield f"{tests[0]}: cites {cited!r}; a citation is `<area> <number>`, several with commas between"
        elif by_id[cited].superseded is not None:
            yield f"{tests[0]}: cites {cited}, which is superseded"
        else:
            for test in tests:
                if test not in by_id[cited].tests():
                    yield f"{cited}: does not name {test}; run `python -m tests.architecture.requirements sync`"


def synced(text: str, proofs: Proofs) -> str:
    """Return the text of requirements.toml with every `test` as the tests say it; nothing else changes."""
    lines = text.splitlines(keepends=True)
    current = ""
    for number, line in enumerate(lines):
        if match := re.fullmatch(r'id = "(.*)"\n', line):
            current = match[1]
        elif line.startswith("test = "):
            tests = proofs.cited.get(current, [])
            value = json.dumps(tests[0] if len(tests) == 1 else tests or OPEN)
            lines[number] = f"test = {value}\n"
    return "".join(lines)


def counts(rows: list[Row]) -> list[tuple[str, int, int, int]]:
    """Return for each area how many rows are proved, superseded and open."""
    found = []
    for area in sorted({_area(row) for row in rows}):
        here = [row for row in rows if _area(row) == area]
        proved = sum(1 for row in here if row.tests())
        superseded = sum(1 for row in here if row.superseded is not None)
        found.append((area, proved, superseded, len(here) - proved - superseded))
    return found


def _area(row: Row) -> str:
    return row.id.rpartition(" ")[0]


def report(rows: list[Row]) -> str:
    """Return the counts as a table for the terminal."""
    table = counts(rows)
    total = (
        "all",
        sum(line[1] for line in table),
        sum(line[2] for line in table),
        sum(line[3] for line in table),
    )
    lines = [f"{'':20}{'proved':>8}{'superseded':>12}{'open':>6}"]
    lines += [f"{area:20}{proved:>8}{gone:>12}{left:>6}" for area, proved, gone, left in (*table, total)]
    return "\n".join(lines) + "\n"


INTRODUCTION = """\
# What compas promises

Written by `python -m tests.architecture.requirements document` from `tests/requirements.toml`; edit that file.

Each row is an edge case somebody met or could meet. A row is **proved** by the tests named with it, **open** while no
test proves it, or **superseded**, with the reason, where compas decides otherwise. The names of the rows (`a-core 1`)
are names and nothing more; code and tests cite them.
"""


def document(rows: list[Row]) -> str:
    """Return the whole of docs/behaviour.md."""
    parts = [INTRODUCTION, "| area | proved | superseded | open |\n| --- | ---: | ---: | ---: |"]
    parts[-1] += "".join(f"\n| {area} | {yes} | {gone} | {left} |" for area, yes, gone, left in counts(rows))
    by_id = {row.id: row for row in rows}
    for area, headings in AREAS.items():
        starts = sorted(headings)
        for start, end in itertools.pairwise(starts):
            found = [by_id[row] for number in range(start, end) if (row := f"{area} {number}") in by_id]
            if found:
                table = "\n".join(_line(row) for row in found)
                parts.append(f"\n## {headings[start]}\n\n| row | promise | state |\n| --- | --- | --- |\n{table}")
    return "\n".join(parts) + "\n"


def _line(row: Row) -> str:
    if row.superseded is not None:
        state = f"superseded: {row.superseded}"
    elif tests := row.tests():
        state = "proved by " + ", ".join(f"`{test}`" for test in tests)
    else:
        state = "open"
    return f"| {row.id} | {_cell(row.says)} | {_cell(state)} |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def main(arguments: list[str], root: Path) -> int:
    """Run one command on a tree; return 1 when requirements and tests still disagree after it."""
    parser = argparse.ArgumentParser(description="Keep the requirements true to the tests.")
    parser.add_argument("command", choices=("report", "sync", "document"))
    command = parser.parse_args(arguments).command
    if command == "sync":
        path = root / REQUIREMENTS
        path.write_text(synced(path.read_text(encoding="utf-8"), read_proofs(root)), encoding="utf-8")
    if command in ("sync", "document"):
        (root / DOCUMENT).write_text(document(read_rows(root)), encoding="utf-8")
    found = problems(root)
    print(report(read_rows(root)), end="")
    print("".join(f"{line}\n" for line in found), end="")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], REPOSITORY))
