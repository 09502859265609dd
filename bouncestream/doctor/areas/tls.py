# SPDX-License-Identifier: GPL-3.0-or-later
"""Area `tls`: whether readers' mail programs believe the certificate, and for how long they will.

Verify codes as of OpenSSL 3, x509_vfy.h (2026-11): 10 expired, 9 not yet valid, 18 self-signed, 20 no issuer, 62
and 64 wrong name. Let's Encrypt's lifetimes: letsencrypt.org/docs (2026-11): 90 days, 6 for short-lived ones.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bouncestream.crypto.certificate import Certificate, read
from bouncestream.doctor.finding import Finding, Level
from bouncestream.doctor.probe.front import Front
from bouncestream.doctor.probe.reply import clean

TOPIC = "tls"
FINDINGS: Mapping[str, str] = {
    "tls-ok": "the certificate is trusted, has the right name, and is valid long enough",
    "tls-expired": "the certificate has expired",
    "tls-not-yet-valid": "the certificate is not valid yet: a clock is wrong",
    "tls-expires-soon": "the certificate expires soon and should have been renewed already",
    "tls-wrong-name": "the certificate is for another name",
    "tls-self-signed": "the certificate is self-signed",
    "tls-chain": "the intermediate certificate is missing",
    "tls-untrusted": "the certificate is signed by an untrusted authority",
    "tls-old": "the server supports only TLS versions older than 1.2",
    "tls-no-certificate": "the server has no certificate for this name and aborts the handshake",
    "tls-plain": "the server uses plain HTTP where TLS is expected",
    "tls-failed": "the TLS handshake fails for another reason",
}
#: Seconds for a handshake; a second one, which believes everything, may follow the first.
PATIENCE = 3.4
#: A certificate is renewed when a third of its life is left; when so little is, renewal has failed.
SOON = timedelta(days=14)

_WHY = "Mail programs and image proxies refuse the connection: no pixel loads, links warn, unsubscribing fails."


@dataclass(frozen=True, slots=True)
class Handshake:
    """A TLS handshake with one address. `code`: OpenSSL's verify code, 0 for a believed certificate."""

    address: str
    code: int = 0
    words: str = ""  #: OpenSSL's own, when the handshake failed or the certificate is not believed
    failed: bool = False  #: there was no handshake at all, not even one that believes everything
    version: str = ""
    alpn: str = ""
    certificate: Certificate | None = None


async def collect(front: Front) -> list[Handshake]:
    """A handshake with each address that takes connections."""
    if front.target.scheme != "https":
        return []
    port = front.target.port
    return list(
        await asyncio.gather(*(_examine(address, port, front.target.host) for address in front.open_at(port)))
    )


async def _examine(address: str, port: int, host: str) -> Handshake:
    strict = ssl.create_default_context()
    code, words = 0, ""
    try:
        return await _shake(address, port, host, strict)
    except ssl.SSLCertVerificationError as error:
        code, words = error.verify_code, error.verify_message
    except (OSError, TimeoutError) as error:
        words = _reason(error)
        if not isinstance(error, ssl.SSLError):
            return Handshake(address, words=words, failed=True)
    loose = ssl.create_default_context()
    loose.check_hostname = False
    loose.verify_mode = ssl.CERT_NONE
    try:
        seen = await _shake(address, port, host, loose, 2.4)
    except (OSError, TimeoutError):
        return Handshake(address, code, words, failed=True)
    return Handshake(address, code or -1, words, False, seen.version, seen.alpn, seen.certificate)


async def _shake(
    address: str, port: int, host: str, context: ssl.SSLContext, patience: float = PATIENCE
) -> Handshake:
    context.set_alpn_protocols(["h2", "http/1.1"])
    async with asyncio.timeout(patience):
        _, writer = await asyncio.open_connection(
            address, port, ssl=context, server_hostname=host, ssl_handshake_timeout=patience
        )
    try:
        made: ssl.SSLObject = writer.get_extra_info("ssl_object")
        der = made.getpeercert(binary_form=True)
        version, alpn = made.version() or "", made.selected_alpn_protocol() or ""
        return Handshake(address, version=version, alpn=alpn, certificate=read(der) if der else None)
    finally:
        writer.transport.abort()


def _reason(error: BaseException) -> str:
    if isinstance(error, ssl.SSLError):
        return error.reason or str(error)
    return "no handshake in time" if isinstance(error, TimeoutError) else str(error) or type(error).__name__


def judge(front: Front, shakes: Sequence[Handshake], now: datetime) -> list[Finding]:
    """Findings, one for each thing that is wrong, whatever the number of addresses; else one that all is well."""
    host = front.target.host
    found: dict[str, Finding] = {}
    for shake in shakes:
        one = _judge(host, front.target.port, shake, now)
        found.setdefault(one.id, one)
    if len(found) > 1:
        found.pop("tls-ok", None)
    return list(found.values())


