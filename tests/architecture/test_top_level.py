"""The top of the repository holds what belongs there and nothing that was written by mistake."""

import subprocess

from tests.kit.places import REPOSITORY

BELONGS = {
    *("actors", "bench", "compas", "docs", "tests", "pyproject.toml", "requirements.lock", "README.md"),
    *("CONTRIBUTING.md", "LICENSE-APACHE", "LICENSE-MIT"),
}


def test_nothing_stands_at_the_top_that_does_not_belong_there() -> None:
    listed = subprocess.run(  # noqa: TID251 - a test without an event loop
        ["git", "ls-files"], cwd=REPOSITORY, capture_output=True, text=True, check=True
    ).stdout
    top = {path.partition("/")[0] for path in listed.splitlines()}
    assert {name for name in top if not name.startswith(".")} <= BELONGS
