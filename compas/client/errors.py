"""What can go wrong between a command and its supervisor, beside what the wire itself reports."""

from compas.errors import CompasError


class NotRunningError(CompasError):
    """No supervisor is there, and this client may not start one."""


class StartError(CompasError):
    """A supervisor was started and did not become ready."""


class UnreachableError(CompasError):
    """A supervisor lives but does not answer, or goes away each time it is asked."""
