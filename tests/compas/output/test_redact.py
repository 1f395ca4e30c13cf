import json

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from compas.output.redact import Redactor

A = "aB3" * 30
SECRETS = [
    ("aws_key", "AKIA" + "A1" * 8),
    ("aws_key", "ASIA" + "A1" * 8),
    ("github_token", "ghp_" + A[:36]),
    ("github_token", "ghs_" + A[:40]),
    ("github_token", "github_pat_" + A[:60]),
    ("github_oauth", "gho_" + A[:36]),
    ("stripe_key", "sk_live_" + A[:24]),
    ("stripe_key", "sk_test_" + A[:24]),
    ("anthropic_key", "sk-ant-api03-" + A[:40]),
    ("openai_key", "sk-proj-" + A[:40]),
    ("google_key", "AIza" + A[:35]),
    ("slack_token", "xoxb-1234567890-" + A[:12]),
    ("npm_token", "npm_" + A[:36]),
    ("bearer_token", "Bearer " + A[:30]),
    ("bearer_token", "bearer  " + A[:30]),
]
PEM = "-----BEGIN {0}PRIVATE KEY-----\nMIIEow" + "aB+/" * 14 + "\n" + "xY9=" * 16 + "\n-----END {0}PRIVATE KEY-----"


# proves: a-core 162
@pytest.mark.parametrize(("kind", "secret"), SECRETS)
def test_each_known_form_is_replaced_by_its_kind_also_twice_in_a_line(kind: str, secret: str) -> None:
    mark = f"[REDACTED:{kind}]"
    assert Redactor().line(f"use {secret}, or {secret}!") == f"use {mark}, or {mark}!"


# proves: a-core 162
@pytest.mark.parametrize(
    "text",
    [
        "",
        "an ordinary line about tokens, secrets and a password",
        "input_tokens: 123456789012345678901234567890",
        '{"usage": {"input_tokens": 1200, "cache_read_input_tokens": 15000}}',
        "a branch called task-implement-the-password-dialog-again",
        "disk-usage-report-of-the-whole-night",
        "token = read()",
        "the bearer of this letter",
        "-----BEGIN CERTIFICATE-----",
        "PASSWORD:",
        "İstanbul: password stays, İİİ",
    ],
)
def test_ordinary_text_is_unchanged(text: str) -> None:
    assert Redactor().line(text) == text


# proves: a-core 163
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("password=0123456789abcdef", "password={}"),
        ("API_KEY: 0123456789abcdef", "API_KEY: {}"),
        ("Secret = '0123456789abcdef'", "Secret = '{}'"),
        ('{"password": "correct-horse!"}', '{"password": "{}"}'),
        ('{"t": "{\\"password\\": \\"correct-horse!\\"}"}', '{"t": "{\\"password\\": \\"{}\\"}"}'),
        ('export API_KEY=\\"0123456789abcdef\\"', 'export API_KEY=\\"{}\\"'),
        ("aws_secret_access_key = 0123456789abcdef/+", "aws_secret_access_key = {}"),
        ('"aws_secret_access_key": "0123456789abcdef"', '"aws_secret_access_key": "{}"'),
        ("İ password=0123456789abcdef", "İ password={}"),
        ("{'client_secret': 'abcdefgh'}", "{'client_secret': '{}'}"),
    ],
)
def test_values_that_a_keyword_gives_away_are_replaced_and_the_keyword_kept(text: str, expected: str) -> None:
    assert Redactor().line(text) == expected.replace("{}", "[REDACTED:generic_secret]")


def test_a_value_that_was_recognised_by_its_form_keeps_that_kind() -> None:
    line = json.dumps({"token": "ghp_" + A[:36]})
    assert Redactor().line(line) == '{"token": "[REDACTED:github_token]"}'


# proves: a-core 163
@pytest.mark.parametrize("form", ["", "RSA ", "EC ", "OPENSSH ", "ENCRYPTED "])
def test_a_private_key_is_replaced_with_its_body_over_lines_and_within_json(form: str) -> None:
    key = PEM.format(form)
    over_lines = Redactor().text(f"before\n{key}\nafter")
    assert over_lines == "before\n" + "[REDACTED:pem_key]\n" * 4 + "after"
    for depth in range(3):
        text = f"before\n{key}\nafter"
        for _ in range(depth):
            text = json.dumps(text)
        line = json.dumps({"file": text})
        redacted = json.loads(Redactor().line(line))["file"]
        for _ in range(depth):
            redacted = json.loads(redacted)
        assert redacted == "before\n[REDACTED:pem_key]\nafter"


