# SPDX-License-Identifier: GPL-3.0-or-later
"""The words of a network error: which kind it is, and how it is told. For sockets, TLS and names; `net.http` adds
those of HTTP. The words hold no host, address, URL or foreign text, since any of these may be a secret.
"""

from __future__ import annotations

import errno
import os
import re
import socket
import ssl
from dataclasses import dataclass

from bouncestream.errors import FailureKind


@dataclass(frozen=True, slots=True)
class Failure:
    """A failure. `words` are for a person: part of a sentence, without a full stop."""

    kind: FailureKind
    words: str


#: X509_V_ERR_… of OpenSSL (x509_vfy.h): the texts of these in Python name the host.
_CERTIFICATES = {
    9: "it is not valid yet",
    10: "it has expired",
    18: "it is self-signed",
    19: "it is signed by an untrusted authority",
    20: "it is signed by an untrusted authority",
    21: "the intermediate certificate is missing",
    23: "it has been revoked",
    62: "it is for another host name",
    64: "it is for another IP address",
}
_UNKNOWN_AUTHORITY = (19, 20)
#: What OpenSSL makes of an answer that is no TLS; the name has changed between its versions.
_NO_TLS = ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE", "PACKET_LENGTH_TOO_LONG")
#: asyncio joins the errors of several addresses in one text, without an errno.
_NUMBER = re.compile(r"\[Errno (\d+)\]")


def authorities() -> str | None:
    """The file or folder with the certificates of the authorities that this machine trusts: those of the system, or
    of $SSL_CERT_FILE or $SSL_CERT_DIR. None: there are none."""
    paths = ssl.get_default_verify_paths()
    if paths.cafile:
        return paths.cafile
    try:
        return paths.capath if paths.capath and os.listdir(paths.capath) else None
    except OSError:  # it may be searched, but not listed
        return paths.capath


def failure_of(error: BaseException) -> Failure:
    """The failure that an exception of a socket, of TLS, of a look-up or of a time limit stands for."""
    if isinstance(error, ssl.SSLCertVerificationError):
        why = _CERTIFICATES.get(error.verify_code, error.verify_message)
        if error.verify_code in _UNKNOWN_AUTHORITY and authorities() is None:
            why = "this machine has no certificates of authorities; install ca-certificates, or set SSL_CERT_FILE"
        return Failure(FailureKind.CERTIFICATE, f"the server's certificate is invalid: {why}")
    if isinstance(error, (ssl.SSLEOFError, ssl.SSLZeroReturnError)):
        return Failure(FailureKind.CLOSED, "the server closed the connection")
    if isinstance(error, ssl.SSLError):
        reason = getattr(error, "reason", None) or str(error)
        if reason in _NO_TLS:
            return Failure(FailureKind.TLS, "the server does not speak TLS on this port")
        return Failure(FailureKind.TLS, f"TLS failed: {reason.replace('_', ' ').lower()}")
    if isinstance(error, UnicodeError):
        return Failure(FailureKind.UNKNOWN_NAME, "the host name is invalid")
    if isinstance(error, socket.gaierror):
        return Failure(FailureKind.UNKNOWN_NAME, _unresolved(error))
    if isinstance(error, OSError):
        found = _NUMBER.search(str(error)) if error.errno is None else None
        return _by_number(int(found[1]) if found else error.errno, error)
    return Failure(FailureKind.GARBLED, type(error).__name__)


def _unresolved(error: socket.gaierror) -> str:
    if error.errno in (socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)):
        return "the host name is unknown"
    if error.errno == socket.EAI_AGAIN:
        return "the DNS resolver does not answer"
    return f"the DNS lookup failed: {error.strerror or error}"


def _by_number(number: int | None, error: OSError) -> Failure:
    if number == errno.ECONNREFUSED:
        return Failure(FailureKind.REFUSED, "connection refused")
    if number in (errno.ECONNRESET, errno.EPIPE, errno.ECONNABORTED):
        return Failure(FailureKind.CLOSED, "the connection was reset")
    if isinstance(error, ConnectionError):  # without a number: asyncio, when the other side hangs up
        return Failure(FailureKind.CLOSED, "the server closed the connection")
    if number == errno.ETIMEDOUT or isinstance(error, TimeoutError):
        return Failure(FailureKind.TIMEOUT, "no answer in time")
    if number == errno.EPERM:
        return Failure(FailureKind.UNREACHABLE, "this system blocks the outgoing connection: a firewall rule?")
    if number:
        return Failure(FailureKind.UNREACHABLE, os.strerror(number).lower())
    return Failure(FailureKind.UNREACHABLE, error.strerror or str(error) or type(error).__name__)
