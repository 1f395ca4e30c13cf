"""Measures how fast output is redacted, against decoding it: `python -m bench.redaction [--seconds S]`."""

import argparse
import json
import random
import sys
import time
from collections.abc import Sequence

import msgspec

from bench.comparison import Deadline, Round, Times, compare
from compas.output.redact import Redactor

LINES = 4000
ROUNDS = 30
PHRASES = (
    "the agent reads a file",
    "and writes tests for it",
    "because token counts",
    "and passwords are parsed here",
    "as a secret of the trade",
)


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print: megabytes a second with and without redaction, and the ratio."""
    parser = argparse.ArgumentParser(prog="python -m bench.redaction", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0, help="after which there are fewer rounds")
    options = parser.parse_args(argv)
    for name, lines in (("no secret", transcript(secret_every=0)), ("one line in 100", transcript(secret_every=100))):
        size = sum(map(len, lines)) / 1e6
        (found,) = compare(_redact(lines), _decode(lines), ROUNDS, Deadline(options.seconds / 2))
        ours, floor = size / found.ours.median, size / found.floor.median
        sys.stdout.write(
            f"{name:16} {size:5.1f} MB: {ours:6.0f} MB/s redacted, {floor:6.0f} MB/s decoded as JSON, "
            f"{found.ratio:5.1f} times as long ({found.n} rounds)\n"
        )
    return 0


def transcript(*, secret_every: int) -> list[str]:
    """Return lines as agent CLIs print them, about 1,500 characters each, the same in every run."""
    rng = random.Random(7)
    made = []
    for number in range(LINES):
        text = " ".join(rng.choices(PHRASES, k=rng.randint(10, 110)))
        if secret_every and number % secret_every == 0:
            text += " ghp_" + "aB3" * 12
        made.append(json.dumps({"type": "assistant", "message": {"id": number, "content": [{"text": text}]}}))
    return made


def _redact(lines: list[str]) -> Round:
    def once() -> Times:
        redactor = Redactor()
        began = time.perf_counter()
        redactor.lines(lines)
        return {"redaction": time.perf_counter() - began}

    return once


def _decode(lines: list[str]) -> Round:
    def once() -> Times:
        began = time.perf_counter()
        for line in lines:
            msgspec.json.decode(line)
        return {"redaction": time.perf_counter() - began}

    return once


if __name__ == "__main__":
    sys.exit(main())
