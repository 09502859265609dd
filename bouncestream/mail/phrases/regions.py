# SPDX-License-Identifier: GPL-3.0-or-later
"""The phrases of providers by region: Europe and Russia, America, Asia."""

from __future__ import annotations

from bouncestream.mail.phrases.entry import Vendor, Weight, Wording

REGIONS: tuple[Vendor, ...] = (
    Vendor("GMX, WEB.DE, mail.com, IONOS",
        "https://postmaster.gmx.net/en/error-messages and https://smtp.codes/unitedinternet/, "
        "read November 2026", (
        Wording("blocklisted", "ip address is block listed; nemesis esmtp service not available; "
             "554 no smtp service; bad dns ptr resource record", Weight.SURE),
        Wording("auth_failure", "originating ip of the message is not permitted by", Weight.SURE),
        Wording("mailbox_full", "benutzer hat zuviele mails auf dem server"),
    ), hosts=("gmx", "web.de", "kundenserver", "perfora", "mail.com")),
    Vendor("T-Online (Telekom), freenet, Strato, Hetzner, Vodafone, 1&1 Versatel",
        "https://postmaster.t-online.de/ and the providers' help pages, read November 2026", (
        Wording("policy", "mxin"),
    ), hosts=("t-online", "freenet", "strato", "hetzner", "vodafone", "versatel")),
    Vendor("Orange, Wanadoo",
        "https://postmaster.orange.fr/ and https://www.postmastery.com/orange-postmaster-smtp-error-codes-ofr/,"
        " read November 2026", (
        Wording("user_unknown", "ofr 416; ofr * 416; ofr 515", Weight.SURE),
        Wording("too_many", "ofr * 104; ofr 104; ofr * 999; ofr 999", Weight.SURE),
        Wording("blocklisted", "ofr 506; ofr * 506; ofr 505; ofr * 105; ofr 105; mail from ip lookup", Weight.SURE),
        Wording("mailbox_full", "ofr 417; ofr * 417", Weight.SURE),
        Wording("mailbox_disabled", "boite du destinataire archivee; ofr 420", Weight.SURE),
        Wording("sender_rejected", "ofr 102; ofr * 102", Weight.SURE),
    ), hosts=("orange", "wanadoo")),
    Vendor("SFR, Free, La Poste, Bouygues, OVH", "the providers' postmaster and help pages, read November 2026", (
        Wording("spam", "lpn * 510", Weight.SURE),
        Wording("blocklisted", "lpn * 503; service refuse", Weight.SURE),
        # La Poste: LPN, three digits for the server, three for the cause.
        Wording("auth_failure", "lpn * 517", Weight.SURE),
        Wording("sender_rejected", "lpn * 405", Weight.SURE),
        Wording("user_unknown", "lpn * 416"),
    ), hosts=("sfr.fr", "free.fr", "laposte", "bbox.fr", "bouygues", "ovh")),
    Vendor("Yandex", "https://yandex.com/support/mail/bounces/other.html, read November 2026", (
        Wording("policy", "the recipient has exceeded their message rate limit", before="too_many"),
        Wording("mailbox_disabled", "policy rejection on the target address", Weight.SURE),
    ), hosts=("yandex",)),
    Vendor("Mail.ru", "https://help.mail.ru/mail-help/ (errors when sending), read November 2026", (
        Wording("user_unknown", "local mailbox is unavailable user not found", Weight.SURE),
    ), hosts=("mail.ru",)),
    Vendor("Comcast", "http://postmaster.comcast.net/mail-error-codes.xml, read November 2026", (
        Wording("blocklisted", "comcast * for spam; bl 000000; bl 000001; bl 000010; bl 000100; es 000001; "
             "es 000010; es 000100", Weight.SURE),
        Wording("too_many", "rl 000001; rl 000010", Weight.SURE),
    ), hosts=("comcast",)),
    Vendor("Cox, Charter (Spectrum), CenturyLink",
        "http://postmaster.cox.net/confluence/display/postmaster/Error+Codes, read November 2026", (
        Wording("blocklisted", "ipbl; aup in; aup snd; aup out; cmsmtp blocked; cxbl; cdrbl; aup cnct; aup bl; "
             "cmsmtp * blocked", Weight.SURE),
        Wording("spam", "cxthrt; cxmj; cxsnd", Weight.SURE),
        Wording("user_unknown", "recipient rejected aup pol 1040"),
    ), hosts=("cox.net", "charter.net", "centurylink", "rr.com")),
    Vendor("AT&T, BellSouth, Verizon", "http://rbl.att.net/block_enduser.html, read November 2026", (
        Wording("blocklisted", "flph; blocked for abuse", Weight.SURE),
        Wording("mailbox_disabled", "mailbox currently suspended", Weight.SURE),
        Wording("user_unknown", "no valid recipients for this mm"),
    ), hosts=("vzwpix", "vtext", "att.net", "bellsouth", "verizon")),
    Vendor("GoDaddy, EarthLink, Rackspace", "the providers' help pages on SMTP errors, read November 2026", (
        Wording("blocklisted", "ib 103; ib 105; ib 108; ib 110; ib 112; ib 401; ib 705", Weight.SURE),
        Wording("too_many", "ib 007; ib 101; ib 506; ib 508; ib 510; ib 607", Weight.SURE),
        Wording("no_ptr", "ib 501; ib 106", Weight.SURE),
        Wording("spam", "ib 212; ib 301; ib 307; ib 504", Weight.SURE),
    ), hosts=("secureserver", "earthlink", "emailsrvr")),
    Vendor("QQ Mail, Tencent Exmail",
        "https://service.mail.qq.com/ (bounce help 20022) and https://smtp.codes/qq, read November 2026", (
        Wording("too_many", "frequency limited; mailbox unavailable or access denied", Weight.SURE),
        Wording("content", "mail content denied; content rejected", Weight.SURE),
        Wording("user_filtered", "mail is rejected by recipients", Weight.SURE),
        Wording("spam", "suspected bounce attacks", Weight.SURE),
    ), hosts=("qq.com",)),
    Vendor("NetEase 163, 126, Coremail",
        "https://help.mail.163.com/ (退信代码) and https://www.icoremail.vip/support/, read November 2026", (
        Wording("spam", "dt spm; mi spb; mi spf; dt sum; bz 2 spm", Weight.SURE),
        Wording("blocklisted", "mi stc; hl rep; hl itc; wm bli; wm blu; mi ncb; rp trc; ip is rejected; "
             "ip is hangup; invalid ip", Weight.SURE),
        Wording("too_many", "hl icc; hl ifc; hl mep; mi dmc; mi cel; mi ccl; rp drc; rp cel; rp ccl; rp qrc; "
             "mi sfq", Weight.SURE),
        Wording("user_filtered", "user rejected; user in blacklist; rcpt is rejected", Weight.SURE),
        Wording("mailbox_disabled", "user hangup", Weight.SURE),
        Wording("sender_rejected", "fake sender; accept mail by no user; null sender is not allowed", Weight.SURE),
        Wording("policy", "requested action not taken local user only; requested action not taken no smtp mx only",
             Weight.SURE),
    ), hosts=("163.com", "126.com", "netease", "coremail")),
    Vendor("NTT docomo, au (KDDI), SoftBank",
        "https://note.com/sendmagic/n/neb6bbe7e51cf (docomo), n875d8dcb6cb8 (au), read November 2026: the"
        " same words for an address that does not exist and for one whose filter refuses", (
        Wording("user_filtered", "extended mail refused; "
             "we failed to deliver mail because the following address recipient id refuse to receive mail",
             Weight.SURE),
    ), hosts=("docomo", "ezweb", "au.com", "softbank")),
)  # fmt: skip