def _judge(host: str, port: int, shake: Handshake, now: datetime) -> Finding:
    where = f"{host} ({shake.address})"
    evidence = {"host": host, "address": shake.address, "port": port}
    cert = shake.certificate
    if cert:
        evidence |= {
            "issuer": clean(cert.issuer),
            "ends": cert.ends.isoformat(),
            "names": ", ".join(clean(n, 80) for n in cert.names[:10]),
        }
    if shake.version:
        evidence |= {"version": shake.version, "alpn": shake.alpn}

    def finding(name: str, seen: str, fix: str, why: str = _WHY, level: Level = Level.ERROR) -> Finding:
        return Finding(name, level, TOPIC, seen, why, fix, evidence)

    if shake.failed or cert is None:
        return finding(*_failed(where, host, port, shake))
    ends = f"{cert.ends:%Y-%m-%d}"
    if cert.ends <= now or shake.code == 10:
        ago = max(0, (now - cert.ends).days)
        seen = f"the certificate of {where} expired on {ends}, {ago} days ago"
        return finding("tls-expired", seen, _renewal(cert, host))
    if shake.code == 9:
        seen = f"the certificate of {where} is not valid before {cert.starts:%Y-%m-%d %H:%M} UTC"
        return finding("tls-not-yet-valid", seen, "correct the clock of the server or of this machine: timedatectl")
    if shake.code in (62, 64):
        names = ", ".join(clean(name, 60) for name in cert.names[:5]) or clean(cert.subject, 60) or "no name"
        seen = f"the certificate of {where} is for {names}"
        return finding("tls-wrong-name", seen, f"get a certificate for {host}:\n\n{_issue(host)}")
    if shake.code == 18 or (shake.code and cert.self_signed):
        return finding("tls-self-signed", f"the certificate of {where} is self-signed", _free(host))
    if shake.code and cert.issuer_url:
        seen = f"{where} sends only its own certificate, without the intermediate one of {clean(cert.issuer, 60)}"
        return finding("tls-chain", seen, _chain(host))
    if shake.code:
        seen = f"the certificate of {where} is signed by {clean(cert.issuer, 60) or 'an unnamed authority'}, "
        return finding("tls-untrusted", f"{seen}which is not trusted here ({clean(shake.words)})", _free(host))
    left = cert.ends - now
    if left < min(SOON, (cert.ends - cert.starts) / 3):
        seen = f"the certificate of {where} expires on {ends}, in {left.days} days, so its renewal is not working"
        why = "Once it expires, mail programs refuse the connection and nothing is counted."
        return finding("tls-expires-soon", seen, _renewal(cert, host), why, Level.WARNING)
    seen = f"{where}: {shake.version}, certificate by {clean(cert.issuer, 60)}, valid until {ends}"
    note = f" ({left.days} days left)"
    if is_lets_encrypt(cert):
        note += "; Let's Encrypt is renewed (by certbot's timer or Caddy) when a third of its lifetime is left"
    return finding("tls-ok", seen + note, "", "", Level.OK)


def _failed(where: str, host: str, port: int, shake: Handshake) -> tuple[str, str, str]:
    """Id, what was seen and the fix, of a handshake that did not come about."""
    words = shake.words.upper()
    if "PROTOCOL_VERSION" in words or "UNSUPPORTED_PROTOCOL" in words:
        fix = "allow TLS 1.2 and 1.3. nginx, in the server block:\n\n    ssl_protocols TLSv1.2 TLSv1.3;"
        return "tls-old", f"{where} supports only TLS versions older than 1.2", fix
    if any(sign in words for sign in ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER")):
        fix = f"nginx: `listen 443 ssl;` with a certificate; Caddy: write the site as https://{host}"
        if port not in (80, 443):
            fix += "; and use no port in the public address"
        return "tls-plain", f"{where} uses plain HTTP on port {port}", fix
    if any(sign in words for sign in ("INTERNAL_ERROR", "UNRECOGNIZED_NAME", "HANDSHAKE_FAILURE")):
        site = f"    {host} {{\n        reverse_proxy 127.0.0.1:9000\n    }}"
        seen = f"{where} aborts the handshake ({clean(shake.words, 60)}): it has no site of this name"
        return "tls-no-certificate", seen, f"add a site for this name to the proxy. Caddyfile:\n\n{site}"
    test = f"openssl s_client -connect {host}:{port} -servername {host}"
    seen = f"the TLS handshake with {where} fails: {clean(shake.words) or 'no answer'}"
    return "tls-failed", seen, f"check the proxy's log, and run this on another machine:\n\n    {test}"


def is_lets_encrypt(cert: Certificate) -> bool:
    """Whether Let's Encrypt signed it."""
    return "let's encrypt" in cert.issuer.lower()


def _issue(host: str) -> str:
    return f"    certbot --nginx -d {host}        # nginx (--apache for Apache); Caddy gets it automatically"


def _free(host: str) -> str:
    return f"use a certificate of a public authority, such as Let's Encrypt:\n\n{_issue(host)}"


def _chain(host: str) -> str:
    return (
        "send the whole chain. nginx, with certbot's files:\n\n"
        f"    ssl_certificate /etc/letsencrypt/live/{host}/fullchain.pem;    # not cert.pem\n"
        f"    ssl_certificate_key /etc/letsencrypt/live/{host}/privkey.pem;"
    )


def _renewal(cert: Certificate, host: str) -> str:
    if is_lets_encrypt(cert):
        return (
            "Let's Encrypt certificates are renewed by a timer, when a third of their lifetime is left. "
            "Find out why this one was not:\n\n"
            "    systemctl list-timers certbot.timer snap.certbot.renew.timer\n"
            "    certbot renew --dry-run\n"
            "    systemctl reload nginx\n\n"
            "It needs port 80 to be reachable. With Caddy: journalctl -u caddy | grep -i renew"
        )
    where = clean(cert.issuer, 60)
    return f"renew it at its issuer ({where}) and reload the proxy; or, for free:\n\n{_issue(host)}"
