"""Providers that many sites sign in with, each with its peculiarities.

.. code-block:: text

   claims      what providers say in words of their own
   github      GitHub: OAuth 2.0 with an API; Enterprise Server too
   discord     Discord: the same
   facebook    Facebook: the same
   google      Google: OpenID Connect; Workspace domains
   microsoft   Microsoft: OpenID Connect; one issuer for each tenant
   gitlab      GitLab: OpenID Connect; one's own too
   apple       Apple: OpenID Connect; the client's secret is a token that is made anew
   slack       Slack: OpenID Connect

None is imported here: those of OpenID Connect need a library that the others do without.
"""
