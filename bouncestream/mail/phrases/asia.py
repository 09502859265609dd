# SPDX-License-Identifier: GPL-3.0-or-later
"""The phrases of providers in China, Japan, Korea and India."""

from __future__ import annotations

from bouncestream.mail.phrases.entry import Vendor, Weight, Wording

ASIA: tuple[Vendor, ...] = (
    Vendor(
        "QQ Mail, Tencent Exmail",
        "https://service.mail.qq.com/ (bounce help 20022) and https://smtp.codes/qq, read November 2026",
        (
            Wording("user_unknown", "mailbox not found; 该用户不存在; 该用户未开通"),
            Wording("too_many",
                 "ip frequency limited; sender frequency limited; domain frequency limited; "
                 "connection frequency limited; mailbox unavailable or access denied", Weight.SURE),
            Wording("content", "mail content denied; content rejected", Weight.SURE),
            Wording("user_filtered", "mail is rejected by recipients", Weight.SURE),
            Wording("spam", "suspected spam ip; suspected spam sender; suspected bounce attacks", Weight.SURE),
            Wording("auth_failure", "dmarc check failed; spf check failed", Weight.SURE),
            Wording("mailbox_full", "收件人空间不足; 收件人邮箱已满; 容量已满"),
        ),
    ),
    Vendor(
        "NetEase 163, 126, Coremail",
        "https://help.mail.163.com/ (退信代码) and https://www.icoremail.vip/support/, read November 2026",
        (
            Wording("user_unknown", "mi usr user not exist; user not exist; rp rue; 收件人不存在; 用户不存在"),
            Wording("spam", "dt spm; mi spb; mi spf; dt sum; bz2 spm", Weight.SURE),
            Wording("blocklisted",
                 "dt rbl; mi stc; hl rep; hl itc; wm bli; wm blu; mi ncb; rp trc; mi rbl", Weight.SURE),
            Wording("too_many",
                 "hl icc; hl ifc; hl mep; mi dmc; mi cel; mi ccl; rp drc; rp cel; rp ccl; rp qrc; mi sfq",
                 Weight.SURE),
            Wording("user_filtered", "user rejected; user in blacklist; rcpt is rejected", Weight.SURE),
            Wording("mailbox_disabled", "user suspended; user hangup; user locked", Weight.SURE),
            Wording("sender_rejected", "fake sender; accept mail by no user; null sender is not allowed; "
                 "sender is rejected", Weight.SURE),
            Wording("blocklisted", "ip is rejected; ip is hangup; invalid ip", Weight.SURE),
            Wording("policy",
                 "requested action not taken local user only; requested action not taken no smtp mx only",
                 Weight.SURE),
        ),
    ),
    Vendor(
        "NTT docomo, au (KDDI), SoftBank",
        "https://note.com/sendmagic/n/neb6bbe7e51cf (docomo), n875d8dcb6cb8 (au), read November 2026: the"
        " same words for an address that does not exist and for one whose filter refuses",
        (
            Wording("mailbox_full", "too much mail data", Weight.SURE),
            Wording("user_filtered",
                 "extended mail refused; "
                 "we failed to deliver mail because the following address recipient id refuse to receive mail",
                 Weight.SURE),
            Wording("blocklisted", "each of the following recipients was rejected by a remote mail server * bulk"),
            Wording("user_unknown", "unknown user; user unknown", bare=True),
        ),
    ),
    Vendor(
        "Naver, Daum (Kakao), Rediff",
        "the providers' help pages on bounces, read November 2026",
        (
            Wording("user_unknown",
                 "존재하지 않는 * 사용자; 존재하지않는; 수신자 * 존재하지; 사용자를 찾을 수 없; "
                 "user unknown * daum; recipient * rediffmail * not exist"),
            Wording("mailbox_full", "용량 * 초과; 메일함 * 가득; 메일함 용량"),
            Wording("mailbox_disabled", "휴면 * 계정; 휴면계정"),
            Wording("blocklisted", "naver * blocked; daum * policy d", Weight.CLEAR),
        ),
    ),
)  # fmt: skip
