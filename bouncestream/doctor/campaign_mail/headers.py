# SPDX-License-Identifier: GPL-3.0-or-later
"""The header fields of a campaign mail as it arrived → findings. Pure.

Authentication-Results: RFC 8601. One-click unsubscription: RFC 8058, List-Unsubscribe: RFC 2369. What Gmail and
Yahoo ask of bulk senders: their sender guidelines as of November 2026.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bouncestream.doctor.campaign_mail.message import Letter
from bouncestream.doctor.campaign_mail.rewriters import ESPS, MESSAGE_IDS
from bouncestream.doctor.campaign_mail.urls import host_and_port
from bouncestream.doctor.finding import Finding, Level, finding
from bouncestream.doctor.probe.target import meant
from bouncestream.event import clean_uuid
from bouncestream.mail.address import normalise
from bouncestream.printable import mask, printable


@dataclass(frozen=True, slots=True)
class Own:
    """The operator's own settings, as far as they are known."""

    root_url: str = ""  #: Listmonk's public address; '' unknown
    verp: tuple[str, ...] = ()  #: return addresses, with * for the part that names the recipient
    disabled: bool | None = None  #: Listmonk's privacy switch now: nothing is tracked at all; None: not known
    individual: bool | None = None  #: … each subscriber is tracked on their own


NOTHING_KNOWN = Own()

#: id → what it means
FINDINGS: Mapping[str, str] = {
    "mail-headers-ok": "the X-Listmonk headers are there",
    "mail-headers-missing": "the X-Listmonk headers are missing",
    "mail-esp": "the ESP that sent the mail",
    "mail-unsubscribe-ok": "the headers offer one-click unsubscription",
    "mail-unsubscribe-missing": "there is no List-Unsubscribe",
    "mail-unsubscribe-not-one-click": "List-Unsubscribe is not one-click (RFC 8058)",
    "mail-unsubscribe-foreign": "List-Unsubscribe does not lead to Listmonk",
    "mail-unsubscribe-unsigned": "the DKIM signature does not cover the unsubscription headers (RFC 8058)",
    "mail-return-path": "the address that bounces of this mail go to",
    "mail-return-path-empty": "the return path is empty, so no bounce comes back",
    "mail-return-path-missing": "the receiver did not record the return path",
    "mail-message-id-rewritten": "the ESP replaced the Message-ID",
    "mail-message-id-missing": "there is no Message-ID",
    "mail-auth-ok": "SPF, DKIM and DMARC passed at the receiver",
    "mail-auth-unknown": "the receiver did not record SPF, DKIM and DMARC",
    "mail-spf-failed": "SPF did not pass",
    "mail-dkim-failed": "DKIM did not pass",
    "mail-dmarc-failed": "DMARC failed",
    "mail-dmarc-none": "the domain has no DMARC policy",
}

_COMMENT = re.compile(r"\([^()]*\)")
_RESULT = re.compile(r"\b(spf|dkim|dmarc)\s{0,5}=\s{0,5}([a-z]{2,20})", re.IGNORECASE)


def judge(letter: Letter, own: Own, root_url: str) -> Iterable[Finding]:
    """The findings. `root_url`: with which the mail was made, as its body shows; '' unknown."""
    yield from _listmonk(letter)
    yield from _unsubscribe(letter, own.root_url or root_url)
    yield from _bounces(letter, own)
    yield from _authentication(letter)


def _listmonk(letter: Letter) -> Iterable[Finding]:
    names = ("X-Listmonk-Campaign", "X-Listmonk-Subscriber")
    missing = [name for name in names if not clean_uuid(letter.get(name.lower()))]
    if missing:
        seen = f"{' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing or not a UUID."
        why = (
            "They tie a bounce to campaign and subscriber. Without them it is matched by address alone, and a "
            "returned mail does not prove that it was yours."
        )
        fix = "ask the ESP to keep X- headers, or remove the rule of your mail server that strips them"
        yield finding("mail-headers-missing", Level.WARNING, "headers", seen, why, fix, missing=missing)
    else:
        yield finding(
            "mail-headers-ok", Level.OK, "headers", "X-Listmonk-Campaign and X-Listmonk-Subscriber are there."
        )
    names_seen = [name for name, _ in letter.fields]
    for esp in ESPS:
        pattern = esp.headers
        if pattern is not None and any(pattern.match(name) for name in names_seen):
            yield finding("mail-esp", Level.INFO, "headers", f"It was sent through {esp.name}.", esp=esp.name)
            break


# -- unsubscription ---------------------------------------------------------------------------------------------


