# SPDX-License-Identifier: GPL-3.0-or-later
"""The fields of a certificate, whether it is believed or not. Pure: DER bytes → values.

Python's `ssl` shows the fields of a certificate only when it is believed; those that are not are the ones that a
person has to know about. RFC 5280 section 4.1 (fields). `cryptography` is imported only when there is one to read.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography import x509


@dataclass(frozen=True, slots=True)
class Certificate:
    """The fields that the doctor judges by."""

    subject: str
    issuer: str
    starts: datetime
    ends: datetime
    names: tuple[str, ...]  #: DNS names and IP addresses
    self_signed: bool
    issuer_url: str  #: where the issuer's own certificate can be had; public authorities always say so


def read(der: bytes) -> Certificate | None:
    """The fields, or None if the bytes are no certificate."""
    from cryptography import x509

    odd = (ValueError, x509.InvalidVersion, x509.DuplicateExtension, x509.UnsupportedGeneralNameType)
    try:
        with warnings.catch_warnings(
            action="ignore"
        ):  # of what RFC 5280 forbids and servers have, such as serial 0
            found = x509.load_der_x509_certificate(der)
            return Certificate(
                _name(found.subject),
                _name(found.issuer),
                found.not_valid_before_utc,
                found.not_valid_after_utc,
                _names(found),
                found.subject == found.issuer,
                _issuer_url(found),
            )
    except odd:
        return None


def _name(name: x509.Name) -> str:
    """Organisation and common name."""
    from cryptography.x509 import NameOID

    kept = [name.get_attributes_for_oid(oid) for oid in (NameOID.ORGANIZATION_NAME, NameOID.COMMON_NAME)]
    return ", ".join(dict.fromkeys(str(found[0].value) for found in kept if found and found[0].value))


def _names(certificate: x509.Certificate) -> tuple[str, ...]:
    from cryptography import x509

    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    return tuple(str(one.value).lower() for one in found if isinstance(one, x509.DNSName | x509.IPAddress))


def _issuer_url(certificate: x509.Certificate) -> str:
    from cryptography import x509
    from cryptography.x509.oid import AuthorityInformationAccessOID

    try:
        access = certificate.extensions.get_extension_for_class(x509.AuthorityInformationAccess).value
    except x509.ExtensionNotFound:
        return ""
    issuers = (
        one.access_location for one in access if one.access_method == AuthorityInformationAccessOID.CA_ISSUERS
    )
    return next((one.value for one in issuers if isinstance(one, x509.UniformResourceIdentifier)), "")
