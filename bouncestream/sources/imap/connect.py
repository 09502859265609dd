# SPDX-License-Identifier: GPL-3.0-or-later
"""A connection to an IMAP server as far as its transport goes: TCP, TLS, whom to trust, and what failures mean
in an operator's words.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

from bouncestream.config.mailbox import Mailbox
from bouncestream.errors import CertificateRefused, ConnectionLost, FailureKind
from bouncestream.net.failure import failure_of
from bouncestream.settings.shapes import loopback
from bouncestream.sources.imap.protocol import Protocol


async def open_connection(settings: Mailbox, blank: Callable[[str], str] = str) -> Protocol:
    """A connection with TLS, if it begins with that. `blank` takes our secrets out of what the server says. Raises
    CertificateRefused or ConnectionLost."""
    loop = asyncio.get_running_loop()
    implicit = settings.tls == "implicit"
    try:
        context = tls_context(settings) if settings.tls != "none" else None
        async with asyncio.timeout(settings.timeout):
            transport, protocol = await loop.create_connection(
                lambda: Protocol(loop, blank),
                settings.host,
                settings.real_port,
                ssl=context if implicit else None,
                server_hostname=settings.host if implicit else None,
                happy_eyeballs_delay=0.25,
            )
    except (OSError, TimeoutError) as error:
        raise connect_error(error, settings) from None
    peer = transport.get_extra_info("peername")
    if settings.tls == "none" and not (peer and loopback(peer[0])):
        protocol.fail("it is not secured")
        raise CertificateRefused(
            f'{settings.host} is not this machine, and tls = "none" would send the password unencrypted. '
            'Next: set tls = "implicit" or "starttls".'
        )
    return protocol


def tls_context(settings: Mailbox) -> ssl.SSLContext:
    """The TLS context. Raises CertificateRefused when the file of certificates is of no use."""
    try:
        path = Path(settings.ca_file) if settings.ca_file else None
        return _cached_context(settings.ca_file, path.stat().st_mtime_ns if path else 0)
    except OSError as error:
        why = "it contains none" if isinstance(error, ssl.SSLError) else error.strerror
        raise CertificateRefused(
            f"the certificates in {settings.ca_file} cannot be used: {why}. Next: set "
            f"mailboxes.{settings.name}.ca_file to a PEM file that this user may read."
        ) from None


@lru_cache(maxsize=16)
def _cached_context(ca_file: str, _changed: int) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=ca_file or None)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def connect_error(error: OSError | TimeoutError, settings: Mailbox) -> CertificateRefused | ConnectionLost:
    """The error for a failure to connect, or to begin TLS."""
    where = f"{settings.host}:{settings.real_port}"
    found = failure_of(error)
    if found.kind is FailureKind.CERTIFICATE:
        also = ' On this machine itself port 143 with tls = "none" does, too.' if loopback(settings.host) else ""
        return CertificateRefused(
            f"{where}: {found.words}. Next: check mailboxes.{settings.name}.host, or set ca_file if a private CA "
            f"signed it.{also}"
        )
    if found.kind is FailureKind.TIMEOUT:
        return ConnectionLost(f"{where} could not be reached within {settings.timeout:g} s")
    fix = f". Next: check mailboxes.{settings.name}.port and tls." if found.kind is FailureKind.TLS else ""
    return ConnectionLost(f"{where} could not be reached: {found.words}{fix}")
