# SPDX-License-Identifier: GPL-3.0-or-later
"""How `make docs` makes a site and man pages of the documents. Each is also readable as Markdown where it lies.

The source folder is the project's, so that links between docs/ and the documents beside it lead somewhere.
"""

import re
from pathlib import Path

_ROOT = Path(__file__).parents[1]
_VERSION = re.search(r'__version__ = "(.+)"', (_ROOT / "bouncestream" / "__init__.py").read_text("utf-8"))
assert _VERSION

project = "bouncestream"
author = "the authors of bouncestream"
copyright = f"{author}, GPL-3.0-or-later"
release = version = _VERSION[1]

extensions = ["myst_parser"]
root_doc = "docs/index"
include_patterns = ["docs/**", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md"]
exclude_patterns = ["docs/_build"]
nitpicky = True  # a reference that leads nowhere ends the build, as warnings are errors there
myst_heading_anchors = 4  # the anchors that Git hosts make of headings

html_theme = "furo"
html_title = f"bouncestream {release}"
html_copy_source = False
html_show_sphinx = False

#: Each page of a command is its man page, too.
man_pages = [
    ("docs/reference/commands", "bouncestream", "bounces and complaints, delivered to Listmonk", [author], 1),
    *(
        (
            f"docs/reference/commands/{page.stem}",
            f"bouncestream-{page.stem}",
            "a command of bouncestream",
            [author],
            1,
        )
        for page in sorted((_ROOT / "docs" / "reference" / "commands").glob("*.md"))
    ),
]
