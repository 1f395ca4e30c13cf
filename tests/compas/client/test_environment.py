"""A supervisor started by an editor and one started by a shell find the same environment."""

from pathlib import Path

from compas.client.environment import supervisor_environment


def test_only_the_documented_variables_are_kept() -> None:
    given = {
        "PATH": "/bin",
        "HTTPS_PROXY": "p",
        "LC_TIME": "C",
        "GIT_INDEX_FILE": "x",
        "VSCODE_PID": "1",
        "COMPAS_RUN_TOKEN": "t",
    }
    kept = supervisor_environment(given)
    kept.pop("PYTHONPATH", None)  # present when the tests run from a source tree
    assert kept == {"PATH": "/bin", "HTTPS_PROXY": "p", "LC_TIME": "C"}


def test_relative_places_are_made_absolute_because_the_supervisor_stands_elsewhere() -> None:
    kept = supervisor_environment({"COMPAS_STATE_DIR": "state", "COMPAS_CONFIG": "~/c.yaml"})
    assert kept["COMPAS_STATE_DIR"] == str(Path("state").absolute())
    assert kept["COMPAS_CONFIG"] == "~/c.yaml"


def test_a_variable_that_only_looks_like_a_kept_one_is_dropped() -> None:
    assert "PATHEXT" not in supervisor_environment({"PATHEXT": ".x"})
