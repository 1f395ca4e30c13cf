"""What the operating system says about itself: this boot, a clock that counts suspends, adoption of orphans."""

import ctypes
import os
import sys
import time

_PR_SET_CHILD_SUBREAPER = 36
# Opened here, in the fork server, and not by every runner.
_LIBC = None if sys.platform == "darwin" else ctypes.CDLL(None, use_errno=True)


def boot_id() -> str:
    """Return a text that is the same until the machine is booted again."""
    if sys.platform == "darwin":
        import subprocess

        return subprocess.check_output(["/usr/sbin/sysctl", "-n", "kern.bootsessionuuid"], text=True).strip()
    # As bytes: another encoding than UTF-8 would be a module to import in every runner.
    with open("/proc/sys/kernel/random/boot_id", "rb") as file:
        return file.read().decode().strip()


def elapsed_clock() -> float:
    """Return seconds since some moment of this boot; time in suspend counts."""
    if sys.platform == "darwin":
        # There it is the monotonic clock that goes on in sleep (clock_gettime(3)).
        return time.clock_gettime(time.CLOCK_MONOTONIC)
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def adopt_orphans() -> None:
    """Make orphaned descendants children of this process instead of init's.

    macOS has no such thing; there, strays are found by their environment alone.
    """
    if _LIBC is not None and _LIBC.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        error = ctypes.get_errno()
        raise OSError(error, f"cannot become a subreaper: {os.strerror(error)}")
