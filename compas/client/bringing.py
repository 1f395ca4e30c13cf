"""What a client brings of its shell beside its requests; see `compas.domain.bringing`."""

from collections.abc import Mapping

from compas.client.reach import EXECUTION_VARIABLE, TOKEN_VARIABLES
from compas.domain.bringing import ONLY_MISSING, brought_along


class Bringing:
    """Knows the environment of one client. Inside an execution nothing is brought: an agent has what it was given.

    With `is_lasting` the client runs for hours, so that its variables may be older than what the supervisor has.
    """

    def __init__(self, environ: Mapping[str, str], *, is_lasting: bool = False) -> None:
        is_inside = any(environ.get(name) for name in (EXECUTION_VARIABLE, *TOKEN_VARIABLES))
        self._environ = {} if is_inside else environ
        self._is_lasting = is_lasting

    def beside(self, op: str, welcome: Mapping[str, str]) -> dict[str, str]:
        """Return what stands beside a request for `op`; `welcome` is what the supervisor's greeting says."""
        found = brought_along(op, welcome, self._environ)
        return {**found, ONLY_MISSING: "yes"} if found and self._is_lasting else found


NOTHING = Bringing({})
"""Of a client that has no shell of its own."""
