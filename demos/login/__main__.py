"""`python -m demos.login`: sign in, and see what happened."""

import os
import sys
from functools import partial

from demos.serving import main

from .app import login

if __name__ == "__main__":
    sys.exit(main("Login", partial(login, os.environ)))
