# SPDX-License-Identifier: GPL-3.0-or-later
"""A Dovecot that asks an OAuth provider whether a token is good (introspection, RFC 7662), beside its passwords."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bouncestream.cli.demo.dovecot import version
from tests.mailserver.dovecot import Dovecot, needs_dovecot

_SETTINGS = """
introspection_mode = post
introspection_url = {url}/introspect
force_introspection = yes
username_attribute = username
active_attribute = active
active_value = true
"""
_V23 = """
auth_mechanisms = plain login xoauth2 oauthbearer
auth_cache_size = 0
passdb {{
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = {file}
}}
"""
_V24 = """
auth_mechanisms = plain login xoauth2 oauthbearer
auth_cache_size = 0
oauth2 {{{settings}}}
"""


@contextmanager
def dovecot_with_oauth(url: str, extra: str = "") -> Iterator[Dovecot]:
    """A running server that asks the provider at `url`."""
    needs_dovecot()
    with tempfile.TemporaryDirectory(prefix="bouncestream-oauth-") as directory:
        Path(directory).chmod(0o755)
        file = Path(directory) / "oauth2.conf.ext"
        settings = _SETTINGS.format(url=url)
        file.write_text(settings)
        file.chmod(0o644)
        asked = _V23.format(file=file) if version().startswith("2.3") else _V24.format(settings=settings)
        server = Dovecot(extra=asked + extra)
        try:
            server.start()
            yield server
        finally:
            server.close()
