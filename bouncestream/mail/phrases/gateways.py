# SPDX-License-Identifier: GPL-3.0-or-later
"""The phrases of filters and gateways in front of mailboxes."""

from __future__ import annotations

from bouncestream.mail.phrases.entry import Vendor, Weight, Wording

GATEWAYS: tuple[Vendor, ...] = (
    Vendor(
        "Proofpoint",
        "https://ipcheck.proofpoint.com and Proofpoint Essentials' help on rejections, read November 2026",
        (
            Wording("blocklisted",
                 "proofpoint dynamic reputation; cs pdr; pdr; blocked see https ipcheck proofpoint com; "
                 "ipcheck; proofpoint reputation", Weight.SURE),
            Wording("user_unknown",
                 "user email address is marked as invalid; recipient address * marked as invalid"),
            Wording("policy", "rejected by mail policy; recipient address rejected policy"),
            Wording("too_many", "too many invalid recipients"),
        ),
    ),
    Vendor(
        "Mimecast",
        "https://mimecastsupport.zendesk.com/hc/articles/34000709564691 (SMTP error codes), read November 2026",
        (
            Wording("user_unknown", "invalid recipient"),
            Wording("policy",
                 "administrative prohibition envelope blocked; administrative prohibition; "
                 "email rejected due to security policies; rejected by header based; anti spoofing policy; "
                 "envelope blocked user entry; envelope blocked user domain entry", Weight.SURE),
            Wording("greylisted",
                 "internal resource temporarily unavailable; resources temporarily unavailable * mimecast"),
            Wording("auth_failure", "dns authentication failure; dkim verification failed; dmarc sender invalid"),
            Wording("relaying", "incompatible content * inbound not allowed; inbound not allowed"),
            Wording("loop", "hop count exceeded"),
            Wording("spam", "local ct ip reputation; spamvirus; blocked by signature"),
        ),
    ),
    Vendor(
        "Barracuda",
        "https://campus.barracuda.com/product/emailsecuritygateway/article/BSF/SMTPErrorCodes/, read November 2026",
        (
            Wording("blocklisted", "barracuda networks reputation; blocked using barracuda; barracudacentral"),
            Wording("user_unknown", "cuda nsu; cuda recipient unknown", Weight.SURE),
            Wording("policy",
                 "permanent failure for one or more recipients * blocked; blocked by recipient", Weight.SURE),
            Wording("spam", "message content rejected ube; rejected due to content restrictions"),
        ),
    ),
    Vendor(
        "Cisco (IronPort)",
        "https://www.cisco.com/c/en/us/support/docs/security/email-security-appliance/ (SMTP responses),"
        " read November 2026",
        (
            Wording("user_unknown",
                 "5 1 0 address rejected; unknown address error * invalid recipient; "
                 "unknown address error * mailbox not found"),
            Wording("blocklisted",
                 "your access to this mail system has been rejected; poor reputation score; "
                 "sending mta s poor reputation; sender s reputation; sbrs", Weight.SURE),
            Wording("too_many", "too many invalid recipients; directory harvest"),
        ),
    ),
    Vendor(
        "Cloudmark",
        "https://csi.cloudmark.com/, read November 2026",
        (
            Wording("blocklisted", "cloudmark sender intelligence; csi cloudmark", Weight.SURE),
            Wording("spam", "cloudmark gateway; content rejected by cloudmark"),
        ),
    ),
    Vendor(
        "Symantec.cloud (MessageLabs)",
        "https://knowledge.broadcom.com/ (Email Security.cloud bounces), read November 2026",
        (
            Wording("user_unknown",
                 "invalid recipients; recipient not on address list; not on the list of valid recipients"),
            Wording("blocklisted",
                 "messagelabs * blocked; requested action not taken 553 you ve been blocked; "
                 "you are trying to use me * server as a relay", Weight.SURE),
            Wording("spam", "message filtered; message filtered please see the faqs"),
            Wording("relaying", "you are trying to use me", Weight.SURE),
        ),
    ),
    Vendor(
        "Sophos, Trend Micro, Fortinet, Hornetsecurity, SpamExperts, Vade, McAfee, Google Postini",
        "the vendors' public knowledge bases on rejected mail, read November 2026",
        (
            Wording("blocklisted",
                 "email reputation service; ers qil; ers rbl; ers dul; trend micro * reputation; "
                 "fortiguard antispam; fortiguard ip; reputation based; ip reputation; "
                 "hornetsecurity * rejected; antispamcloud; incorrect ip psmtp; "
                 "ip address is not allowed psmtp", Weight.SURE),
            Wording("user_unknown",
                 "recipient verification failed no such; no such recipient exists; "
                 "rejected by recipient verification; recipient * verification failed unknown; "
                 "ldap recipient verification"),
            Wording("user_unknown", "recipient verification failed", bare=True),
            Wording("content", "blocked by attachment policy; dlp policy; data loss prevention"),
            Wording("spam",
                 "spam url in message; classified as spam; identified as spam; considered as spam; "
                 "recognized as spam; spam probability; probable spam; high probability of spam; spamhaus dbl"),
        ),
    ),
)  # fmt: skip
