# SPDX-License-Identifier: GPL-3.0-or-later
"""The phrases of American providers."""

from __future__ import annotations

from bouncestream.mail.phrases.entry import Vendor, Weight, Wording

AMERICAS: tuple[Vendor, ...] = (
    Vendor("Comcast", "http://postmaster.comcast.net/mail-error-codes.xml, read November 2026", (
        Wording("blocklisted",
             "comcast block for spam; comcast blocked for spam; bl000000; bl000001; bl000010; bl000100; es000001; "
             "es000010; es000100", Weight.SURE),
        Wording("too_many", "comcast * sessions opened; too many sessions opened; rl000001; rl000010", Weight.SURE),
        Wording("no_ptr",
             "requires * ptr record", Weight.SURE),
    ), hosts=("comcast",)),
    Vendor("Cox, Charter (Spectrum), CenturyLink",
        "http://postmaster.cox.net/confluence/display/postmaster/Error+Codes, read November 2026", (
        Wording("blocklisted",
             "aup ipbl; aup in 1; aup snd; aup out; cmsmtp blocked; cxbl; cdrbl; aup cnct; "
             "aup bl; aup pol; cmsmtp * blocked; ipbl0001; ipbl0010; ipbl0100; ipbl1000; ipbl0011; ipbl0101; "
             "ipbl0110; ipbl0111; ipbl1100; ipbl1111", Weight.SURE),
        Wording("spam", "cxthrt; cxmj; cxsnd", Weight.SURE),
        Wording("user_unknown", "recipient rejected aup pol1040"),
    ), hosts=("cox.net", "charter.net", "centurylink", "rr.com")),
    Vendor("AT&T, BellSouth, Verizon", "http://rbl.att.net/block_enduser.html, read November 2026", (
        Wording("blocklisted",
             "blocked by ldap ou rblmx; flph; sbcglobal * blocked; error dnsbl; fix reverse dns for; "
             "blocked for abuse", Weight.SURE),
        Wording("mailbox_disabled", "mailbox currently suspended", Weight.SURE),
        Wording("user_unknown", "no valid recipients for this mm"),
        Wording("sender_rejected", "requires valid sender domain; unauthorized interface for", Weight.SURE),
    ), hosts=("vzwpix", "vtext", "att.net", "bellsouth", "verizon")),
    Vendor("GoDaddy, EarthLink, Rackspace", "the providers' help pages on SMTP errors, read November 2026", (
        Wording("blocklisted", "ib103; ib105; ib108; ib110; ib112; ib401; ib705", Weight.SURE),
        Wording("too_many", "ib007; ib101; ib506; ib508; ib510; ib607", Weight.SURE),
        Wording("no_ptr", "ib501; ib106", Weight.SURE),
        Wording("spam", "ib212; ib301; ib307; ib504", Weight.SURE),
    ), hosts=("secureserver", "earthlink", "emailsrvr")),
)  # fmt: skip
