# SPDX-License-Identifier: GPL-3.0-or-later
"""Reports that real servers wrote (Debian 12: Postfix 3.7, Exim 4.96, Sendmail 8.17, OpenSMTPD 6.8, Courier 1.0,
nullmailer 2.2, dma 0.13), sending to a peer with scripted answers. Hosts, addresses and networks are reserved ones.

The same answers to each server: what comes back differs, what it means does not.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from bouncestream.mail.decode import as_dict, read

FIXTURES = Path(__file__).parent.parent / "fixtures" / "mail" / "servers"

#: server → what the peer did → {address: (kind, reason)}
WANTED: dict[str, dict[str, dict[str, tuple[str, str]]]] = {
    "courier": {
        "alias": {"reader@me.test": ("hard", "user_unknown")},
        "aliasfull": {"fullreader@me.test": ("soft", "mailbox_full")},
        "dmarc_after_data": {"anna.111@plain.test": ("soft", "auth_failure")},
        "greet554": {"bert@greet554.test": ("soft", "blocklisted")},
        "lines": {"anna.002@dest.test": ("hard", "user_unknown")},
        "multi": {
            "anna.000@dest.test": ("hard", "user_unknown"),
            "anna.080@dest.test": ("soft", "mailbox_full"),
            "anna.004@dest.test": ("hard", "user_unknown"),
        },
        "no_such_user": {"anna.008@dest.test": ("hard", "user_unknown")},
        "nullmx": {"bert@nullmx.test": ("hard", "host_unknown")},
        "nx": {"bert@nx.test": ("hard", "host_unknown")},
        "over_quota_given_up": {"anna.080@dest.test": ("soft", "mailbox_full")},
        "refused": {"bert@refused.test": ("soft", "network")},
        "sender_rejected": {"anna.121@plain.test": ("soft", "sender_rejected")},
    },
    "dma": {
        "dmarc_after_data": {"anna.111@plain.test": ("soft", "auth_failure")},
        "greet554": {"bert@greet554.test": ("soft", "blocklisted")},
        "lines": {"anna.002@dest.test": ("hard", "user_unknown")},
        "multi": {"anna.000@dest.test": ("hard", "user_unknown")},
        "no_such_user": {"anna.008@dest.test": ("hard", "user_unknown")},
        "nx": {"bert@nx.test": ("hard", "host_unknown")},
        "sender_rejected": {"anna.121@plain.test": ("soft", "sender_rejected")},
    },
    "exim": {
        "alias": {"reader@me.test": ("hard", "user_unknown")},
        "aliasfull": {"fullreader@me.test": ("soft", "mailbox_full")},
        "blocklisted": {"anna.103@plain.test": ("soft", "blocklisted")},
        "code_lies_full": {"anna.086@dest.test": ("soft", "mailbox_full")},
        "delay": {"bert@refused.test": ("ignore", "delayed")},
        "dmarc_after_data": {"anna.111@plain.test": ("soft", "auth_failure")},
        "greet554": {"bert@greet554.test": ("soft", "blocklisted")},
        "lines": {"anna.002@dest.test": ("hard", "user_unknown")},
        "localunknown": {"nobodyhere@me.test": ("hard", "user_unknown")},
        "multi": {"anna.000@dest.test": ("hard", "user_unknown"), "anna.004@dest.test": ("hard", "user_unknown")},
        "no_such_user": {"anna.008@dest.test": ("hard", "user_unknown")},
        "nullmx": {"bert@nullmx.test": ("hard", "no_mail_domain")},
        "nx": {"bert@nx.test": ("hard", "user_unknown")},
        "over_quota_given_up": {"anna.080@dest.test": ("soft", "mailbox_full")},
        "pipe": {"piped@me.test": ("soft", "delivery_program")},
        "refused": {"bert@refused.test": ("soft", "expired")},
        "sender_rejected": {"anna.121@plain.test": ("soft", "sender_rejected")},
    },
    "nullmailer": {
        "dmarc_after_data": {"anna.111@plain.test": ("soft", "auth_failure")},
        "lines": {"anna.002@dest.test": ("hard", "user_unknown")},
        "multi": {
            "anna.000@dest.test": ("hard", "user_unknown"),
            "anna.080@dest.test": ("soft", "undetermined"),
            "carl@ok.test": ("soft", "undetermined"),
            "anna.004@dest.test": ("soft", "undetermined"),
        },
        "no_such_user": {"anna.008@dest.test": ("hard", "user_unknown")},
        "over_quota_given_up": {"anna.080@dest.test": ("ignore", "delayed")},
        "sender_rejected": {"anna.121@plain.test": ("soft", "sender_rejected")},
    },
    "opensmtpd": {
        "blocklisted": {"anna.103@plain.test": ("soft", "blocklisted")},
        "code_lies_full": {"anna.086@dest.test": ("soft", "mailbox_full")},
        "dmarc_after_data": {"anna.111@plain.test": ("soft", "expired")},
        "greet554": {"bert@greet554.test": ("soft", "expired")},
        "lines": {"anna.002@dest.test": ("hard", "user_unknown")},
        "multi": {
            "anna.080@dest.test": ("soft", "expired"),
            "anna.004@dest.test": ("soft", "expired"),
            "anna.000@dest.test": ("soft", "expired"),
        },
        "no_such_user": {"anna.008@dest.test": ("hard", "user_unknown")},
        "nullmx": {"bert@nullmx.test": ("soft", "expired")},
        "nx": {"bert@nx.test": ("hard", "host_unknown")},
        "over_quota_given_up": {"anna.080@dest.test": ("soft", "expired")},
        "pipe": {"piped@me.test": ("soft", "delivery_program")},
        "refused": {"bert@refused.test": ("soft", "expired")},
        "sender_rejected": {"anna.121@plain.test": ("soft", "sender_rejected")},
        "size": {"bert@size.test": ("soft", "too_big")},
    },
    "postfix": {
        "alias": {"reader@me.test": ("hard", "user_unknown")},
        "aliasfull": {"fullreader@me.test": ("soft", "mailbox_full")},
        "blocklisted": {"anna.103@plain.test": ("soft", "blocklisted")},
        "code_lies_full": {"anna.086@dest.test": ("soft", "mailbox_full")},
        "delay": {"bert@refused.test": ("ignore", "delayed")},
        "dmarc_after_data": {"anna.111@plain.test": ("soft", "auth_failure")},
        "greet554": {"bert@greet554.test": ("soft", "blocklisted")},
        "lines": {"anna.002@dest.test": ("hard", "user_unknown")},
        "localunknown": {"nobodyhere@me.test": ("hard", "user_unknown")},
        "multi": {"anna.000@dest.test": ("hard", "user_unknown"), "anna.004@dest.test": ("hard", "user_unknown")},
        "no_such_user": {"anna.008@dest.test": ("hard", "user_unknown")},
        "nullmx": {"bert@nullmx.test": ("hard", "no_mail_domain")},
        "nx": {"bert@nx.test": ("hard", "host_unknown")},
        "over_quota_given_up": {"anna.080@dest.test": ("soft", "mailbox_full")},
        "pipe": {"piped@me.test": ("soft", "delivery_program")},
        "refused": {"bert@refused.test": ("soft", "network")},
        "sender_rejected": {"anna.121@plain.test": ("soft", "sender_rejected")},
        "size": {"bert@size.test": ("soft", "too_big")},
        "success": {"carl@ok.test": ("ignore", "delivered")},
    },
    "sendmail": {
        "alias": {"reader@me.test": ("hard", "user_unknown")},
        "aliasfull": {"fullreader@me.test": ("soft", "mailbox_full")},
        "blocklisted": {"anna.103@plain.test": ("soft", "blocklisted")},
        "code_lies_full": {"anna.086@dest.test": ("soft", "mailbox_full")},
        "delay": {"bert@refused.test": ("ignore", "delayed")},
        "dmarc_after_data": {"anna.111@plain.test": ("soft", "auth_failure")},
        "greet554": {"bert@greet554.test": ("soft", "blocklisted")},
        "lines": {"anna.002@dest.test": ("hard", "user_unknown")},
        "multi": {"anna.000@dest.test": ("hard", "user_unknown"), "anna.004@dest.test": ("hard", "user_unknown")},
        "no_such_user": {"anna.008@dest.test": ("hard", "user_unknown")},
        "nullmx": {"bert@nullmx.test": ("hard", "no_mail_domain")},
        "nx": {"bert@nx.test": ("hard", "host_unknown")},
        "over_quota_given_up": {"anna.080@dest.test": ("soft", "mailbox_full")},
        "pipe": {"piped@me.test": ("soft", "delivery_program")},
        "refused": {"bert@refused.test": ("soft", "expired")},
        "sender_rejected": {"anna.121@plain.test": ("soft", "sender_rejected")},
        "success": {"carl@ok.test": ("ignore", "delivered")},
    },
}


@pytest.mark.parametrize(("server", "case"), [(s, c) for s, cases in WANTED.items() for c in cases])
def test_what_each_server_makes_of_the_same_answers(server: str, case: str) -> None:
    verdict = read((FIXTURES / f"{server}_{case}.eml").read_bytes())
    found = {r.address: (r.kind, r.reason) for r in verdict.recipients}
    assert found == WANTED[server][case], as_dict(verdict)


def test_every_report_is_tested() -> None:
    assert {p.stem for p in FIXTURES.glob("*.eml")} == {f"{s}_{c}" for s, cases in WANTED.items() for c in cases}
