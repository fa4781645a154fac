"""`python -m demos.uploads`: drop files in a page, and get them back."""

import sys

from demos.serving import main

from .app import uploads

if __name__ == "__main__":
    sys.exit(main("Uploads", uploads))
