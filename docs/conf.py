"""How Sphinx builds these pages. `./maint/docs` is the way to run it."""

import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent

project = "tornadolike"
author = "The tornadolike founders"
# From the clone: whatever builds the pages need not have the package installed.
version = release = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]

extensions = ["myst_parser", "sphinxcontrib.towncrier.ext"]
source_suffix = {".rst": "restructuredtext", ".md": "markdown"}
# docs/changes/ holds the notes that changes.rst is put together from.
exclude_patterns = ["_build", "changes/*"]

html_theme = "furo"
html_title = "tornadolike"
html_show_copyright = False

# What isn't released yet is shown on the page of changes as it will stand there.
towncrier_draft_autoversion_mode = "draft"
towncrier_draft_include_empty = True
towncrier_draft_working_directory = ROOT
