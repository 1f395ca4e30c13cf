import os
import socket

from actors.remote.peer import PeerCredentials, peer_credentials


def test_the_system_says_who_connected() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        assert peer_credentials(ours) == PeerCredentials(uid=os.getuid(), pid=os.getpid())
