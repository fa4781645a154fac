"""`python -m demos.login`: sign in, and see what happened."""

import os
import sys
from functools import partial

from demos.serving import main

from .app import login
from .configured import Misconfigured, providers

if __name__ == "__main__":
    try:
        sys.exit(main("Login", partial(login, providers(os.environ))))
    except Misconfigured as error:
        sys.exit(str(error))