def _unsubscribe(letter: Letter, root_url: str) -> Iterable[Finding]:
    value = letter.get("list-unsubscribe")
    rule = "Gmail and Yahoo require one-click unsubscription from bulk senders; without it readers report spam."
    switch = "Listmonk, Settings, Privacy: enable the List-Unsubscribe header"
    if not value:
        seen = "There is no List-Unsubscribe."
        yield finding("mail-unsubscribe-missing", Level.WARNING, "unsubscription", seen, rule, switch)
        return
    urls = re.findall(r"<\s*([^<>\s]{1,2000})\s*>", value[:10_000]) or [value.strip()]
    secure = [url for url in urls if url.lower().startswith("https://") and _host(url)]
    post = letter.get("list-unsubscribe-post").replace(" ", "").lower() == "list-unsubscribe=one-click"
    if not secure or not post:
        parts = []
        if not secure:
            parts.append("List-Unsubscribe has no https:// URL")
        if not post:
            parts.append("List-Unsubscribe-Post: List-Unsubscribe=One-Click is missing")
        fix = switch if not post else "change Listmonk's root URL (Settings, General) to https://"
        yield finding(
            "mail-unsubscribe-not-one-click", Level.WARNING, "unsubscription", f"{'; '.join(parts)}.", rule, fix
        )
        return
    host, wanted = _host(secure[0]), _host(root_url) or _host(meant(root_url))
    foreign = bool(wanted) and host != wanted
    if foreign:
        why = "Readers who unsubscribe there stay subscribed in Listmonk until the ESP reports it."
        fix = (
            "disable the ESP's own unsubscription; or connect its webhook to bouncestream, which "
            "unsubscribes in Listmonk"
        )
        seen = f"List-Unsubscribe leads to {printable(host, 100)}, not to Listmonk."
        yield finding("mail-unsubscribe-foreign", Level.WARNING, "unsubscription", seen, why, fix, host=host)
    signatures = letter.all("dkim-signature")
    covered = {"list-unsubscribe", "list-unsubscribe-post"}
    if signatures and not any(covered <= _signed(one) for one in signatures):
        why = "RFC 8058 requires it; without it Gmail shows no unsubscribe button."
        fix = (
            "sign List-Unsubscribe and List-Unsubscribe-Post with DKIM too (OpenDKIM: OversignHeaders; "
            "else ask the ESP)"
        )
        seen = "No DKIM signature covers List-Unsubscribe and List-Unsubscribe-Post."
        yield finding("mail-unsubscribe-unsigned", Level.WARNING, "unsubscription", seen, why, fix)
    elif not foreign:
        yield finding(
            "mail-unsubscribe-ok", Level.OK, "unsubscription", "One-click unsubscription leads to Listmonk."
        )


def _host(url: str) -> str:
    """The host of a URL; '' for `https://https://…`."""
    host = host_and_port(url)[0]
    return "" if host in ("http", "https") else host


def _signed(signature: str) -> set[str]:
    """The names of the fields that a DKIM signature covers (RFC 6376 section 3.5, h=)."""
    found = re.search(r"(?:^|;)\s*h\s*=([^;]{0,5000})", signature)
    return {name.strip().lower() for name in found[1].split(":")} if found else set()


# -- bounces ----------------------------------------------------------------------------------------------------


def _bounces(letter: Letter, own: Own) -> Iterable[Finding]:
    paths = letter.all("return-path")
    if not paths:
        yield finding(
            "mail-return-path-missing", Level.INFO, "bounces", "There is no Return-Path; the receiver adds it."
        )
    elif paths[0].strip() in ("<>", ""):
        why = "Undeliverable mails are not returned, so no bounce is ever counted."
        fix = "set an envelope sender at the ESP or in your mail server"
        yield finding("mail-return-path-empty", Level.ERROR, "bounces", "The return path is empty.", why, fix)
    else:
        address = normalise(paths[0])
        domain = address.rpartition("@")[2] or printable(paths[0], 60)
        from_domain = normalise(letter.get("from")).rpartition("@")[2]
        named = _is_verp(address, letter, own)
        seen = f"Bounces go to {mask(address) or domain}" + (
            ", one address per recipient (VERP)." if named else "."
        )
        if from_domain and (domain == from_domain or domain.endswith(f".{from_domain}")):
            why = "That is your own domain: its mailbox, or the ESP behind its MX, receives them."
        else:
            why = "That is not your domain: the ESP receives them and reports them by webhook."
        yield finding("mail-return-path", Level.INFO, "bounces", seen, why, domain=domain, verp=named)
    ids = re.findall(r"<?([^\s<>]{1,500})>?", letter.get("message-id")[:2000])
    if not ids:
        seen, why = "There is no Message-ID.", "Spam filters penalise that."
        fix = "let Listmonk or the mail server add one"
        yield finding("mail-message-id-missing", Level.WARNING, "bounces", seen, why, fix)
        return
    right = ids[-1].rpartition("@")[2]
    esp = next((name for name, pattern in MESSAGE_IDS if pattern.search(right)), "")
    original = next((name for name, _ in letter.fields if name in _ORIGINALS), "")
    if esp or original:
        seen = (
            f"The Message-ID is {esp + chr(39) + 's' if esp else 'not the one that it was sent with'} "
            f"(@{printable(right, 80)})."
        )
        why = (
            "Listmonk's and your mail server's logs have another one, so look up bounces by address or "
            "X-Listmonk headers."
        )
        yield finding("mail-message-id-rewritten", Level.INFO, "bounces", seen, why, esp=esp)


