# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates of a local authority, good ones and each kind of bad one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import AuthorityInformationAccessOID, NameOID


class Certificates:
    """Files `<name>.pem` and `<name>.key` in a folder, and `ca.pem`, the authority that is to be believed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        now = datetime.now(UTC)
        self.authority = trustme.CA(organization_name="Let's Encrypt")
        self.authority.cert_pem.write_to_path(folder / "ca.pem")
        self._issue("good", self.authority, "*.example.com", ends=now + timedelta(days=80))
        self._issue("expired", self.authority, "*.example.com", now - timedelta(days=95), now - timedelta(days=5))
        self._issue("soon", self.authority, "*.example.com", now - timedelta(days=80), now + timedelta(days=9))
        self._issue("future", self.authority, "*.example.com", now + timedelta(days=2), now + timedelta(days=80))
        self._issue("other", self.authority, "www.example.net", ends=now + timedelta(days=80))
        self._issue("untrusted", trustme.CA(organization_name="Nobody's Authority"), "*.example.com")
        self._self_signed()
        self._without_chain()

    @property
    def bundle(self) -> Path:
        """What SSL_CERT_FILE is to name."""
        return self.folder / "ca.pem"

    def files(self, name: str) -> tuple[Path, Path]:
        """Certificate (with its chain) and key."""
        return self.folder / f"{name}.pem", self.folder / f"{name}.key"

    def _issue(
        self,
        name: str,
        authority: trustme.CA,
        host: str,
        starts: datetime | None = None,
        ends: datetime | None = None,
    ) -> None:
        made = authority.issue_cert(host, not_before=starts, not_after=ends, common_name=host)
        pem, key = self.files(name)
        pem.write_bytes(b"".join(one.bytes() for one in made.cert_chain_pems))
        made.private_key_pem.write_to_path(key)

    def _write(self, name: str, key: ec.EllipticCurvePrivateKey, *chain: x509.Certificate) -> None:
        pem, key_file = self.files(name)
        pem.write_bytes(b"".join(one.public_bytes(serialization.Encoding.PEM) for one in chain))
        key_file.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.TraditionalOpenSSL,
                serialization.NoEncryption(),
            )
        )

    def _builder(self, subject: str, issuer: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
        now = datetime.now(UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)]))
            .issuer_name(issuer)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=80))
            .add_extension(x509.SubjectAlternativeName([x509.DNSName("*.example.com")]), critical=False)
        )

    def _self_signed(self) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "self")])
        self._write("self", key, self._builder("self", name, key).sign(key, hashes.SHA256()))

    def _without_chain(self) -> None:
        """A leaf of an intermediate authority that is not sent along, but says where it can be had."""
        between = trustme.CA(parent_cert=self.authority, organization_name="Let's Encrypt, between")
        signer = serialization.load_pem_private_key(between.private_key_pem.bytes(), None)
        assert isinstance(signer, ec.EllipticCurvePrivateKey)
        issuer = x509.load_pem_x509_certificate(between.cert_pem.bytes())
        key = ec.generate_private_key(ec.SECP256R1())
        place = x509.UniformResourceIdentifier("http://r1.i.example.org/")
        access = x509.AccessDescription(AuthorityInformationAccessOID.CA_ISSUERS, place)
        leaf = (
            self._builder("chainless", issuer.subject, key)
            .add_extension(x509.AuthorityInformationAccess([access]), critical=False)
            .sign(signer, hashes.SHA256())
        )
        self._write("chainless", key, leaf)
        self._write("chained", key, leaf, issuer)
