# SPDX-License-Identifier: GPL-3.0-or-later
"""The phrases of mail server programs, from their documentation and from reports that they were made to write."""

from __future__ import annotations

from bouncestream.mail.phrases.entry import Vendor, Weight, Wording

SERVERS: tuple[Vendor, ...] = (
    Vendor("Postfix",
        "https://www.postfix.org/postconf.5.html (reject codes, *_restrictions), read November 2026; Postfix 3.7", (
        Wording("network", "recipient address rejected unverified address", Weight.SURE),
        Wording("loop", "too many hops"),
        Wording("policy", "recipient address rejected access denied", before="user_unknown"),
    )),
    Vendor("Exim",
        "https://www.exim.org/exim-html-current/doc/html/spec_html/ (routers, retry, ACLs), read November 2026", (
        Wording("sender_rejected", "sender verify fail", Weight.SURE),
        Wording("expired", "retry timeout exceeded; retry time not reached"),
        Wording("delivery_program", "exited abnormally; unknown mail system error"),
        Wording("delivery_program", "x unix", Weight.WEAK),
    )),
    Vendor("qmail",
        "http://www.qmail.org/man/man8/qmail-remote.html, qmail-local, chkuser 2.0, read November 2026", (
        Wording("network", "could not find any host by that name", before="host_unknown"),
        Wording("network", "was not able to establish an smtp connection"),
        Wording("relaying", "rcpthosts"),
        Wording("user_filtered", "badrcptto"),
        Wording("policy", "but my name was rejected", Weight.SURE),
        Wording("system_error", "chkuser 4"),
    )),
    Vendor("Dovecot", "https://doc.dovecot.org/ (quota, LDA, LMTP, Pigeonhole), read November 2026; Dovecot 2.3", (
        Wording("user_filtered", "was automatically rejected"),
    )),
    Vendor("OpenSMTPD", "https://man.openbsd.org/smtpd.conf, read November 2026; OpenSMTPD 6.8", (
        Wording("expired", "envelope expired"),
    )),
    Vendor("DragonFly Mail Agent", "https://github.com/corecode/dma (dma.8), read November 2026; dma 0.13", (
        Wording("host_unknown", "dns lookup failure host * not found"),
    )),
    Vendor("Exchange",
        "https://learn.microsoft.com/exchange/mail-flow/non-delivery-reports-and-bounce-messages, November 2026", (
        Wording("mailbox_full", "mapiexceptionshutoffquotaexceeded"),
        Wording("mailbox_disabled", "accountdisabledexception; mailboxdisabled; mapiexceptionaduserdisabled; "
             "mailboxunavailableexception", Weight.SURE),
        Wording("list_problem", "sendernotauthenticatedforgroup; sendernotinallowedsenderslist; "
             "resolver rst notauthorized; resolver rst restrictedtorecipientspermission; delivery restriction; "
             "sender not in allowed senders list; sendernotauthenticatedformailbox; resolver rst authrequired",
             Weight.SURE),
        Wording("too_big", "recipsizelimit; sendersizelimit; sendersizelimitexceeded; recipientsizelimit",
             Weight.SURE),
        Wording("policy", "transport rules", Weight.SURE),
        Wording("relaying", "unable to relay"),
        Wording("expired", "queue expired"),
        Wording("system_error", "mailbox database property", Weight.SURE),
    )),
    Vendor("GroupWise, MDaemon, IceWarp, Kerio, MailEnable, hMailServer, Zimbra",
        "the products' public knowledge bases on SMTP errors, read November 2026", (
        Wording("user_unknown", "requested action not taken mailbox unavailable or not local", Weight.SURE),
        Wording("host_unknown", "no mail servers appear to exist for; no mail servers appear to exists for"),
        Wording("relaying", "we do not relay"),
    )),
    Vendor("cPanel", "https://docs.cpanel.net/ (Exim configuration), read November 2026", (
        # A default text that names no cause.
        Wording("undetermined", "account or domain may not exist they may be blacklisted", Weight.SURE),
    )),
    Vendor("SpamAssassin, Amavis, Rspamd",
        "https://www.ijs.si/software/amavisd/ and https://rspamd.com/doc/, read November 2026", (
        Wording("content", "reject id * banned", Weight.SURE),
        Wording("virus", "infected"),
    )),
)  # fmt: skip
