# SPDX-License-Identifier: GPL-3.0-or-later
"""The phrases of providers in China, Japan, Korea and India."""

from __future__ import annotations

from bouncestream.mail.phrases.entry import Said, Speaker, Weight

ASIA: tuple[Speaker, ...] = (
    Speaker(
        "QQ Mail, Tencent Exmail",
        "https://service.mail.qq.com/ (bounce help 20022) and https://smtp.codes/qq, read November 2026",
        (
            Said("user_unknown", "mailbox not found; 该用户不存在; 该用户未开通"),
            Said("too_many",
                 "ip frequency limited; sender frequency limited; domain frequency limited; "
                 "connection frequency limited; mailbox unavailable or access denied", Weight.SURE),
            Said("content", "mail content denied; content rejected", Weight.SURE),
            Said("user_filtered", "mail is rejected by recipients", Weight.SURE),
            Said("spam", "suspected spam ip; suspected spam sender; suspected bounce attacks", Weight.SURE),
            Said("auth_failure", "dmarc check failed; spf check failed", Weight.SURE),
            Said("mailbox_full", "收件人空间不足; 收件人邮箱已满; 容量已满"),
        ),
    ),
    Speaker(
        "NetEase 163, 126, Coremail",
        "https://help.mail.163.com/ (退信代码) and https://www.icoremail.vip/support/, read November 2026",
        (
            Said("user_unknown", "mi usr user not exist; user not exist; rp rue; 收件人不存在; 用户不存在"),
            Said("spam", "dt spm; mi spb; mi spf; dt sum; bz2 spm", Weight.SURE),
            Said("blocklisted",
                 "dt rbl; mi stc; hl rep; hl itc; wm bli; wm blu; mi ncb; rp trc; mi rbl", Weight.SURE),
            Said("too_many",
                 "hl icc; hl ifc; hl mep; mi dmc; mi cel; mi ccl; rp drc; rp cel; rp ccl; rp qrc; mi sfq",
                 Weight.SURE),
            Said("user_filtered", "user rejected; user in blacklist; rcpt is rejected", Weight.SURE),
            Said("mailbox_disabled", "user suspended; user hangup; user locked", Weight.SURE),
            Said("sender_rejected", "fake sender; accept mail by no user; null sender is not allowed; "
                 "sender is rejected", Weight.SURE),
            Said("blocklisted", "ip is rejected; ip is hangup; invalid ip", Weight.SURE),
            Said("policy",
                 "requested action not taken local user only; requested action not taken no smtp mx only",
                 Weight.SURE),
        ),
    ),
    Speaker(
        "NTT docomo, au (KDDI), SoftBank",
        "https://note.com/sendmagic/n/neb6bbe7e51cf (docomo), n875d8dcb6cb8 (au), read November 2026: the"
        " same words for an address that does not exist and for one whose filter refuses",
        (
            Said("mailbox_full", "too much mail data", Weight.SURE),
            Said("user_filtered",
                 "extended mail refused; "
                 "we failed to deliver mail because the following address recipient id refuse to receive mail",
                 Weight.SURE),
            Said("blocklisted", "each of the following recipients was rejected by a remote mail server * bulk"),
            Said("user_unknown", "unknown user; user unknown", bare=True),
        ),
    ),
    Speaker(
        "Naver, Daum (Kakao), Rediff",
        "the providers' help pages on bounces, read November 2026",
        (
            Said("user_unknown",
                 "존재하지 않는 * 사용자; 존재하지않는; 수신자 * 존재하지; 사용자를 찾을 수 없; "
                 "user unknown * daum; recipient * rediffmail * not exist"),
            Said("mailbox_full", "용량 * 초과; 메일함 * 가득; 메일함 용량"),
            Said("mailbox_disabled", "휴면 * 계정; 휴면계정"),
            Said("blocklisted", "naver * blocked; daum * policy d", Weight.CLEAR),
        ),
    ),
)  # fmt: skip
