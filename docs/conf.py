# SPDX-License-Identifier: GPL-3.0-or-later
"""How `make docs` makes a site and man pages of the documents. Each is also readable as Markdown where it lies.

The source folder is the project's, so that links between docs/ and the documents beside it lead somewhere.
"""

import argparse
from typing import Any

from docutils import nodes

from bouncestream import __version__
from bouncestream.cli import build_parser

project = "bouncestream"
author = "the authors of bouncestream"
copyright = f"{author}, GPL-3.0-or-later"
release = version = __version__

extensions = ["myst_parser"]
root_doc = "docs/index"
include_patterns = ["docs/**", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md"]
exclude_patterns = ["docs/_build"]
nitpicky = True  # a reference that leads nowhere ends the build, as warnings are errors there
myst_heading_anchors = 4  # the anchors that Git hosts make of headings

html_theme = "furo"
html_static_path = ["style.css"]
html_css_files = ["style.css"]
html_title = f"bouncestream {release}"
html_copy_source = False
html_show_sphinx = False

#: Each command with its help in one line.
_COMMANDS = [
    (choice.dest, choice.help or "")
    for action in build_parser()._actions
    if isinstance(action, argparse._SubParsersAction)
    for choice in action._choices_actions
]
#: Each page of a command is its man page, too.
man_pages = [
    ("docs/reference/commands", "bouncestream", "bounces and complaints, delivered to Listmonk", [author], 1),
    *((f"docs/reference/commands/{name}", f"bouncestream-{name}", told, [author], 1) for name, told in _COMMANDS),
]


def setup(app: Any) -> None:
    """A man page has no links: their words stay."""
    app.connect("doctree-resolved", _without_links)


def _without_links(app: Any, doctree: nodes.document, _: str) -> None:
    if app.builder.name == "man":
        for link in list(doctree.findall(nodes.reference)):
            link.replace_self(nodes.inline("", "", *link.children))
