"""What a name was probably meant to be: it begins so, is spelt nearly so, or has it within it."""

import pytest

from compas.suggest import nearest

KNOWN = ("add-health-check", "add-login", "reviewer", "dev", "health", "health-2", "health-3", "health-4")


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("add-h", ("add-health-check",)),
        ("ADD", ("add-health-check", "add-login")),
        ("health", ("health", "health-2", "health-3")),
        ("add-heatlh-check", ("add-health-check",)),
        ("dv", ("dev",)),
        ("check", ("add-health-check",)),
        ("login", ("add-login",)),
        ("ad", ()),
        ("", ()),
        ("something-else", ()),
    ],
)
def test_the_names_that_were_probably_meant(word: str, meant: tuple[str, ...]) -> None:
    assert nearest(word, KNOWN) == meant
