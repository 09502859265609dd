# SPDX-License-Identifier: GPL-3.0-or-later
"""The names of blocklists, and how servers point to them: whoever is listed, the address is not at fault."""

from __future__ import annotations

from bouncestream.mail.phrases.entry import Vendor, Weight, Wording

LISTS: tuple[Vendor, ...] = (
    Vendor(
        "blocklists",
        "https://www.spamhaus.org/, https://www.spamcop.net/, https://www.uceprotect.net/, https://www.abusix.com/,"
        " https://www.barracudacentral.org/ and their like, read November 2026",
        (
            Wording("blocklisted",
                 "spamhaus; spamcop; sorbs; barracudacentral; uceprotect; uceprotectl; senderscore; "
                 "invaluement; abusix; abuseat; psbl; surriel; mailspike; spfbl; backscatterer; nixspam; wpbl; "
                 "surbl; uribl; truncate gbudb; gbudb; hostkarma; spamrats; njabl; dnswl; spambl; cbl; zen; "
                 "dul; ivmsip; ivmuri; 0spam; blocked using; rblsmtpd; rbldns; dnsbl; rbl; "
                 "b barracudacentral org", Weight.CLEAR),
            Wording("blocklisted",
                 "blocked using * spamhaus; listed in * spamhaus; listed at * spamhaus; listed by * spamhaus; "
                 "blocked by * dnsbl; rejected because * in a black list", Weight.SURE),
        ),
    ),
)  # fmt: skip
