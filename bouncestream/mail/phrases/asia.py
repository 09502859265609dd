# SPDX-License-Identifier: GPL-3.0-or-later
"""The phrases of providers in China, Japan, Korea and India."""

from __future__ import annotations

from bouncestream.mail.phrases.entry import Vendor, Weight, Wording

ASIA: tuple[Vendor, ...] = (
    Vendor("QQ Mail, Tencent Exmail",
        "https://service.mail.qq.com/ (bounce help 20022) and https://smtp.codes/qq, read November 2026", (
        Wording("too_many",
             "ip frequency limited; sender frequency limited; domain frequency limited; "
             "connection frequency limited; mailbox unavailable or access denied", Weight.SURE),
        Wording("content", "mail content denied; content rejected", Weight.SURE),
        Wording("user_filtered", "mail is rejected by recipients", Weight.SURE),
        Wording("spam", "suspected spam ip; suspected spam sender; suspected bounce attacks", Weight.SURE),
        Wording("auth_failure", "dmarc check failed; spf check failed", Weight.SURE),
    ), hosts=("qq.com",)),
    Vendor("NetEase 163, 126, Coremail",
        "https://help.mail.163.com/ (退信代码) and https://www.icoremail.vip/support/, read November 2026", (
        Wording("spam", "dt spm; mi spb; mi spf; dt sum; bz2 spm", Weight.SURE),
        Wording("blocklisted",
             "dt rbl; mi stc; hl rep; hl itc; wm bli; wm blu; mi ncb; rp trc; mi rbl; ip is rejected; "
             "ip is hangup; invalid ip", Weight.SURE),
        Wording("too_many",
             "hl icc; hl ifc; hl mep; mi dmc; mi cel; mi ccl; rp drc; rp cel; rp ccl; rp qrc; mi sfq", Weight.SURE),
        Wording("user_filtered", "user rejected; user in blacklist; rcpt is rejected", Weight.SURE),
        Wording("mailbox_disabled", "user suspended; user hangup; user locked", Weight.SURE),
        Wording("sender_rejected",
             "fake sender; accept mail by no user; null sender is not allowed; sender is rejected", Weight.SURE),
        Wording("policy",
             "requested action not taken local user only; requested action not taken no smtp mx only", Weight.SURE),
    ), hosts=("163.com", "126.com", "netease", "coremail")),
    Vendor("NTT docomo, au (KDDI), SoftBank",
        "https://note.com/sendmagic/n/neb6bbe7e51cf (docomo), n875d8dcb6cb8 (au), read November 2026: the"
        " same words for an address that does not exist and for one whose filter refuses", (
        Wording("mailbox_full", "too much mail data", Weight.SURE),
        Wording("user_filtered",
             "extended mail refused; "
             "we failed to deliver mail because the following address recipient id refuse to receive mail",
             Weight.SURE),
    ), hosts=("docomo", "ezweb", "au.com", "softbank")),
    Vendor("Naver, Daum (Kakao), Rediff", "the providers' help pages on bounces, read November 2026", (
        Wording("user_unknown", "존재하지않는"),
    ), hosts=("naver", "daum", "hanmail", "rediff")),
)  # fmt: skip
