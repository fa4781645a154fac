"""Handlers that sign users in.

.. code-block:: text

   returning   where users go afterwards: nowhere but to us
   browsers    what is kept of a sign-in in the browser that has begun it
   handler     SignInMixin
"""

from .handler import SignInMixin
from .returning import safe_next

__all__ = ["SignInMixin", "safe_next"]
