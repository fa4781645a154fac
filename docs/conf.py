"""How Sphinx builds these pages. `./maint/docs` is the way to run it."""

from importlib.metadata import version as installed_version
from pathlib import Path

project = "tornadolike"
author = "The tornadolike founders"
version = release = installed_version("tornadolike")

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
towncrier_draft_working_directory = Path(__file__).parent.parent
