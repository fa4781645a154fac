"""From a request to a handler and back, natively where all that stands between is known. See dispatch.pyx."""

from .request cimport HotRequest
from .exchange cimport Exchange

cdef class Dispatcher:
    # Answer `request` (its body is whole). Raises nothing that concerns the application: what fails there is answered.
    cdef int serve(self, Exchange connection, HotRequest request) except -1
