"""Passkeys (WebAuthn): users sign in with what their telephone, their computer or a security key keeps for them.

.. code-block:: python

    passkeys = Passkeys("example.org", "Example", ["https://example.org"], storage)

    class PasskeySignIn(PasskeySignInMixin, RequestHandler):
        passkeys = passkeys

        async def signed_in(self, passkey, next):
            self.session.rotate()
            self.session["user"] = passkey.user

``py_webauthn`` checks what authenticators say (it needs ``pip install tornadolike[passkeys]``); what is asked, of whom,
how long it may be answered and that it is answered once, is here. Its rooms, each of which knows only those above it:

.. code-block:: text

   errors        what does not work, in words for programs and for users
   storage       a passkey, and where passkeys are kept
   challenges    what has been asked, and is to be answered
   answers       what browsers send, before anybody believes it
   keys          public keys that are good enough
   places        for which pages a site's passkeys are
   ceremonies    Passkeys: registering one, signing in with one
   handlers      the same for browsers, as JSON
   script        what pages need for it
"""

try:
    import webauthn  # noqa: F401 - whether it is there
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        "passkeys need webauthn, which is not installed: pip install tornadolike[passkeys]",
        name=error.name,
    ) from error

from .ceremonies import PasskeyOwner, Passkeys
from .challenges import Challenge
from .errors import PasskeyError
from .handlers import PasskeyRegistrationMixin, PasskeySignInMixin
from .script import SCRIPT, PasskeyScript
from .storage import MemoryPasskeys, Passkey, PasskeyStorage

__all__ = [
    "SCRIPT",
    "Challenge",
    "MemoryPasskeys",
    "Passkey",
    "PasskeyError",
    "PasskeyOwner",
    "PasskeyRegistrationMixin",
    "PasskeyScript",
    "PasskeySignInMixin",
    "PasskeyStorage",
    "Passkeys",
]