def test_a_private_key_in_a_diff_or_with_line_numbers_is_replaced() -> None:
    key = PEM.format("EC ").splitlines()
    assert "aB+/" not in Redactor().text("\n".join("+" + line for line in key))
    assert "aB+/" not in Redactor().text("\n".join(f"  {number}→{line}" for number, line in enumerate(key)))


@pytest.mark.parametrize(
    "unit",
    [
        "-----BEGIN PRIVATE KEY-----",
        "token",
        "token=",
        "password\\",
        'secret"',
        "bearer ",
        "sk-",
        " ",
        "\\n",
        '"1" ',
    ],
)
def test_no_line_takes_longer_than_its_length_warrants(unit: str) -> None:
    """A quadratic pattern would keep this test from ending."""
    line = unit * (300_000 // len(unit))
    Redactor((r"\d",)).line("{" + line + "}")
    Redactor().line("-----BEGIN PRIVATE KEY-----" + line)


def test_after_an_unfinished_private_key_ordinary_lines_are_left_alone() -> None:
    text = "-----BEGIN PRIVATE KEY-----\nan ordinary sentence.\nMIIE"
    assert Redactor().text(text) == "[REDACTED:pem_key]\nan ordinary sentence.\nMIIE"


# proves: a-core 163
def test_own_patterns_have_their_own_numbers_and_a_broken_one_is_named() -> None:
    redactor = Redactor((r"ACME-\d+", "(", r"x{3}"))
    assert redactor.line("ACME-12 xxx") == "[REDACTED:custom_0] [REDACTED:custom_2]"
    assert [problem for problem in redactor.problems if "pattern 1 " in problem] == redactor.problems
    assert len(redactor.problems) == 1


@pytest.mark.parametrize(
    ("pattern", "line", "expected"),
    [
        (r"\d{4}", '{"pin": 4711}', '{"pin": "[REDACTED:custom_0]"}'),
        (r'"pin": ?"\d+"', '{"pin": "4711"}', '{"[REDACTED:custom_0]": "[REDACTED:custom_0]"}'),
        (r"n", r'{"a": "x\ny"}', r'{"a": "x[REDACTED:custom_0]y"}'),
        (r"true", '[true, "true"]', '["[REDACTED:custom_0]", "[REDACTED:custom_0]"]'),
    ],
)
def test_own_patterns_leave_json_valid_whatever_they_match(pattern: str, line: str, expected: str) -> None:
    assert Redactor((pattern,)).line(line) == expected
    json.loads(expected)


fragments = st.sampled_from(
    [secret for _, secret in SECRETS]
    + [
        "password",
        "token",
        "Secret",
        "api_key",
        "_access_key",
        "=",
        ":",
        " ",
        '"',
        "'",
        "\\",
        "\n",
        "\t",
        "ü",
        "İ",
        "[",
        "{",
        ",",
    ]
    + [
        "0123456789abcdef01",
        "Bearer ",
        PEM.format(""),
        PEM.format("EC ")[:60],
        "-----END PRIVATE KEY-----",
        "\U0001f600",
    ]
)
texts = st.lists(fragments | st.text(max_size=5), max_size=8).map("".join)
values = st.recursive(
    texts | st.integers() | st.booleans() | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)


# An escaped newline behind the keyword; a keyword that ends its string; JSON in JSON.
@settings(max_examples=150, deadline=None)
@given(st.dictionaries(texts, values, max_size=4) | st.lists(values, max_size=4), st.booleans())
@example(["token:\n0123456789abcdef"], True)
@example(["token='", ",0123456789abcdef"], True)
@example(["token\\", {"token": "\\" * 9}], True)
@example({"password": json.dumps({"token": "0123456789abcdef"})}, True)
def test_a_json_line_stays_valid_json(value: object, escape: bool) -> None:
    line = json.dumps(value, ensure_ascii=escape)
    json.loads(Redactor().line(line))
    json.loads(Redactor((r"\d+", r"e.", r'[":\\]+', r"[nu]")).line(line))


@settings(max_examples=60, deadline=None)
@given(st.lists(texts.map(lambda text: text.replace("\n", " ")), max_size=150))
def test_many_lines_at_once_give_what_they_give_one_by_one(lines: list[str]) -> None:
    one_by_one = Redactor((r"\d\d",))
    assert Redactor((r"\d\d",)).lines(lines) == [one_by_one.line(line) for line in lines]


@given(texts)
def test_redacting_twice_changes_nothing_more(text: str) -> None:
    once = Redactor().text(text)
    assert Redactor().text(once) == once
