"""Whether anybody on this machine uses a port."""

import errno
import socket


def is_free(port: int) -> bool:
    """Say whether a server could listen on this TCP port now, on every address of the machine. Never waits."""
    families = [socket.AF_INET, socket.AF_INET6] if socket.has_ipv6 else [socket.AF_INET]
    return all(_can_bind(family, port) for family in families)


def _can_bind(family: socket.AddressFamily, port: int) -> bool:
    try:
        probe = socket.socket(family, socket.SOCK_STREAM)
    except OSError:
        return True  # this machine has no such addresses, so nobody listens on one
    with probe:
        if family == socket.AF_INET6:
            probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        try:
            probe.bind(("", port))
        except OSError as error:
            # Only a port that is taken is taken; an address family that is switched off is not.
            return error.errno in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)
    return True
