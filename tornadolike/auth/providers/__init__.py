"""Providers that many sites sign in with, each with its peculiarities.

.. code-block:: text

   hosts       where a provider is, if everybody may run one
   claims      what providers say in words of their own
   github      GitHub: OAuth 2.0 with an API; Enterprise Server too
   discord     Discord: the same
   facebook    Facebook: the same
   google      Google: OpenID Connect; Workspace domains
   microsoft   Microsoft: OpenID Connect; one issuer for each tenant
   gitlab      GitLab: OpenID Connect; one's own too
   apple       Apple: OpenID Connect; the client's secret is a token that is made anew
   slack       Slack: OpenID Connect
"""

from .apple import Apple
from .discord import Discord
from .facebook import Facebook
from .github import GitHub
from .gitlab import GitLab
from .google import Google
from .microsoft import Microsoft
from .slack import Slack

__all__ = ["Apple", "Discord", "Facebook", "GitHub", "GitLab", "Google", "Microsoft", "Slack"]
