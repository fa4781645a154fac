"""Accounts of one's own.

.. code-block:: text

   texts            what a password is, as a text
   threads          work that takes long and much memory, a little at a time
   foreign_hashes   password hashes that other programs have made
   passwords        PasswordHasher: Argon2id
   common           passwords that everybody chooses
   password_rules   which passwords may be chosen
   leaked           passwords that were stolen elsewhere
   devices          browsers from which somebody has signed in before
   throttling       how often somebody may try
   mail_tokens      what stands in links of mails
"""
