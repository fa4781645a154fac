"""Signing in with other sites' accounts, or with one of this site's own. See README.md."""
