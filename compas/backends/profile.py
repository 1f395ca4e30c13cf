"""What compas knows of an agent CLI without loading the code that runs it."""

import re

import msgspec

from compas.backends.credentials import CredentialRule

_VERSION = r"\d+\.\d+\.\d+(?:-[0-9A-Za-z.]+)?"


class BackendProfile(msgspec.Struct, frozen=True, kw_only=True):
    """One built-in backend. `name` is what a config calls it, and the name of its folder; `title` is for people.

    `install` is the command that installs it, `login` how a person logs in to it; `tested` are the versions that the
    adapter is tested with.

    `variables` are those that it and its users' shells know it by, a trailing `*` standing for the rest of a name: a
    supervisor keeps them, and an agent may see them. `marks` are those that it sets for its own children.

    `bypass_flag` makes it work without asking and unconfined, and so do `other_bypass_flags`. With a `confinement`,
    which says how it works otherwise, compas gives the flag only by `safety_mode: auto_approve`; without, always.

    `needs_repository` says that it works in git repositories only. `is_editor` says that compas can be registered with
    it, which the module of its name in `compas.setup.editors` does.
    """

    name: str
    title: str
    command: str
    install: str
    login: str
    tested: tuple[str, ...]
    credentials: CredentialRule
    variables: tuple[str, ...]
    marks: tuple[str, ...]
    bypass_flag: str
    other_bypass_flags: tuple[str, ...] = ()
    confinement: str = ""
    needs_repository: bool = False
    is_editor: bool = False

    @property
    def version_command(self) -> tuple[str, ...]:
        """Return the command that prints its version, without a model call."""
        return (self.command, "--version")

    def version_in(self, output: str) -> str:
        """Return the version in what the command printed, empty when there is none."""
        found = re.search(_VERSION, output)
        return "" if found is None else found[0]

    def note_on(self, version: str) -> str:
        """Say that compas is not tested with a version; empty when it is, or with its neighbours of the same series."""
        if any(_series(version) == _series(one) for one in self.tested):
            return ""
        return f"compas is tested with {' and '.join(self.tested)}; with {version} it has not been tried"


def _series(version: str) -> list[str]:
    return version.split(".")[:2]
