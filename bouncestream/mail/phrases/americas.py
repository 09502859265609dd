# SPDX-License-Identifier: GPL-3.0-or-later
"""The phrases of American providers."""

from __future__ import annotations

from bouncestream.mail.phrases.entry import Said, Speaker, Weight

AMERICAS: tuple[Speaker, ...] = (
    Speaker(
        "Comcast",
        "http://postmaster.comcast.net/mail-error-codes.xml, read November 2026",
        (
            Said("blocklisted",
                 "comcast block for spam; comcast blocked for spam; bl000000; bl000001; bl000010; bl000100; "
                 "es000001; es000010; es000100", Weight.SURE),
            Said("too_many",
                 "comcast * sessions opened; too many sessions opened; rl000001; rl000010", Weight.SURE),
            Said("no_ptr",
                 "comcast requires that all mail servers must have a ptr record; requires * ptr record",
                 Weight.SURE),
            Said("mailbox_disabled", "account not able to receive mail; not our customer * suspended"),
            Said("moved", "not our customer"),
        ),
    ),
    Speaker(
        "Cox, Charter (Spectrum), CenturyLink",
        "http://postmaster.cox.net/confluence/display/postmaster/Error+Codes, read November 2026",
        (
            Said("blocklisted",
                 "aup cxbl; aup cdrbl; aup ipbl; aup in 1; aup snd; aup out; cmsmtp blocked; cxbl; cdrbl; "
                 "aup cnct; aup bl; aup pol; cmsmtp * blocked", Weight.SURE),
            Said("blocklisted",
                 "ipbl0001; ipbl0010; ipbl0100; ipbl1000; ipbl0011; ipbl0101; ipbl0110; ipbl0111; ipbl1100; "
                 "ipbl1111", Weight.SURE),
            Said("spam", "cxthrt; cxmj; cxsnd", Weight.SURE),
            Said("too_many", "aup cxcnct; aup con"),
            Said("user_unknown", "recipient rejected aup pol1040; invalid recipient aup"),
        ),
    ),
    Speaker(
        "AT&T, BellSouth, Verizon",
        "http://rbl.att.net/block_enduser.html, read November 2026",
        (
            Said("blocklisted",
                 "blocked by ldap ou rblmx; flph; sbcglobal * blocked; error dnsbl; fix reverse dns for; "
                 "blocked for abuse", Weight.SURE),
            Said("mailbox_disabled", "mailbox currently suspended", Weight.SURE),
            Said("user_unknown", "no valid recipients for this mm"),
            Said("sender_rejected", "requires valid sender domain; unauthorized interface for", Weight.SURE),
        ),
    ),
    Speaker(
        "GoDaddy, EarthLink, Rackspace",
        "the providers' help pages on SMTP errors, read November 2026",
        (
            Said("blocklisted", "ib103; ib105; ib108; ib110; ib112; ib401; ib705; relay quota", Weight.SURE),
            Said("too_many", "ib007; ib101; ib506; ib508; ib510; ib607", Weight.SURE),
            Said("no_ptr", "ib501; ib106", Weight.SURE),
            Said("spam", "ib212; ib301; ib307; ib504", Weight.SURE),
        ),
    ),
    Speaker(
        "UOL, Terra, BOL, Telmex, Claro",
        "the providers' help pages, read November 2026",
        (
            Said("user_unknown",
                 "conta inexistente; usuario nao encontrado; usuario inexistente; caixa postal inexistente; "
                 "destinatario invalido; destinatario nao encontrado; cliente nao encontrado"),
            Said("mailbox_full",
                 "caixa postal cheia; caixa postal * cheia; limite de espaco excedido; buzon sin espacio"),
            Said("mailbox_disabled", "conta bloqueada; conta suspensa; usuario bloqueado; usuario suspenso"),
            Said("blocklisted", "ip bloqueado; seu ip; ip * bloqueado por"),
        ),
    ),
)  # fmt: skip
