"""What is registered in an editor, compared with what would be."""

from pathlib import Path

import pytest

from compas.setup.errors import SetupError
from compas.setup.registration import Entry, own_program, standing, wanted_entry

HOME = {"HOME": "/home/ada"}
DEFAULT = Path("/home/ada/.compas/config.yaml")
WANTED = wanted_entry(("/bin/compas",), DEFAULT, HOME)


def test_only_a_config_that_is_not_the_default_is_named() -> None:
    assert (WANTED.command, WANTED.args) == ("/bin/compas", ("mcp-server",))
    assert wanted_entry(("/bin/compas",), DEFAULT, {**HOME, "COMPAS_CONFIG": str(DEFAULT)}) == WANTED
    other = wanted_entry(("/py", "-m", "compas"), Path("/x y"), {**HOME, "COMPAS_CONFIG": "/x y"})
    assert other.args == ("-m", "compas", "mcp-server", "--config", "/x y")


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (None, "absent"),
        (Entry(command="/bin/compas", args=("mcp-server",)), "current"),
        (Entry(command="compas", args=("mcp-server",)), "outdated"),
        (Entry(command="/bin/compas", args=("mcp-server", "--config", "/x")), "outdated"),
        (Entry(command="/usr/bin/python", args=("-m", "compas", "mcp-server")), "outdated"),
        (Entry(command="/bin/compass", args=("mcp-server",)), "foreign"),
        (Entry(command="/bin/compas", args=("serve",)), "foreign"),
        (Entry(), "foreign"),
    ],
)
def test_an_entry_of_our_name_is_ours_only_when_it_starts_our_server(entry: Entry | None, expected: str) -> None:
    assert standing(entry, WANTED) == expected


def test_the_command_is_the_one_that_was_called_links_and_all(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("")
    (tmp_path / "real").chmod(0o755)
    (tmp_path / "compas").symlink_to("real")
    assert own_program(str(tmp_path / "compas")) == (str(tmp_path / "compas"),)


def test_called_as_a_module_it_is_the_command_beside_the_interpreter(tmp_path: Path) -> None:
    (tmp_path / "compas").write_text("")
    (tmp_path / "compas").chmod(0o755)
    assert own_program("/x/compas/__main__.py", str(tmp_path / "python")) == (str(tmp_path / "compas"),)


def test_a_source_tree_that_is_not_installed_is_refused_with_how_to_install_it(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="pip install"):
        own_program("/x/compas/__main__.py", str(tmp_path / "python"))
