"""Which file is run for a command: one answer for those who run it and those who check it (c-config 67)."""

import shutil


def find_program(command: str, path: str) -> str | None:
    """Return the file that is run for a command on this PATH, or None; relative directories on it do not count."""
    if "/" in command:
        return shutil.which(command) if command.startswith("/") else None
    absolute = ":".join(place for place in path.split(":") if place.startswith("/"))
    return shutil.which(command, path=absolute) if absolute else None


def missing_program(command: str) -> str:
    """Say that there is no such program, and where one was looked for."""
    if command.startswith("/"):
        return f"{command} is not there, or is not executable"
    if "/" in command:
        return f"{command} is a relative path; write it absolute"
    return f"no program {command} was found on PATH, or it is not executable"
