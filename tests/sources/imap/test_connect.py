# SPDX-License-Identifier: GPL-3.0-or-later
"""What a connection that does not come about means, with the key to look at."""

from __future__ import annotations

from pathlib import Path

import pytest
import trustme

from bouncestream.config.mailbox import Mailbox
from bouncestream.errors import CertificateRefused, ConnectionLost
from bouncestream.sources.imap.connect import open_connection
from tests.net.servers import hangs_up, is_mute, says, serving, unused, with_certificate


def mailbox(port: int, host: str = "127.0.0.1", **settings: object) -> Mailbox:
    return Mailbox(name="bounces", host=host, port=port, user="b@example.com", **{"timeout": 20.0} | settings)  # type: ignore[arg-type]


async def refused(settings: Mailbox) -> str:
    with pytest.raises(CertificateRefused) as found:
        await open_connection(settings)
    return str(found.value)


async def lost(settings: Mailbox) -> str:
    with pytest.raises(ConnectionLost) as found:
        await open_connection(settings)
    return str(found.value)


async def test_nobody_there() -> None:
    with unused() as taken:
        port = taken.getsockname()[1]
        assert await lost(mailbox(port)) == f"127.0.0.1:{port} could not be reached: connection refused"
    said = await lost(mailbox(993, "no-such-name.invalid"))
    assert said == "no-such-name.invalid:993 could not be reached: the host name is unknown"
    async with serving(is_mute) as port:
        said = await lost(mailbox(port, timeout=0.2))
    assert said == f"127.0.0.1:{port} could not be reached within 0.2 s"


async def test_a_port_without_tls() -> None:
    async with serving(says(b"* OK IMAP ready\r\n")) as port:
        said = await lost(mailbox(port))
    assert said.endswith("speak TLS on this port. Next: check mailboxes.bounces.port and tls.")


async def test_a_certificate_that_proves_nothing(tmp_path: Path) -> None:
    authority, ca_file = trustme.CA(), tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(ca_file))
    for kind, why in (("expired", "it has expired"), ("unknown authority", "an untrusted authority")):
        async with serving(hangs_up, with_certificate(kind, authority, tmp_path)) as port:
            said = await refused(mailbox(port, ca_file=str(ca_file)))
        assert f"{why}. Next: check mailboxes.bounces.host, or set ca_file" in said


async def test_a_file_of_authorities_that_is_of_no_use(tmp_path: Path) -> None:
    empty = tmp_path / "empty.pem"
    empty.touch()
    for path, why in ((empty, "it contains none"), (tmp_path / "missing", "No such file or directory")):
        said = await refused(mailbox(1, ca_file=str(path)))
        assert said.startswith(
            f"the certificates in {path} cannot be used: {why}. Next: set mailboxes.bounces.ca_file"
        )


async def test_a_password_is_not_sent_readable_to_another_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    async with serving(is_mute) as port:
        (await open_connection(mailbox(port, tls="none"))).fail("enough")
        monkeypatch.setattr("bouncestream.sources.imap.connect.loopback", lambda peer: False)
        assert 'set tls = "implicit"' in await refused(mailbox(port, tls="none"))
