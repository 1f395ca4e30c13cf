"""Says that supervisor and client are of two versions, where something has failed that may come of that."""

from compas.distribution import installed_version

_PREFIX = "compas/"


def versions_differ(server: object, own: str | None = None, *, client: str = "this client") -> str:
    """Return a sentence that names both versions and what to do; empty where they are the same or not known.

    `server` is what a supervisor's welcome says of it, `own` the client's version, by default the installed
    one, and `client` what it calls itself.
    """
    own = installed_version("") if own is None else own
    if not own or not isinstance(server, str) or not server.startswith(_PREFIX):
        return ""
    theirs = server.removeprefix(_PREFIX)
    if theirs == own:
        return ""
    shown = "".join(char for char in theirs if char.isprintable())
    return f"the supervisor is of version {shown}, {client} of {own}; `compas restart` brings it along"


def with_versions(message: str, server: object) -> str:
    """Return an error's message, with both versions where they differ."""
    found = versions_differ(server)
    return f"{message}; {found}" if found else message
