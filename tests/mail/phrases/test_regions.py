# SPDX-License-Identifier: GPL-3.0-or-later
"""Replies of providers by region: their codes, and what is their own only where their server was recognised."""

from __future__ import annotations

import pytest

from bouncestream.mail.classify import classify


@pytest.mark.parametrize(
    ("host", "reply", "kind", "reason"),
    [
        (
            "smtp-in.orange.fr",
            "550 5.1.1 Adresse d au moins un destinataire invalide. OFR_416",
            "hard",
            "user_unknown",
        ),
        ("smtp-in.orange.fr", "421 mwinf5c04 ME Trop de connexions. OFR004_104 [104]", "soft", "too_many"),
        ("smtp-in.orange.fr", "552 5.2.2 OFR_417", "soft", "mailbox_full"),
        ("smtp4.laposte.net", "554 5.7.1 Client host rejected: LPN007_503", "soft", "blocklisted"),
        ("smtp4.laposte.net", "550 5.5.0 LPN105_517", "soft", "auth_failure"),
        ("mx00.t-online.de", "554 mxin501 service", "soft", "policy"),
        ("mx1.comcast.net", "554 5.2.0 ES000001", "soft", "blocklisted"),
        ("cxr.mx.a.cloudfilter.net", "554 cmsmtp 192.0.2.1 blocked AUP#BL", "soft", "blocklisted"),
        ("smtp.secureserver.net", "550 IB501", "soft", "no_ptr"),
        ("163mx01.mxmail.netease.com", "554 DT:SPM 163 mx1", "soft", "spam"),
        ("mx3.qq.com", "550 Mail is rejected by recipients", "soft", "user_filtered"),
    ],
)
def test_documented_replies(host: str, reply: str, kind: str, reason: str) -> None:
    judged = classify(status="", reply_code="", diagnostic=reply, heard=f"jane@example.com {host}")
    assert (judged.kind, judged.reason) == (kind, reason)


def test_a_code_of_a_provider_is_not_half_of_another_word() -> None:
    assert classify(status="", reply_code="", diagnostic="550 xmxinside").reason == "rejected"
