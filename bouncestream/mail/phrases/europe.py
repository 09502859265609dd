# SPDX-License-Identifier: GPL-3.0-or-later
"""The phrases of European and Russian providers."""

from __future__ import annotations

from bouncestream.mail.phrases.entry import Vendor, Weight, Wording

EUROPE: tuple[Vendor, ...] = (
    Vendor("GMX, WEB.DE, mail.com, IONOS",
        "https://postmaster.gmx.net/en/error-messages and https://smtp.codes/unitedinternet/, "
        "read November 2026", (
        Wording("blocklisted",
             "ip address is block listed; nemesis esmtp service not available; 554 no smtp service; "
             "bad dns ptr resource record", Weight.SURE),
        Wording("policy", "reject due to policy restrictions; reject due to policy violations", Weight.SURE),
        Wording("auth_failure",
             "reject due to spf policy; originating ip of the message is not permitted by", Weight.SURE),
        Wording("mailbox_full",
             "user has exhausted allowed storage space; benutzer hat zuviele mails auf dem server"),
    ), hosts=("gmx", "web.de", "kundenserver", "perfora", "mail.com")),
    Vendor("T-Online (Telekom), freenet, Strato, Hetzner, Vodafone, 1&1 Versatel",
        "https://postmaster.t-online.de/ and the providers' help pages, read November 2026", (
        Wording("mailbox_full", "speicherplatz * erschopft"),
        Wording("policy", "mxin501; mxin603; mxin600; mxin601"),
    ), hosts=("t-online", "freenet", "strato", "hetzner", "vodafone", "versatel")),
    Vendor("Orange, Wanadoo",
        "https://postmaster.orange.fr/ and https://www.postmastery.com/orange-postmaster-smtp-error-codes-ofr/,"
        " read November 2026", (
        Wording("user_unknown", "ofr 416; ofr005 416; ofr 515", Weight.SURE),
        Wording("too_many",
             "trop de connexions; ofr004 104; ofr 104; ofr005 104; ofr004 999; ofr 999; ofr005 999", Weight.SURE),
        Wording("blocklisted",
             "ofr 506; ofr006 506; ofr005 506; ofr007 506; ofr 505; ofr004 105; ofr 105; "
             "mail from ip lookup", Weight.SURE),
        Wording("mailbox_full", "boite du destinataire pleine; ofr 417; ofr005 417", Weight.SURE),
        Wording("mailbox_disabled",
             "boite du destinataire archivee; ofr 420; boite du destinataire * desactivee", Weight.SURE),
        Wording("sender_rejected", "emetteur invalide; ofr 102; invalid sender ofr; ofr004 102", Weight.SURE),
        Wording("spam", "spam detecte", Weight.SURE),
    ), hosts=("orange", "wanadoo")),
    Vendor("SFR, Free, La Poste, Bouygues, OVH", "the providers' postmaster and help pages, read November 2026", (
        Wording("spam", "lpn007 510", Weight.SURE),
        Wording("blocklisted", "too many spams from your ip; lpn007 503; lpn027 503; service refuse", Weight.SURE),
        # La Poste: LPN, three digits for the server, three for the cause.
        Wording("auth_failure", "lpn007 517; lpn027 517", Weight.SURE),
        Wording("sender_rejected", "lpn007 405; lpn027 405", Weight.SURE),
        Wording("user_unknown", "lpn007 416; lpn027 416"),
    ), hosts=("sfr.fr", "free.fr", "laposte", "bbox.fr", "bouygues", "ovh")),
    Vendor("Libero, Virgilio, Tiscali, Aruba, Telenet, Ziggo, KPN, BT, Sky, TalkTalk",
        "the providers' postmaster and help pages, read November 2026", (
        Wording("blocklisted",
             "ip address * is not allowed * libero; connection refused from * libero; sender ip * reputation; "
             "smtp id * blocked; ip * temporarily blacklisted", before="network"),
        Wording("policy", "mail not accepted * xs4all"),
    ), hosts=("libero", "tiscali", "aruba", "telenet", "ziggo", "kpn", "btinternet", "sky.com", "talktalk")),
    Vendor("Yandex", "https://yandex.com/support/mail/bounces/other.html, read November 2026", (
        Wording("spam", "message rejected under suspicion of spam; message looks like spam to me", Weight.SURE),
        Wording("policy", "the recipient has exceeded their message rate limit", before="too_many"),
        Wording("mailbox_disabled", "policy rejection on the target address", Weight.SURE),
    ), hosts=("yandex",)),
    Vendor("Mail.ru", "https://help.mail.ru/mail-help/ (errors when sending), read November 2026", (
        Wording("spam", "spam message rejected please visit; spam message discarded", Weight.SURE),
        Wording("user_unknown", "local mailbox is unavailable user not found", Weight.SURE),
        Wording("mailbox_disabled",
             "local mailbox * is unavailable account is disabled; "
             "local mailbox is unavailable account is disabled; message sending for this account is disabled",
             Weight.SURE),
    ), hosts=("mail.ru",)),
)  # fmt: skip
