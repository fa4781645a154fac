"""A certificate for the servers of tests."""

import atexit
import functools
import os
import shutil
import tempfile

from ..tls.development import DevelopmentCertificate, development_certificate


@functools.cache
def local_certificate() -> DevelopmentCertificate:
    """A certificate for ``localhost``, ``127.0.0.1`` and ``::1``, and the authority that signed it.

    .. code-block:: python

        certificate = local_certificate()
        app.listen(8443, ssl_options=certificate.ssl_options)
        await client.fetch(url, ca_certs=certificate.ca_certs)  # verifies it

    It is made when it is asked for first, once in a process, and its files go with the process. For others, such as
    one that has expired, see :mod:`tornadolike.tls.making`.
    """
    folder = tempfile.mkdtemp(prefix="tornadolike-testing-")
    atexit.register(_remove, folder, os.getpid())
    return development_certificate(folder)


def _remove(folder: str, owner: int) -> None:
    if os.getpid() == owner:  # and not in a child that was forked
        shutil.rmtree(folder, ignore_errors=True)
