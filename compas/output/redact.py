"""Replaces secrets in lines by `[REDACTED:<kind>]`; a JSON line stays valid JSON. Pure."""

import re
from collections.abc import Iterator, Sequence

# Every pattern starts with a literal, for which `re` searches many times faster than for anything else;
# conditions on what stands before it are therefore written behind it. No value may take in a quote or a
# backslash: the text may be JSON in JSON, and half an escape sequence would break it. What some encoders escape
# without need (`\\/`, `\\u003d`) is taken in as a whole.
_TOKENS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (kind, re.compile(pattern))
    for kind, pattern in (
        ("aws_key", r"AKIA[0-9A-Z]{16}"),
        ("aws_key", r"ASIA[0-9A-Z]{16}"),
        ("github_token", r"ghp_[A-Za-z0-9_]{36,}"),
        ("github_token", r"ghs_[A-Za-z0-9_]{36,}"),
        ("github_token", r"ghu_[A-Za-z0-9_]{36,}"),
        ("github_token", r"ghr_[A-Za-z0-9_]{36,}"),
        ("github_token", r"github_pat_[A-Za-z0-9_]{36,}"),
        ("github_oauth", r"gho_[A-Za-z0-9_]{36,}"),
        ("stripe_key", r"sk_live_[A-Za-z0-9]{24,}"),
        ("stripe_key", r"sk_test_[A-Za-z0-9]{24,}"),
        ("anthropic_key", r"sk-ant-[A-Za-z0-9_-]{20,}"),
        # The look behind spares words such as "task-" and "disk-".
        ("openai_key", r"sk-(?<![A-Za-z0-9_]sk-)[A-Za-z0-9_-]{20,}"),
        ("google_key", r"AIza[A-Za-z0-9_-]{35}"),
        ("slack_token", r"xox[a-z]-(?=[A-Za-z-]{0,20}[0-9])[A-Za-z0-9-]{10,}"),
        ("npm_token", r"npm_[A-Za-z0-9]{36,}"),
        ("gitlab_token", r"glpat-[A-Za-z0-9_-]{20,}"),
    )
)
_ESCAPED = r"\\+(?:/|u[0-9a-f]{4})"
_NOT_YET = r"""(?!\[redacted:|\$\{?[a-z_][a-z0-9_]*\}?\\*["'])"""
"""Neither replaced already nor a mere variable's name."""
# Searched in the folded text.
_BEARER = re.compile(rf"bearer[ \t]+(?:[a-z0-9._~+/=-]|{_ESCAPED}){{20,}}")
_KEYWORDS = ("password", "passwd", "secret", "token", "api_key", "api-key", "apikey")
_SECRETS: tuple[re.Pattern[str], ...] = tuple(
    re.compile(
        keyword + r"(?:[_-](?:access[_-])?key)?(?:"
        # "key": "value", the quotes escaped alike or not at all
        rf"""(\\*["'])[ \t]*[:=][ \t]*\1{_NOT_YET}((?:[^\s"'\\]|{_ESCAPED}){{8,}})"""
        # key = "value": after a quote that ends a JSON string, none of the first characters can follow
        rf"""|[ \t]*[:=][ \t]*\\*["']{_NOT_YET}([^\s"'\\,:}}\]](?:[^\s"'\\]|{_ESCAPED}){{7,}})"""
        # key=value
        rf"""|[ \t]*(?:[:=]|\\+u003[ad])[ \t]*((?:[a-z0-9/+_-]|\\+/){{16,}}))"""
    )
    for keyword in _KEYWORDS
)

_PEM_BEGIN = "-----BEGIN "
_PEM_END = re.compile(r"-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----")
# Possessive, and no part of it takes "--": many beginnings without an end must not cost their square.
_PEM_ONE_LINE = re.compile(
    r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----"
    # to its end, newlines being escaped any number of times, or else as far as it goes
    r"(?:(?:[A-Za-z0-9+/=:,. \t]++|-(?!-)|\\++[nr])*+-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----"
    r"|(?:[A-Za-z0-9+/=]++|\\++[nr])*+)"
)
_PEM_BODY = re.compile(
    # what a diff, a quotation or a line number puts before it
    r"[ \t]*(?:[0-9]+[ \t]*[→|:\t]|[+>|-])?[ \t]*"
    r"(?:[A-Za-z0-9+/=]*|Proc-Type: .*|DEK-Info: .*|Version: .*|Comment: .*)[ \t\r]*"
)
_PEM_MAX_LINES = 400
_BATCH_LINES = 64

_JSON_TOKEN = re.compile(r'"(?:[^"\\]++|\\.)*+"|[^\s"{}\[\]:,]+')
_ESCAPE = re.compile(r"\\(?:u[0-9A-Fa-f]{4}|.)")


