"""`python -m demos.login`: sign in, and see what happened."""

import sys

from demos.serving import main

from .app import login

if __name__ == "__main__":
    sys.exit(main("Login", login))
