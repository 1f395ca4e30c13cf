"""What a request that changes something is known by, so that it takes effect once however often it is sent."""

import msgspec

from compas.domain.decision import Refusal


class RequestId(msgspec.Struct, frozen=True, kw_only=True):
    """The name of a request, with what was asked under it.

    `digest` is that of the operation and its arguments. It is empty for requests of compas' own, whose names hold a
    `:` or a `/`: no client can use such a name.
    """

    name: str
    operation: str = ""
    digest: bytes = b""

    def __str__(self) -> str:
        return self.name

    def part(self, name: str) -> "RequestId":
        """Return the id of a part of this request, which takes effect once by itself."""
        return RequestId(name=f"{self.name}/{name}", operation=self.operation, digest=self.digest)

    def is_what(self, digest: bytes) -> bool:
        """Say whether a request recorded under this name was this one; older logs kept no digest, and are believed."""
        return not digest or not self.digest or digest == self.digest


def own_request(purpose: str, subject: str) -> RequestId:
    """Return the id of a request that compas makes itself, once for each subject."""
    return RequestId(name=f"{purpose}:{subject}")


def refuse_reuse(request: RequestId, used_for: str) -> Refusal:
    """Say that this name belongs to another request, recorded for the operation `used_for`."""
    earlier = f"{used_for} with other arguments" if used_for == request.operation else (used_for or "another operation")
    sentence = (
        f"the request id {request.name!r} was used for {earlier} before, so nothing was done; "
        "give each request an id of its own, and repeat an id only with the very same request"
    )
    return Refusal(code="request_id_reused", message=sentence)
