# SPDX-License-Identifier: GPL-3.0-or-later
"""The phrases of the large mailbox services."""

from __future__ import annotations

from bouncestream.mail.phrases.entry import Vendor, Weight, Wording

MAILBOXES: tuple[Vendor, ...] = (
    Vendor("Google", "https://support.google.com/a/answer/3726730, read November 2026", (
        Wording("too_many", "receiving mail too quickly; receiving mail at a rate that; unusual rate of * mail; "
             "peak smtp relay limit exceeded", Weight.SURE),
        Wording("spam", "likely suspicious due to", Weight.SURE),
        Wording("auth_failure", "unauthenticated email from; sender is unauthenticated; "
             "does not have authentication information; 5 7 26; 4 7 26; 5 7 27; 5 7 30; 4 7 27; 4 7 30",
             Weight.SURE),
        Wording("no_ptr", "5 7 25; 4 7 23", Weight.SURE),
        Wording("tls", "4 7 29; 5 7 29", Weight.SURE),
        Wording("policy", "gcdp", Weight.SURE),
    ), hosts=("google", "gmail")),
    Vendor("Microsoft",

        "https://learn.microsoft.com/troubleshoot/exchange/email-delivery/ndr/non-delivery-reports-in-exchange-online"
        " and https://sendersupport.olc.protection.outlook.com/pm/troubleshooting, read November 2026", (
        # Directory based edge blocking; the same words without 5.4.1 are Postfix's access tables.
        Wording("user_unknown", "5 4 1 recipient address rejected access denied; "
             "5 4 1 all recipient addresses rejected access denied", Weight.SURE),
        Wording("user_unknown", "5 5 0 requested action not taken mailbox unavailable"),
        Wording("blocklisted", "part of their network is on our block list; messages from * were not sent; "
             "banned sending ip; access denied banned sender; as 1450", Weight.SURE),
        Wording("too_many", "has been temporarily rate limited; exceeded the rate limit", Weight.SURE),
        Wording("too_many", "5 1 90; 5 7 705; 5 7 708"),
        Wording("auth_failure", "5 7 509; 5 7 515; sender * did not pass authentication; sender authentication",
             Weight.SURE),
        Wording("policy", "protocol violation; 5 7 511"),
        Wording("list_problem", "5 7 133; 5 7 134; 5 7 135; 5 7 124; 5 7 129; 5 7 136", Weight.SURE),
        Wording("network", "mail sent to the wrong office 365 region; 4 4 62; 4 4 316; 4 4 312; dns query failed",
             Weight.SURE),
        Wording("host_unknown", "5 4 310"),
    ), hosts=("outlook.com", "hotmail", "office365", "microsoft.com")),
    Vendor("Yahoo (also AOL, AT&T, Verizon)", "https://senders.yahooinc.com/smtp-error-codes, read November 2026", (
        Wording("too_many", "tss; user complaints; max message per connection reached", Weight.SURE),
        Wording("blocklisted", "connections will not be accepted from; will not accept delivery of this message; "
             "permanently deferred", Weight.SURE),
        Wording("auth_failure", "unable to authenticate; sender unauthenticated", Weight.SURE),
        Wording("user_unknown", "delivery error dd this user does not have", Weight.SURE),
    ), hosts=("yahoo", "aol.com", "yahoodns")),
    Vendor("Amazon SES",
        "https://docs.aws.amazon.com/ses/latest/dg/sending-email-suppression-list.html, read November 2026", (
        Wording("suppressed", "has suppressed sending to this address; recent history of bouncing as an invalid; "
             "on the suppression list; on your account suppression list; address is suppressed", Weight.SURE),
    ), hosts=("amazonses", "amazonaws")),
    Vendor("Apple", "https://support.apple.com/102322 (iCloud postmaster page), read November 2026", (
        Wording("blocklisted", "cs 01; message rejected due to local policy * icloud", before="policy"),
        Wording("spam", "hm 08 message rejected; hm 07 message rejected"),
    ), hosts=("icloud", "me.com", "apple.com")),
)  # fmt: skip