class Redactor:
    """Redacts the lines of one stream, in order: a private key's body may span many lines.

    `patterns` are the operator's own (kinds `custom_0`, `custom_1`, ...). One that does not compile is
    skipped, keeps its number, and is named in `problems` (a-core §21, 164).
    """

    def __init__(self, patterns: Sequence[str] = ()) -> None:
        self.problems: list[str] = []
        self._custom: list[tuple[str, re.Pattern[str]]] = []
        self._pem_lines_left = 0
        for index, pattern in enumerate(patterns):
            try:
                self._custom.append((f"custom_{index}", re.compile(pattern)))
            except re.error as err:
                self.problems.append(f"redaction pattern {index} is skipped, it is no regular expression: {err}")

    def line(self, text: str) -> str:
        """Redact one line, given without its newline."""
        return self._own(self._built_in(text))

    def lines(self, texts: Sequence[str]) -> list[str]:
        """Redact lines, given without their newlines; faster than one by one."""
        redacted: list[str] = []
        for start in range(0, len(texts), _BATCH_LINES):
            batch = list(texts[start : start + _BATCH_LINES])
            # No built-in pattern looks across a newline, so one look at all of them spares most lines theirs.
            if self._pem_lines_left or _may_hold_secret("\n".join(batch)):
                redacted += map(self.line, batch)
            else:
                redacted += map(self._own, batch) if self._custom else batch
        return redacted

    def _own(self, text: str) -> str:
        for kind, pattern in self._custom:
            text = _replace_custom(text, pattern, kind)
        return text

    def _built_in(self, text: str) -> str:
        if self._pem_lines_left:
            text = self._pem_continued(text)
        for kind, pattern in _TOKENS:
            text = pattern.sub(f"[REDACTED:{kind}]", text)
        folded = _fold(text)
        if "bearer" in folded:
            text = _replace(text, [match.span() for match in _BEARER.finditer(folded)], "bearer_token")
            folded = _fold(text)
        if _PEM_BEGIN in text:
            text = self._pem_begun(text)
            folded = _fold(text)
        return _replace(text, sorted(_secret_spans(folded)), "generic_secret")

    def text(self, text: str) -> str:
        """Redact a text of several lines."""
        return "\n".join(self.lines(text.split("\n")))

    def _pem_begun(self, text: str) -> str:
        spans = [match.span() for match in _PEM_ONE_LINE.finditer(text)]
        if spans and not text[spans[-1][1] :].strip() and not _PEM_END.search(text, spans[-1][0]):
            self._pem_lines_left = _PEM_MAX_LINES
        return _replace(text, spans, "pem_key")

    def _pem_continued(self, text: str) -> str:
        self._pem_lines_left -= 1
        end = _PEM_END.search(text)
        if end is not None:
            self._pem_lines_left = 0
            return "[REDACTED:pem_key]" + text[end.end() :]
        if _PEM_BODY.fullmatch(text):
            return "[REDACTED:pem_key]" if text.strip() else text
        self._pem_lines_left = 0
        return text


def _fold(text: str) -> str:
    # Nothing may move by it: U+0130 is the one character whose lower case is longer.
    return text.replace("\u0130", "i").lower()


def _may_hold_secret(text: str) -> bool:
    if _PEM_BEGIN in text or any(pattern.search(text) for _, pattern in _TOKENS):
        return True
    folded = _fold(text)
    return bool(_BEARER.search(folded)) or any(pattern.search(folded) for pattern in _SECRETS)


def _secret_spans(folded: str) -> Iterator[tuple[int, int]]:
    for pattern in _SECRETS:
        for match in pattern.finditer(folded):
            # Group 1 is a quote; one of the others is the value.
            yield match.span(2 if match.group(2) else 3 if match.group(3) else 4)


def _replace(text: str, spans: Sequence[tuple[int, int]], kind: str) -> str:
    """Replace the spans, which are in order; of overlapping ones, the later ones are joined to the first."""
    if not spans:
        return text
    pieces = []
    position = 0
    for start, end in spans:
        if start >= position:
            pieces += [text[position:start], f"[REDACTED:{kind}]"]
        position = max(position, end)
    return "".join([*pieces, text[position:]])


def _replace_custom(text: str, pattern: re.Pattern[str], kind: str) -> str:
    spans = [match.span() for match in pattern.finditer(text) if match.group()]
    stripped = text.strip()
    if spans and stripped[:1] + stripped[-1:] in ("{}", "[]"):
        return _replace_in_json(text, spans, kind)
    return _replace(text, spans, kind)


def _replace_in_json(text: str, spans: Sequence[tuple[int, int]], kind: str) -> str:
    """Replace what the spans touch of strings, and whole numbers and names, as strings; structure stays."""
    pieces = []
    position = first = 0
    for token in _JSON_TOKEN.finditer(text):
        start, end = token.span()
        while first < len(spans) and spans[first][1] <= start:
            first += 1
        last = first
        while last < len(spans) and spans[last][0] < end:
            last += 1
        if last == first:
            continue
        pieces.append(text[position:start])
        if text[start] == '"':
            # Not the quotes themselves.
            inner = [(max(a - start, 1), min(b - start, end - start - 1)) for a, b in spans[first:last]]
            pieces.append(_replace_in_string(token.group(), [(a, b) for a, b in inner if a < b], kind))
        else:
            pieces.append(f'"[REDACTED:{kind}]"')
        position = end
    return "".join([*pieces, text[position:]])


def _replace_in_string(literal: str, spans: Sequence[tuple[int, int]], kind: str) -> str:
    """Replace the spans in a JSON string, and all of an escape sequence that they begin or end within."""
    starts: dict[int, int] = {}
    ends: dict[int, int] = {}
    for match in _ESCAPE.finditer(literal):
        for inside in range(match.start() + 1, match.end()):
            starts[inside], ends[inside] = match.span()
    return _replace(literal, [(starts.get(a, a), ends.get(b, b)) for a, b in spans], kind)
