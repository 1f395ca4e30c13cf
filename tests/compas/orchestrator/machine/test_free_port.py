"""A port that somebody listens on, on whatever address, is not leased."""

import socket

import pytest

from compas.orchestrator.machine.free_port import is_free

pytestmark = pytest.mark.system


@pytest.mark.parametrize("address", ["127.0.0.1", "0.0.0.0", "::1"])
def test_a_port_is_free_again_once_its_server_has_gone(address: str) -> None:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as server:
        try:
            server.bind((address, 0))
        except OSError:
            assert family == socket.AF_INET6, "this machine has no IPv6"
            return
        server.listen()
        port = server.getsockname()[1]
        assert not is_free(port)
    assert is_free(port)
