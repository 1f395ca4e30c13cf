"""Lines of output with secrets in every form that agents print them in, and lines that only look like it."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from compas.output.redact import Redactor
from tests.kit.places import DATA

CORPUS = DATA / "redaction"
REPEATED = re.compile(r"\{([^{}\"*]+)\*(\d+)\}")


def written_out(text: str) -> str:
    return REPEATED.sub(lambda match: match[1] * int(match[2]), text)


def hits() -> Iterator[tuple[str, str, str]]:
    for line in (CORPUS / "hits.txt").read_text().splitlines():
        kind, secret, text = map(written_out, line.split("\t"))
        yield kind, secret, text


def near_misses() -> list[str]:
    return (CORPUS / "near_misses.txt").read_text().splitlines()


def decoded(text: str) -> str:
    """Return all strings of a JSON line as a person would see them, those of JSON in JSON too; else the line itself."""
    try:
        return " ".join(strings(json.loads(text)))
    except ValueError:
        return text


def strings(value: Any) -> Iterator[str]:  # noqa: ANN401 - JSON
    match value:
        case str():
            yield decoded(value) if value.startswith("{") else value
        case dict():
            for key, inner in value.items():
                yield key
                yield from strings(inner)
        case list():
            for inner in value:
                yield from strings(inner)


# proves: a-core 163
@pytest.mark.parametrize(("kind", "secret", "line"), list(hits()))
def test_a_secret_is_replaced_whole_and_by_its_kind(kind: str, secret: str, line: str) -> None:
    assert secret in decoded(line), "the corpus is wrong"
    seen = decoded(Redactor().line(line))
    assert f"[REDACTED:{kind}]" in seen
    seen = seen.replace(f"[REDACTED:{kind}]", "")
    assert not [secret[start : start + 6] for start in range(len(secret) - 5) if secret[start : start + 6] in seen]
    if line.startswith("{"):
        assert isinstance(json.loads(Redactor().line(line)), dict)


@pytest.mark.parametrize("line", near_misses())
def test_what_only_looks_like_a_secret_stays(line: str) -> None:
    assert Redactor().line(line) == line
    assert Redactor().line(json.dumps({"text": line})) == json.dumps({"text": line})


def test_secrets_among_many_lines_are_found_as_they_are_alone_and_no_line_is_lost() -> None:
    lines = [line for pair in zip(near_misses() * 4, [hit[2] for hit in hits()] * 4, strict=False) for line in pair]
    assert Redactor().lines(lines) == [Redactor().line(line) for line in lines]
