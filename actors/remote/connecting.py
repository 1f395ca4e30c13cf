"""Says in words why a Unix socket could not be connected to; shared by the trio side and the blocking side."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from actors.remote.errors import ConnectError, ConnectTimeout, PermissionDenied, SocketAbsent, SocketRefused


@contextmanager
def explained_connect(path: str | os.PathLike[str]) -> Iterator[None]:
    """Turns the OSError of a connect in the block into a ConnectError, kept apart by what a client does about it.

    Only SocketAbsent and SocketRefused mean that nobody serves (design §2: start one then, and on no other error).
    """
    try:
        yield
    except FileNotFoundError as error:
        raise SocketAbsent(f"there is no socket at {path}: the server is not running") from error
    except ConnectionRefusedError as error:
        raise SocketRefused(f"nobody listens on the socket {path}: the server that made it is gone") from error
    except PermissionError as error:
        raise PermissionDenied(
            f"the system does not allow to connect to {path} ({error.strerror}); inside a sandbox, allow that path"
        ) from error
    except (BlockingIOError, TimeoutError) as error:
        raise ConnectTimeout(
            f"the server at {path} does not accept connections: it hangs or is flooded; try again, or look at its log"
        ) from error
    except OSError as error:
        raise ConnectError(f"cannot connect to {path}: {error.strerror or error}") from error
