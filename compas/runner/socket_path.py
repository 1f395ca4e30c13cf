"""Names the runner's socket in a form that fits the 100-odd bytes a socket's address may have."""

import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator


@contextlib.contextmanager
def socket_address(directory: int, path: str | os.PathLike[str], name: str) -> Iterator[str]:
    """Give an address for `name` in a directory, however long its path is; good inside of the block.

    Linux goes by the directory's descriptor. macOS has none of that, so there a short symbolic link in a
    private directory leads to it.
    """
    if sys.platform == "darwin":
        private = tempfile.mkdtemp(prefix="cmp-", dir="/tmp")
        link = os.path.join(private, "d")
        try:
            os.symlink(os.path.abspath(path), link)
            yield os.path.join(link, name)
        finally:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(link)
            os.rmdir(private)
    else:
        yield f"/proc/self/fd/{directory}/{name}"
