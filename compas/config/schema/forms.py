"""The forms that strings in the config file have to match, each with the words that describe it."""

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Form:
    """A pattern for a whole string, and how to say it to a person."""

    pattern: re.Pattern[str]
    words: str


FORMS: dict[str, Form] = {
    "nonblank": Form(re.compile(r"(?s).*\S.*"), "text that is not blank"),
    "nonempty": Form(re.compile(r"(?s).+"), "text that is not empty"),
    "label": Form(re.compile(r"[^\x00-\x1f\x7f-\x9f\u2028\u2029]{1,200}"), "1 to 200 characters on one line"),
    "alias": Form(
        re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}"),
        "1 to 64 letters, digits, '_', '.' or '-', not beginning with '.' or '-'",
    ),
    "slug": Form(
        re.compile(r"[a-z0-9]+(-[a-z0-9]+)*"),
        "lower-case letters and digits, with single dashes between them, such as changes-requested",
    ),
    "variable": Form(re.compile(r"[^=\0]+"), "the name of an environment variable"),
    "duration": Form(re.compile(r"[1-9][0-9]{0,8}[smhdw]"), "a number with s, m, h, d or w, such as 30d"),
    "time": Form(re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]"), 'a time of day, such as "22:00"'),
    "inside": Form(
        re.compile(r"(?!/|~)(?!(?:.*/)?\.\.(?:/|$)).*\S.*"),
        "a path inside the repository, relative and without '..'",
    ),
}
