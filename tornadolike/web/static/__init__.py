"""Files of the site: :class:`StaticFileHandler`. Its rooms, each of which knows only those above it:

.. code-block:: text

   versions        the hashes of contents, remembered
   content         what is known of a file without a request, and the addresses made with it
   precompressed   a file's siblings in content codings
   partial         a file is sent, or parts of it
   handler         StaticFileHandler, which stands on all of these
"""

from .handler import StaticFileHandler

__all__ = ["StaticFileHandler"]
