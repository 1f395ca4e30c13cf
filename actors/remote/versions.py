"""Which versions of the protocol a side speaks, and whether the one that a server chose is among them."""

from typing import Final, NamedTuple

from actors.remote.errors import VersionRefused


class Versions(NamedTuple):
    """The protocol versions a side speaks: every one from `oldest` to `newest` (design §2: N and N-1)."""

    oldest: int = 1
    newest: int = 1

    def __str__(self) -> str:
        return f"{self.newest}" if self.oldest == self.newest else f"{self.oldest} to {self.newest}"


FIRST_VERSION: Final = Versions()


def check_choice(protocol: int, spoken: Versions, *, server: str, client: str) -> None:
    """Check that the server chose a version that the client speaks. Raises VersionRefused."""
    if not spoken.oldest <= protocol <= spoken.newest:
        raise VersionRefused(
            f"the server {server} chose protocol {protocol}, but the client {client} speaks "
            f"{spoken}: upgrade the server"
        )
