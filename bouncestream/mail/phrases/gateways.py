# SPDX-License-Identifier: GPL-3.0-or-later
"""The phrases of filters and gateways in front of mailboxes, and the names of blocklists."""

from __future__ import annotations

from bouncestream.mail.phrases.entry import Vendor, Weight, Wording

GATEWAYS: tuple[Vendor, ...] = (
    Vendor("Proofpoint",
        "https://ipcheck.proofpoint.com and Proofpoint Essentials' help on rejections, read November 2026", (
        Wording("blocklisted", "pdr; ipcheck", Weight.SURE),
    ), hosts=("pphosted", "ppe-hosted", "proofpoint")),
    Vendor("Mimecast",
        "https://mimecastsupport.zendesk.com/hc/articles/34000709564691 (SMTP error codes), read November 2026", (
        Wording("policy", "administrative prohibition; email rejected due to security policies; "
             "rejected by header based; envelope blocked user entry; envelope blocked user domain entry",
             Weight.SURE),
    ), hosts=("mimecast",)),
    Vendor("Barracuda",
        "https://campus.barracuda.com/product/emailsecuritygateway/article/BSF/SMTPErrorCodes/,"
        " read November 2026", (
        Wording("user_unknown", "cuda nsu", Weight.SURE),
        Wording("policy", "permanent failure for one or more recipients * blocked", Weight.SURE),
    ), hosts=("barracuda",)),
    Vendor("Cisco (IronPort)",
        "https://www.cisco.com/c/en/us/support/docs/security/email-security-appliance/ (SMTP responses),"
        " read November 2026", (
        Wording("user_unknown", "5 1 0 address rejected"),
        Wording("blocklisted", "your access to this mail system has been rejected; sbrs", Weight.SURE),
    ), hosts=("iphmx", "ironport")),
    Vendor("Symantec.cloud (MessageLabs)",
        "https://knowledge.broadcom.com/ (Email Security.cloud bounces), read November 2026", (
        Wording("blocklisted", "messagelabs * blocked", Weight.SURE),
        Wording("spam", "message filtered"),
        Wording("relaying", "you are trying to use me", Weight.SURE),
    ), hosts=("messagelabs",)),
    # Whoever is listed, the address is not at fault.
    Vendor("blocklists",
        "https://www.spamhaus.org/, https://www.spamcop.net/, https://www.uceprotect.net/, https://www.abusix.com/,"
        " https://www.barracudacentral.org/ and their like, read November 2026", (
        Wording("blocklisted", "spamhaus; spamcop; sorbs; barracudacentral; uceprotect; uceprotectl; senderscore; "
             "invaluement; abusix; abuseat; psbl; mailspike; spfbl; backscatterer; surbl; uribl; spamrats; "
             "blocked using; rblsmtpd; dnsbl; rbl"),
    )),
)  # fmt: skip
