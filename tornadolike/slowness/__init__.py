"""What is slow, and where: how late the loop is.

.. code-block:: text

   lag        LoopLag: how late the loop is, cheap enough to be asked always
"""

from .lag import LoopLag

__all__ = ["LoopLag"]