_ORIGINALS = frozenset(("x-original-message-id", "x-google-original-message-id", "x-ms-original-message-id"))


def _is_verp(address: str, letter: Letter, own: Own) -> bool:
    """Whether the return path names the recipient: as configured, or visibly."""
    for pattern in own.verp:
        head, star, tail = pattern.lower().partition("*")
        if star and address.startswith(head) and address.endswith(tail) and len(address) > len(head) + len(tail):
            return True
    to = normalise(letter.get("delivered-to")) or normalise(letter.get("to"))
    user, _, domain = to.partition("@")
    local = address.partition("@")[0]
    return bool(user) and user in local and domain in local.replace("=", "@")


# -- SPF, DKIM, DMARC -------------------------------------------------------------------------------------------


def results(letter: Letter) -> dict[str, str]:
    """The findings of the receiver: spf, dkim, dmarc → pass, fail, none … Only its own field counts: the top one,
    and those of the same name right below it; a sender may have put others in."""
    values = letter.all("authentication-results")
    if not values:
        return {}
    name = _server(values[0])
    found: dict[str, str] = {}
    for value in values[:5]:
        if _server(value) != name:
            break
        for method, result in _RESULT.findall(_plain(value)):
            method, result = method.lower(), result.lower()
            if found.get(method) != "pass":  # one good signature of several is enough
                found[method] = result
    return found


def _server(value: str) -> str:
    first = value.partition(";")[0].strip().lower()
    return "" if "=" in first else first  # Outlook leaves its name out


def _plain(value: str) -> str:
    """Without comments, which may be nested."""
    value = value[:5000]
    for _ in range(5):
        less = _COMMENT.sub(" ", value)
        if less == value:
            break
        value = less
    return value


def _authentication(letter: Letter) -> Iterable[Finding]:
    found = results(letter)
    topic = "authentication"
    if not found:
        fix = "send the campaign to a Gmail address too, and examine that mail: Gmail records them"
        seen = "The receiver recorded no SPF, DKIM or DMARC result."
        yield finding("mail-auth-unknown", Level.INFO, topic, seen, "", fix)
        return
    spf, dkim, dmarc = found.get("spf", ""), found.get("dkim", ""), found.get("dmarc", "")
    domain = printable(normalise(letter.get("from")).rpartition("@")[2], 100) or "your domain"
    passed = dmarc == "pass"
    bad = False
    if spf and spf != "pass":
        bad = True
        level = Level.WARNING if passed or spf in ("none", "neutral", "temperror") else Level.ERROR
        why = "The sending server is not in the SPF record of the return path's domain."
        fix = "add the ESP's include to the TXT record of that domain, in one record: v=spf1 include:… ~all"
        yield finding("mail-spf-failed", level, topic, f"SPF: {spf}.", why, fix, result=spf)
    if dkim and dkim != "pass":
        bad = True
        level = Level.WARNING if passed or dkim == "temperror" else Level.ERROR
        why = "The signature is missing or broken. List managers or footers that change the body also break it."
        fix = f"add the ESP's DKIM records to the DNS of {domain}, and let it sign with that domain"
        yield finding("mail-dkim-failed", level, topic, f"DKIM: {dkim}.", why, fix, result=dkim)
    if dmarc in ("none", "bestguesspass"):
        bad = True
        why = "Gmail and Yahoo require bulk senders to have a DMARC record."
        fix = f'_dmarc.{domain}. TXT "v=DMARC1; p=none; rua=mailto:postmaster@{domain}"'
        yield finding(
            "mail-dmarc-none", Level.WARNING, topic, f"{domain} has no DMARC record.", why, fix, result=dmarc
        )
    elif dmarc and not passed:
        bad = True
        why = "Neither SPF nor DKIM passed for the domain in From, so the mail goes to spam or is rejected."
        fix = f"let the ESP sign with DKIM as {domain}, or use a return path below {domain} (custom bounce domain)"
        yield finding("mail-dmarc-failed", Level.ERROR, topic, f"DMARC: {dmarc}.", why, fix, result=dmarc)
    if not bad:
        told = ", ".join(f"{name.upper()} {result}" for name, result in sorted(found.items()))
        yield finding("mail-auth-ok", Level.OK, topic, f"The receiver recorded: {told}.", **found)
