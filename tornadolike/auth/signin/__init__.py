"""Handlers that sign users in, and hear that they have signed out.

.. code-block:: text

   returning      where users go afterwards: nowhere but to us
   browsers       what is kept of a sign-in in the browser that has begun it
   handler        SignInMixin
   sign_outs      SignOuts: who has signed out elsewhere
   back_channel   BackChannelLogoutMixin: being told of it

The last two are imported when they are asked for: they stand on joserfc, which not every sign-in needs.
"""

from .handler import SignInMixin
from .returning import safe_next

__all__ = ["SignInMixin", "safe_next"]
