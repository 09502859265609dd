# SPDX-License-Identifier: GPL-3.0-or-later
"""Who bounced: labels grown on to addresses, X.400 names, list managers, ourselves, forwardings and wrappings; and
mails that only wait. What a mail names beside the person is nobody."""

from __future__ import annotations

import base64
import quopri
from pathlib import Path

import pytest

from bouncestream.mail.decode import read

CAMPAIGN = "0f2d6a1e-6a0b-4f0a-9d55-3c1de53c2f11"
SUBSCRIBER = "7b0c3ac1-0f6f-4bd4-8d4e-5a1f8e2f4c90"
DAEMON = "MAILER-DAEMON@mx.example.net"
US = "bounces@news.example.org"
A = "ana@acorn.example"
CLUB = "club@lists.example.com"
HARD, SOFT = "hard", "soft"


def mail(body: str, frm: str = DAEMON, subj: str = "Undelivered Mail Returned to Sender", more: str = "") -> str:
    """A notice of one text."""
    return (
        f"Return-Path: <>\nFrom: {frm}\nTo: {US}\nSubject: {subj}\nMessage-ID: <q@mx>\n{more}MIME-Version: 1.0\n"
        f"Content-Type: text/plain; charset=utf-8\n\n{body}\n"
    )


def ours(to: str = A, extra: str = "") -> str:
    """A mail of ours."""
    return (
        f"Message-ID: <77.1@news.example.org>\nFrom: News <news@news.example.org>\nTo: {to}\nSubject: Leaves\n"
        f"X-Listmonk-Campaign: {CAMPAIGN}\nX-Listmonk-Subscriber: {SUBSCRIBER}\n{extra}\nHello.\n"
    )


def enclosing(body: str, frm: str, subj: str, inner: str, more: str = "", to: str = US) -> str:
    """A notice with a mail enclosed."""
    return (
        f"From: {frm}\nTo: {to}\nSubject: {subj}\nMessage-ID: <q@mx>\n{more}MIME-Version: 1.0\n"
        'Content-Type: multipart/mixed; boundary="b"\n\n'
        f"--b\nContent-Type: text/plain; charset=utf-8\n\n{body}\n\n--b\nContent-Type: "
        f"message/rfc822\n\n{inner}\n--b--\n"
    )


def report(
    *finals: str,
    notice: str = "Delivery failed.",
    diag: str = "smtp; 550 5.1.1 User unknown",
    status: str = "5.1.1",
    orig: str = "",
    inner: str = "",
    cte: str = "",
    itype: str = "message/rfc822",
    frm: str = DAEMON,
    more: str = "",
) -> str:
    """A delivery report (RFC 3464)."""
    original = f"Original-Recipient: rfc822;{orig}\n" if orig else ""
    groups = "\n".join(
        f"{original}Final-Recipient: {f if ';' in f else 'rfc822; ' + f}\nAction: failed\nStatus: "
        f"{status}\nDiagnostic-Code: {diag}\n"
        for f in finals
    )
    encoding = f"Content-Transfer-Encoding: {cte}\n" if cte else ""
    return (
        f"Return-Path: <>\nFrom: {frm}\nTo: {US}\nSubject: Undelivered Mail\nMessage-ID: <d@mx>\n"
        f"{more}MIME-Version: 1.0\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="r"\n\n'
        f"--r\nContent-Type: text/plain; charset=utf-8\n\n{notice}\n\n--r\nContent-Type: "
        f"message/delivery-status\n\n"
        f"Reporting-MTA: dns; mx.example.net\n\n{groups}\n--r\nContent-Type: {itype}\n{encoding}\n"
        f"{inner or ours()}\n--r--\n"
    )


FIXTURES = Path(__file__).parent.parent / "fixtures" / "mail"
LINK = f"List-Unsubscribe: <https://news.example.org/subscription/{CAMPAIGN}/{SUBSCRIBER}>\n"
FOLDED = quopri.encodestring(ours(extra=LINK).encode()).decode()
ESCAPED = "".join(f"={ord(c):02X}" if c in "-:=" else c for c in ours())
BASE64 = base64.encodebytes(ours().encode()).decode()
SEEN = (
    "Received: from x by mx2.other.example for <target@other.example>; Sun\n"
    "Received: from mta.news.example.org by mx.acorn.example (Postfix)\n\tfor <ana@acorn.example>; Sun\n"
)
QMAIL = "Hi. This is the qmail-send program at mx.\n\n<ana@acorn.example>:\nno such user\n"

NAMED: list[tuple[str, str, dict[str, str]]] = [
    # glued labels
    (
        "zh1",
        mail(
            "您的邮件无法投递。\n发件人：news@news.example.org\n收件人：ana@acorn.example\n退信原因：该用户不存在。"
        ),
        {A: HARD},
    ),
    (
        "zh2",
        mail("很抱歉，您发送给ana@acorn.example的邮件被退回：收件人邮箱已满。\n发件人：news@news.example.org"),
        {A: SOFT},
    ),
    (
        "zh3",
        mail("寄件者：news@news.example.org\n收件者：「ana@acorn.example」\n原因：查無此人（使用者不存在）"),
        {A: HARD},
    ),
    (
        "ja1",
        mail(
            "次のメールは配信できませんでした。\n差出人：news@news.example.org\n宛先："
            "ana@acorn.example\n理由：メールボックスの容量を超えています。"
        ),
        {A: SOFT},
    ),
    ("ja2", mail("メールアドレス「ana@acorn.example」は存在しません。送信元：news@news.example.org"), {A: HARD}),
    (
        "ja3",
        mail("宛先アドレス（ana@acorn.example）が見つかりませんでした。\n管理者：postmaster@acorn.example"),
        {A: HARD},
    ),
    (
        "ko1",
        mail(
            "메일을 전송하지 못했습니다.\n보낸사람：news@news.example.org\n받는사람："
            "ana@acorn.example\n사유：존재하지 않는 사용자입니다."
        ),
        {A: HARD},
    ),
    (
        "ko2",
        mail(
            "보낸 사람: news@news.example.org\n받는 사람: ana@acorn.example\n실패 사유: 수신자의 편"
            "지함이 가득 찼습니다."
        ),
        {A: SOFT},
    ),
    (
        "ko3",
        mail(
            "수신자 ana@acorn.example에게 메일을 배달할 수 없습니다. 사용자가 존재하지 않습니다.\n발"
            "신자 news@news.example.org"
        ),
        {A: HARD},
    ),
    (
        "th1",
        mail("ไม่สามารถส่งถึงผู้รับ：ana@acorn.example\nผู้ส่ง：news@news.example.org\n550 5.1.1 user unknown"),
        {A: HARD},
    ),
    (
        "ar1",
        mail(
            "تعذر تسليم الرسالة\nالمرسل: news@news.example.org\nالمستلم: ana@acorn.example\n550 5.1.1 user unknown"
        ),
        {A: HARD},
    ),
    (
        "de1",
        mail(
            "Ihre Nachricht konnte nicht zugestellt werden.\nAbsender: news@news.example.org\n"
            "Empfänger: ana@acorn.example\nGrund: Das Postfach existiert nicht."
        ),
        {A: HARD},
    ),
    (
        "ru1",
        mail(
            "Сообщение не доставлено.\nОтправитель: news@news.example.org\nПолучатель: "
            "ana@acorn.example\nПричина: пользователь не найден"
        ),
        {A: HARD},
    ),
    (
        "fr1",
        mail(
            "Votre message n'a pas pu être remis.\nExpéditeur : news@news.example.org\nDestinataire "
            ": ana@acorn.example\nLa boîte aux lettres n'existe pas."
        ),
        {A: HARD},
    ),
    ("pt1", mail("De: news@news.example.org\nPara: ana@acorn.example\nA caixa postal está cheia."), {A: SOFT}),
    ("full1", mail("收件人：ana@acorn.example（用户不存在）；发件人：news@news.example.org"), {A: HARD}),
    ("eai", mail("Delivery failed:\n<用户@例え.jp>: 550 5.1.1 user unknown"), {"用户@xn--r8jz45g.jp": HARD}),
    # forms
    (
        "sq1",
        mail(
            "The following could not be delivered:\n- [ana@acorn.example]: 550 5.1.1 no such user\n"
            "\nTo: everybody@news.example.org"
        ),
        {A: HARD},
    ),
    ("sq2", mail("  [SMTP:ana@acorn.example] 550 5.1.1 no such user"), {A: HARD}),
    ("sq3", mail("1) <ana@acorn.example>: mailbox full"), {A: SOFT}),
    ("sq4", mail("SMTP:ana@acorn.example\n  The mailbox does not exist."), {A: HARD}),
    ("eq1", mail("Delivery to SMTP=ana@acorn.example failed: 550 5.1.1 user unknown"), {A: HARD}),
    (
        "x4a",
        mail(
            "Your message\n  To: club@news.example.org\ndid not reach the following recipient(s):\n"
            "\nc=US;a= ;p=Org;o=HQ;dda:SMTP=ana@acorn.example; on Sun, 1 Nov 2026\n  The recipient "
            "name is not recognized"
        ),
        {A: HARD},
    ),
    (
        "x4b",
        mail(
            "The following recipient failed:\n"
            "/C=DE/ADMD=ATT/PRMD=Org/DD.RFC-822=ana(a)acorn.example/\nUnknown recipient"
        ),
        {A: HARD},
    ),
    (
        "x4c",
        mail(
            "did not reach the following recipient(s):\n\n<ana@acorn.example> on Sun, 1 Nov\n  The "
            "e-mail account does not exist"
        ),
        {A: HARD},
    ),
    (
        "nm1",
        mail("  Ana Acorn <ana@acorn.example>: user unknown\nContact postmaster@mx.example.net for help."),
        {A: HARD},
    ),
    ("nm2", mail("  news@news.example.org <ana@acorn.example>: user unknown"), {A: HARD}),
    ("mail", mail("To: mailto:ana@acorn.example\n550 5.1.1 user unknown"), {A: HARD}),
    # roles
    (
        "mm1",
        mail(
            "You are not allowed to post to this mailing list, and your message has been "
            "automatically rejected. contact club-owner@lists.example.com.",
            frm="club-bounces@lists.example.com",
            subj="Leaves",
        ),
        {"club@lists.example.com": SOFT},
    ),
    (
        "mm2",
        mail(
            "Your message to the club mailing list was rejected for the following reasons:\nThe "
            "message is not from a list member\nThe original message as received by Mailman is attached.",
            frm="club-owner@lists.example.com",
            subj='Request to mailing list "club" rejected',
        ),
        {"club@lists.example.com": SOFT},
    ),
    (
        "mm3",
        mail(
            "Your request to the club@lists.example.com mailing list\n\n"
            '    Posting of your message titled "Leaves"\n\n'
            "has been rejected by the list moderator.  The moderator gave the following reason:\n\n"
            '"Non-members are not allowed to post messages to this list."\n\n'
            "Any questions or comments should be directed to the list administrator at:\n\n"
            "    club-owner@lists.example.com",
            frm="club-bounces@lists.example.com",
            subj="Request to mailing list Club rejected",
        ),
        {"club@lists.example.com": SOFT},
    ),
    (
        "hold1",
        mail(
            "Your mail to 'club' with the subject\n\n    Leaves\n\nIs being held until the list "
            "moderator can review it for approval.\n\nThe reason it is being held:\n\n    Post by "
            "non-member to a members-only list\n\nEither the message will get posted to the list, "
            "or you will receive notification of the moderator's decision.",
            frm="club-bounces@lists.example.com",
            subj="Your message to club awaits moderator approval",
        ),
        {},
    ),
    (
        "hold2",
        mail(
            "Your message for list club@lists.example.com was forwarded to the moderator(s). It "
            "awaits moderator approval.",
            frm="SYMPA <sympa@lists.example.com>",
            subj="Your message to club awaits moderation",
        ),
        {},
    ),
    (
        "hold3",
        mail(
            "Ihre Nachricht an die Liste club@lists.example.com wartet auf die Freigabe durch den Moderator.",
            frm="club-owner@lists.example.com",
            subj="Ihre Nachricht wartet auf Freigabe",
        ),
        {},
    ),
    (
        "hold4",
        mail(
            "Votre message pour la liste club est en attente de modération.",
            frm="club-request@lists.example.com",
            subj="Message en attente",
        ),
        {},
    ),
    (
        "ch1",
        mail(
            "Hello, to cut down on spam I ask first-time senders to confirm that you are a person. "
            "Please reply to this message to have your mail to ana@acorn.example delivered.",
            frm="ana@acorn.example",
            subj="Please confirm your message",
            more="Auto-Submitted: auto-replied\n",
        ),
        {},
    ),
    (
        "ch2",
        mail(
            "This message was created automatically. Your mail to <ana@acorn.example> is being "
            "held. It will be delivered once you confirm it by replying to this message.",
            frm="TMDA <mailer-daemon@acorn.example>",
            subj="Confirm delivery",
            more="Auto-Submitted: auto-replied\nX-Delivery-Agent: TMDA\n",
        ),
        {},
    ),
    (
        "ch3",
        mail("您的邮件正在等待审核，请点击链接确认您的身份。", frm="noreply@acorn.example", subj="确认邮件"),
        {},
    ),
    # plain
    (
        "nr1",
        enclosing(
            "Your message could not be delivered.\nRecipient: ana@acorn.example\nReason: this user does not exist",
            "noreply@acorn.example",
            "About your mail",
            ours(),
        ),
        {A: HARD},
    ),
    (
        "nr2",
        enclosing(
            "Die Nachricht konnte nicht zugestellt werden: Das Postfach ana@acorn.example ist voll.",
            "do-not-reply@acorn.example",
            "Ihre Nachricht",
            ours(),
        ),
        {A: SOFT},
    ),
    (
        "nr3",
        mail(
            "Your message to ana@acorn.example could not be delivered. The mailbox is full.",
            frm="no_reply@acorn.example",
            subj="About your mail",
        ),
        {A: SOFT},
    ),
    (
        "nr4",
        enclosing(
            "Your e-mail to ana@acorn.example was not delivered because the mailbox is over quota.",
            "system@acorn.example",
            "Quota",
            ours(),
        ),
        {A: SOFT},
    ),
    (
        "nr5",
        mail(
            "Your order 550 is on its way to ana@acorn.example. Your basket is full.",
            frm="noreply@shop.example",
            subj="Your order",
        ),
        {},
    ),
    (
        "nr6",
        mail("Hello Ana, confirm your account ana@acorn.example.", frm="noreply@shop.example", subj="Welcome"),
        {},
    ),
    (
        "au1",
        mail(
            "Your mail to ana@acorn.example was refused. There is no such user here.",
            frm="<>",
            subj="",
            more="Auto-Submitted: auto-replied\n",
        ),
        {A: HARD},
    ),
    (
        "au2",
        mail(
            "I am out of the office until Monday. Write to bob@acorn.example, ana@acorn.example "
            "does not exist any more.",
            frm="<>",
            subj="Leaves",
            more="Auto-Submitted: auto-replied\n",
        ),
        {},
    ),
    (
        "au4",
        mail(
            "ana@acorn.example hat das Unternehmen verlassen; dieses Postfach existiert nicht mehr.",
            frm="MAILER-DAEMON <>",
            subj="x",
            more="Auto-Submitted: auto-replied\n",
        ),
        {A: HARD},
    ),
]

WITH_US: list[tuple[str, str, dict[str, str], bool | None]] = [
    ("qp1", report(A, inner=FOLDED, cte="quoted-printable"), {A: HARD}, True),
    ("qp2", report(A, inner=ESCAPED, cte="Quoted-Printable", itype="text/rfc822-headers"), {A: HARD}, True),
    ("qp3", report(A, inner=ESCAPED, cte="quoted-printable", itype="message/global-headers"), {A: HARD}, True),
    ("qp4", report(A, inner=ESCAPED, cte="quoted-printable", itype="message/global"), {A: HARD}, True),
    (
        "qp-false",
        report(
            A,
            inner=ours(extra="Content-Type: text/plain; charset=utf-8\nDKIM-Signature: v=1; b=abcd==\n"),
            cte="quoted-printable",
        ),
        {A: HARD},
        True,
    ),
    ("b64", report(A, inner=BASE64, cte="base64", itype="text/rfc822-headers"), {A: HARD}, True),
    ("b64g", report(A, inner=BASE64, cte="BASE64", itype="message/global"), {A: HARD}, True),
    (
        "qp-free",
        mail(
            quopri.encodestring(
                (QMAIL + "\n--- Below this line is a copy of the message.\n\n" + ours()).encode()
            ).decode(),
            more="Content-Transfer-Encoding: quoted-printable\n",
        ),
        {A: HARD},
        True,
    ),
    # forwarding
    ("fw1", report("target@other.example"), {A: HARD}, True),
    ("fw2", report("t1@other.example", "t2@other.example"), {A: HARD}, True),
    ("fw3", report("target@other.example", more="X-Failed-Recipients: target@other.example\n"), {A: HARD}, True),
    (
        "fw4",
        report(
            "target@other.example", orig="target@other.example", inner=SEEN + ours(to="undisclosed-recipients:;")
        ),
        {A: HARD},
        True,
    ),
    (
        "fw5",
        enclosing(
            "I could not deliver your message to these addresses:\n\n<target@other.example>:\n550 "
            "5.1.1 no such user",
            "MAILER-DAEMON@second.example",
            "failure notice",
            ours(),
        ),
        {A: HARD},
        True,
    ),
    # own
    ("own1", report("bounces@news.example.org"), {A: HARD}, True),
    ("own2", report(A, "news@news.example.org"), {A: HARD}, True),
    (
        "own3",
        mail("Delivery failed\n<bounces@news.example.org>: returned\n<ana@acorn.example>: 550 5.1.1 user unknown"),
        {A: HARD},
        None,
    ),
    (
        "own4",
        mail(
            "This message was created automatically by mail delivery software.\n\n  "
            "bounces@news.example.org\n  ana@acorn.example\n    550 5.1.1 user unknown"
        ),
        {A: HARD},
        None,
    ),
    # reports: odd address forms
    ("imcea", report("X400;/c=us/admd= /prmd=org/dd.rfc-822=ana(a)acorn.example/"), {A: HARD}, True),
    ("smtpf", report("SMTP:ana@acorn.example"), {A: HARD}, True),
    ("brf", report("[ana@acorn.example]"), {A: HARD}, True),
    ("nmf", report('"Ana, A." <ana@acorn.example>'), {A: HARD}, True),
    ("noinner", report("SMTP=ana@acorn.example", inner="Subject: x\n"), {A: HARD}, None),
    ("brf2", report("[ana@acorn.example]", inner="Subject: x\n"), {A: HARD}, None),
    # challenges as reports
    (
        "chr1",
        report(
            A,
            notice="Your message is waiting in my pending list until you confirm that you are a person.",
            diag="X-Gate-Notice; sender not yet approved",
            status="4.7.0",
            frm="noreply@gate.example",
        ),
        {},
        None,
    ),
    (
        "chr2",
        report(
            A,
            notice="Ihre Nachricht wartet auf Bestätigung. Bitte bestätigen Sie, dass Sie ein Mensch sind.",
            diag="X-Gate; unbestätigt",
            status="4.7.1",
            frm="noreply@gate.example",
        ),
        {},
        None,
    ),
    (
        "chr3",
        report(
            A, notice="The address does not exist. Please verify your contact list.", frm="noreply@gate.example"
        ),
        {A: HARD},
        True,
    ),
    (
        "chr4",
        report(
            A,
            notice="Rejected. To get through, click the link to confirm you are human.",
            diag="smtp; 550 5.7.1 sender not whitelisted",
            status="5.7.1",
        ),
        {A: SOFT},
        True,
    ),
    # wrappers
    (
        "wr1",
        enclosing(
            "The message below was returned:",
            "MAILER-DAEMON@guard.example",
            "Returned mail",
            report(A),
            to="admin@guard.example",
        ),
        {A: HARD},
        True,
    ),
    ("wr2", enclosing("", "postmaster@guard.example", "FW: Undelivered Mail", report(A)), {A: HARD}, True),
    (
        "wr3",
        enclosing(
            "Addresses that failed:\n<ana@acorn.example>", "MAILER-DAEMON@guard.example", "Returned mail", report(A)
        ),
        {A: HARD},
        True,
    ),
    (
        "wr4",
        enclosing("A message could not be handed over, see below.", DAEMON, "failure notice", mail(QMAIL)),
        {A: HARD},
        None,
    ),
    (
        "wr5",
        enclosing("see attached, what is this?", "bob@friend.example", "Fwd: Undelivered", report(A)),
        {},
        None,
    ),
    # list managers
    (
        "lm-ezmlm",
        mail(
            "Hi! This is the ezmlm program. I'm managing the club@lists.example.com mailing list.\n"
            "\nSorry, only subscribers may post. Your message has been rejected.",
            frm="club-help@lists.example.com",
            subj="Returned post for club@lists.example.com",
        ),
        {"club@lists.example.com": SOFT},
        None,
    ),
    (
        "lm-sympa",
        mail(
            "Your message for list club@lists.example.com (attached below) was rejected.\nYou are "
            "not allowed to send this message for the following reason:\nMessage distribution in "
            "the list is restricted to list subscribers.",
            frm="SYMPA <sympa@lists.example.com>",
            subj="Authorization reject",
        ),
        {"club@lists.example.com": SOFT},
        None,
    ),
    (
        "lm-listserv",
        mail(
            "You are not authorized to send mail to the CLUB list from your "
            "bounces@news.example.org account. You might be authorized to send to the list from "
            "another of your accounts.",
            frm='"lists.example.com LISTSERV Server" <LISTSERV@lists.example.com>',
            subj="Rejected posting to CLUB@LISTS.EXAMPLE.COM",
        ),
        {"club@lists.example.com": SOFT},
        None,
    ),
    (
        "lm-majordomo",
        mail(
            "This is the Majordomo. Your posting is held for approval by the moderator.",
            frm="owner-club@lists.example.com",
            subj="Approval required",
        ),
        {},
        None,
    ),
    (
        "lm-mm3",
        mail(
            "Your message to the Club mailing-list was rejected for the following reasons:\n\nThe "
            "message is not from a list member\n\nThe original message as received by Mailman is attached.",
            frm="club-owner@lists.example.com",
            subj="Your message to the Club mailing-list was rejected",
        ),
        {"club@lists.example.com": SOFT},
        None,
    ),
    (
        "lm-ggroups",
        mail(
            "Hello bounces@news.example.org,\n\nWe're writing to let you know that the group you "
            "tried to contact (club) may not exist, or you may not have permission to post messages "
            "to the group.\n\n * club@groups.example.com",
            frm="Mail Delivery Subsystem <mailer-daemon@groups.example.com>",
            subj="Delivery Status Notification (Failure)",
        ),
        {"club@groups.example.com": SOFT},
        None,
    ),
    (
        "lm-groupsio",
        mail(
            "Your message to club@groups.example.io was rejected because you are not a member of the group.",
            frm="noreply@groups.example.io",
            subj="Message to club@groups.example.io rejected",
        ),
        {"club@groups.example.io": SOFT},
        None,
    ),
    (
        "lm-welcome",
        mail(
            "Welcome to the club mailing list! To post to this list, send your message to: club@lists.example.com",
            frm="club-request@lists.example.com",
            subj="Welcome to the club list",
        ),
        {},
        None,
    ),
    (
        "lm-confirm",
        mail(
            "Mailing list subscription confirmation notice for mailing list club. We have received "
            "a request for subscription of your email address. To confirm that you want to be "
            "added, reply to this message.",
            frm="club-confirm+abc@lists.example.com",
            subj="confirm abc",
        ),
        {},
        None,
    ),
    (
        "lm-ja",
        mail(
            "あなたのメールは会員でないため拒否されました。問い合わせ：club-owner@lists.example.com",
            frm="club-bounces@lists.example.com",
            subj="拒否",
        ),
        {"club@lists.example.com": SOFT},
        None,
    ),
    # html only no-reply
    (
        "nr-html",
        mail(
            "<p>Your message to <b>ana@acorn.example</b> could not be delivered.</p><p>The user "
            "does not exist.</p>",
            frm="noreply@acorn.example",
            subj="Message not delivered",
        ).replace("text/plain", "text/html"),
        {A: HARD},
        None,
    ),
    (
        "nr-ja",
        enclosing(
            "お客様のメールは配信できませんでした。\n宛先：ana@acorn.example\n理由：メールボックスがいっぱいです。",
            "no-reply@acorn.example",
            "メールについて",
            ours(),
        ),
        {A: SOFT},
        True,
    ),
    (
        "nr-zh",
        enclosing(
            "您的邮件未能送达。收件人：ana@acorn.example。原因：邮箱已满。", "noreply@acorn.example", "通知", ours()
        ),
        {A: SOFT},
        True,
    ),
    (
        "nr-es",
        enclosing(
            "No se pudo entregar su mensaje a ana@acorn.example: el buzón está lleno.",
            "no-responder@acorn.example",
            "Aviso",
            ours(),
        ),
        {A: SOFT},
        True,
    ),
    (
        "person",
        enclosing(
            "Hello, thanks for your letter! My mailbox bob@acorn.example is full of flowers.",
            "ana@acorn.example",
            "thanks",
            ours(),
        ),
        {},
        None,
    ),
    (
        "unsub",
        enclosing(
            "Please take ana@acorn.example off your list, that address is no longer used.",
            "ana@acorn.example",
            "Re: Leaves",
            ours(),
            more="In-Reply-To: <77.1@news.example.org>\n",
        ),
        {},
        None,
    ),
]

MORE: list[tuple[str, str, dict[str, str]]] = [
    (
        "k1",
        mail(
            "안녕하세요. 귀하가 보낸 메일이 반송되었습니다.\n받는사람 : <ana@acorn.example>\n반송 사"
            "유 : 메일 용량 초과\n보낸사람 : 뉴스 <news@news.example.org>"
        ),
        {A: SOFT},
    ),
    (
        "k2",
        mail("【宛先】ana@acorn.example\n【差出人】news@news.example.org\n【理由】ユーザーが存在しません"),
        {A: HARD},
    ),
    (
        "k3",
        mail("送信者: 「news@news.example.org」\n受信者: 「ana@acorn.example」\nエラー: User unknown"),
        {A: HARD},
    ),
    (
        "k4",
        mail("尊敬的用户，您发往<ana@acorn.example>的邮件因对方用户不存在被退回，寄信人news@news.example.org"),
        {A: HARD},
    ),
    (
        "k5",
        mail(
            "退信通知\n发件人（From）：news@news.example.org\n收件人（To）：ana@acorn.example\n主题"
            "：Leaves\n原因：550 5.1.1 User not found"
        ),
        {A: HARD},
    ),
    (
        "k6",
        mail(
            "郵件無法送達以下收件人：\n\nana@acorn.example\n\n原因：信箱已滿\n如有問題請聯絡管理員"
            "admin@acorn.example"
        ),
        {A: SOFT},
    ),
    (
        "k7",
        mail("宛先のメールアドレスana@acorn.exampleが見つかりません。\nお問い合わせ: support@mx.example.net"),
        {A: HARD},
    ),
    ("b1", mail("Message could not be delivered to [ana@acorn.example]. Reason: mailbox is full"), {A: SOFT}),
    ("b2", mail("Failed recipients:\n   (ana@acorn.example) 550 5.1.1 User unknown"), {A: HARD}),
    ("b3", mail("Recipient(s):\n* SMTP:ana@acorn.example - 550 unknown user"), {A: HARD}),
    ("b4", mail("|ana@acorn.example| user unknown"), {A: HARD}),
    ("b5", mail("{ana@acorn.example}: 550 no such user here"), {A: HARD}),
    ("b6", mail("Recipient address: smtp;ana@acorn.example\nReason: Mailbox does not exist"), {A: HARD}),
    ("b7", mail("/O=ORG/OU=EX/CN=RECIPIENTS/CN=ANA\nSMTP=ana@acorn.example\nRecipient not found"), {A: HARD}),
    (
        "b8",
        mail(
            "Your message did not reach the following recipient(s):\n\n"
            "G=Ana;S=Acorn;O=Org;P=Org;A=TM;C=FR;DDA:RFC-822=ana(a)acorn.example; on 1 Nov\n   The "
            "recipient was unknown"
        ),
        {A: HARD},
    ),
    ("b9", mail("Your mail to Ana Acorn (ana@acorn.example) has been rejected: mailbox full"), {A: SOFT}),
    (
        "o1",
        mail("<club-request@lists.example.com>: not allowed\n<ana@acorn.example>: 550 5.1.1 user unknown"),
        {A: HARD},
    ),
    ("o2", mail("ana@acorn.example: user unknown. Questions: owner-club@lists.example.com"), {A: HARD}),
    (
        "o3",
        mail(
            "Posting by non-members to the club list is currently disabled, sorry.",
            frm="club-owner@lists.example.com",
            subj="Your message to club",
        ),
        {CLUB: SOFT},
    ),
    (
        "o4",
        mail(
            "Ihre Nachricht an die Liste club@lists.example.com wurde abgelehnt: nur Mitglieder "
            "dürfen schreiben.\nFragen an club-owner@lists.example.com",
            frm="club-bounces@lists.example.com",
            subj="Abgelehnt",
        ),
        {CLUB: SOFT},
    ),
    (
        "o5",
        mail(
            "Votre message à la liste club@lists.example.com a été rejeté. Propriétaire : "
            "club-request@lists.example.com",
            frm="club-bounces@lists.example.com",
            subj="Rejet",
        ),
        {CLUB: SOFT},
    ),
    (
        "h1",
        mail(
            "Your message to the list club is waiting for approval by a moderator.",
            frm="club@lists.example.com",
            subj="Message held",
        ),
        {},
    ),
    (
        "h2",
        mail(
            "Hi! You sent a message to club@groups.example. It has been put into the pending "
            "messages and will be reviewed by a moderator.",
            frm="noreply@groups.example",
            subj="Your message is pending",
        ),
        {},
    ),
    (
        "h3",
        mail(
            "Il messaggio per club@lists.example.com è in attesa di approvazione del moderatore.",
            frm="club-owner@lists.example.com",
            subj="In attesa",
        ),
        {},
    ),
    (
        "h4",
        mail(
            "Ваше сообщение ожидает проверки модератором списка club@lists.example.com.",
            frm="club-bounces@lists.example.com",
            subj="Ожидание",
        ),
        {},
    ),
    ("h5", mail("投稿は管理者の承認を待っています。", frm="club-bounces@lists.example.com", subj="承認待ち"), {}),
    (
        "c1",
        mail(
            "Hi, I use a spam filter. Your email to ana@acorn.example is in quarantine. Please "
            "click here to verify that you are a real person: https://gate.example/v",
            frm="ana@acorn.example",
            subj="[Verify] Leaves",
        ),
        {},
    ),
    (
        "c2",
        mail(
            "Your message to ana@acorn.example has been placed in the guest list. "
            "https://gate.example. Please register to be delivered.",
            frm="postmaster@gate.example",
            subj="Leaves (verification required)",
        ),
        {},
    ),
    (
        "c3",
        report(
            A,
            notice="To have your mail delivered to my inbox, please press the button and prove that you are human.",
            diag="x-notice; unknown sender must be verified",
            status="4.7.0",
            frm="noreply@gate.example",
        ),
        {},
    ),
    (
        "c4",
        report(
            A,
            notice="Your email is being held because you are not in my address book yet.",
            diag="X-Hold; sender must authenticate",
            status="5.7.0",
            frm="noreply@gate.example",
        ),
        {},
    ),
    (
        "w1",
        enclosing(
            "",
            "MAILER-DAEMON@gw.example",
            "Undelivered Mail Returned to Sender",
            report(A, frm="postmaster@inner.example"),
            to="NotificationRecipients@gw.example",
        ),
        {A: HARD},
    ),
    (
        "w2",
        enclosing(
            "A message was returned to this gateway.\nFrom: MAILER-DAEMON@mx.example.net\nTo: "
            "bounces@news.example.org",
            "postmaster@gw.example",
            "Returned mail",
            report("target@other.example"),
        ),
        {A: HARD},
    ),
    (
        "n1",
        enclosing(
            "El mensaje no pudo entregarse.\nDestinatario: ana@acorn.example\nMotivo: usuario desconocido",
            "notificaciones-noreply@acorn.example",
            "Error",
            ours(),
        ),
        {A: HARD},
    ),
    (
        "n2",
        enclosing(
            "Message non distribué à ana@acorn.example : la boîte est pleine.",
            "nepasrepondre@acorn.example",
            "Info",
            ours(),
        ),
        {A: SOFT},
    ),
    (
        "n3",
        enclosing(
            "A carta não foi entregue a ana@acorn.example porque o usuário não existe.",
            "sistema@acorn.example",
            "Aviso",
            ours(),
        ),
        {A: HARD},
    ),
    (
        "n4",
        enclosing(
            "Письмо не доставлено: почтовый ящик ana@acorn.example переполнен.",
            "noreply@acorn.example",
            "Ошибка",
            ours(),
        ),
        {A: SOFT},
    ),
    (
        "a1",
        mail(
            "Hello. The addressee ana@acorn.example is unknown at this site.",
            frm="<>",
            subj="",
            more="Auto-Submitted: auto-replied\n",
        ),
        {A: HARD},
    ),
    (
        "a2",
        mail(
            "The account ana@acorn.example has been closed.",
            frm="Mail System <>",
            subj="Re: Leaves",
            more="Auto-Submitted: auto-replied\n",
        ),
        {A: HARD},
    ),
    (
        "a3",
        mail(
            "La persona ana@acorn.example no existe en esta empresa.",
            frm="<>",
            subj="Re: Leaves",
            more="Auto-Submitted: auto-replied\n",
        ),
        {A: HARD},
    ),
    (
        "a4",
        mail(
            "Thank you, we received your letter and will answer soon. ana@acorn.example",
            frm="<>",
            subj="Re: Leaves",
            more="Auto-Submitted: auto-replied\n",
        ),
        {},
    ),
    (
        "a5",
        mail(
            "Je suis absente jusqu'au 5 novembre; ana@acorn.example n'est pas lue.",
            frm="<>",
            subj="Re: Leaves",
            more="Auto-Submitted: auto-replied\n",
        ),
        {},
    ),
    (
        "a6",
        mail("The mailbox of ana@acorn.example is full.", frm="<>", subj="", more="Auto-Submitted: auto-replied\n"),
        {A: SOFT},
    ),
]


def failed(raw: str) -> dict[str, str]:
    return {r.address: r.kind for r in read(raw.encode()).recipients if r.kind != "ignore"}


@pytest.mark.parametrize(("raw", "people"), [row[1:] for row in NAMED + MORE], ids=[row[0] for row in NAMED + MORE])
def test_the_people_whom_a_notice_names(raw: str, people: dict[str, str]) -> None:
    assert failed(raw) == people


@pytest.mark.parametrize(("raw", "people", "proven"), [row[1:] for row in WITH_US], ids=[row[0] for row in WITH_US])
def test_the_person_whose_mail_came_back(raw: str, people: dict[str, str], proven: bool | None) -> None:
    assert failed(raw) == people
    if proven is not None:
        original = read(raw.encode()).original
        assert ((original.campaign_uuid, original.subscriber_uuid) == (CAMPAIGN, SUBSCRIBER)) is proven


def test_a_code_beside_the_words_of_a_pipelining_sendmail_takes_nothing_from_them() -> None:
    raw = (FIXTURES / "sendmail_pipelined.eml").read_text("utf-8")
    words = "Requested action not taken: mailbox unavailable"  # which is an answer to RCPT here
    for code in ("5.2.1", "5.0.0"):
        told = raw.replace("550 5.7.1 <reader@", f"550 {code} <reader@")
        told = told.replace("Recipient address rejected: Not in recipient list", words)
        assert failed(told) == {"reader@example.com": HARD}, code


def test_an_apology_is_no_cause() -> None:
    assert failed(mail(f"申し訳ございません。配信できませんでした。\n宛先：{A}")) == {A: SOFT}


@pytest.mark.parametrize(
    ("notice", "diag", "status"),
    [
        ("Your message is held in the queue of the moderator.", "smtp; 452 4.2.2 mailbox full", "4.2.2"),
        ("Confirm that you are using the right address.", "smtp; 451 4.7.1 please try later", "4.7.1"),
        ("Once it is verified that the host is up, send again.", "smtp; connection timed out", "4.4.1"),
    ],
)
def test_a_report_with_a_cause_of_its_own_is_no_challenge(notice: str, diag: str, status: str) -> None:
    assert failed(report(A, notice=notice, diag=diag, status=status)) == {A: SOFT}


LETTERS = [
    enclosing(
        "I am on vacation. My mailbox is full; write to bob@acorn.example.", A, "Automatic reply: Leaves", ours()
    ),
    mail(
        "Your storage for ana@acorn.example is full, buy more.", frm="no-reply@cloud.example", subj="Storage full"
    ),
    mail(
        "Your payment to ana@acorn.example was refused. The account does not exist.", "noreply@bank.example", "Pay"
    ),
    mail(
        "Your parcel to ana@acorn.example could not be delivered, it is too large.",
        "noreply@shop.example",
        "Parcel",
    ),
    mail(
        "Thank you, messages to ana@acorn.example are read on weekdays.",
        "<>",
        "Re",
        "Auto-Submitted: auto-replied\n",
    ),
    mail("The club list has moved to club@new.example.", "club-owner@lists.example.com", "List moved"),
    enclosing(
        "The mail of ana@acorn.example could not be delivered, her mailbox is full.",
        "bob@b.example",
        "Fwd: a",
        ours(),
    ),
]


@pytest.mark.parametrize("raw", LETTERS)
def test_a_letter_that_speaks_of_an_address_is_no_bounce(raw: str) -> None:
    assert failed(raw) == {}


@pytest.mark.parametrize(
    ("notice", "kind"),
    [
        ("Odosielateľova doména neexistuje, preto sme správu pre ana@acorn.example odmietli.", SOFT),
        ("The domain of the sender does not exist.", SOFT),
        ("Doména príjemcu neexistuje.", HARD),
        ("The message from news.example.org was not delivered.", HARD),
    ],
)
def test_whose_domain_does_not_exist_is_told_by_the_notice_where_the_field_is_short(notice: str, kind: str) -> None:
    report = (
        "Reporting-MTA: dns; mx.example.net\n\nFinal-Recipient: rfc822; ana@acorn.example\nAction: failed\n"
        "Status: 5.1.2\nDiagnostic-Code: smtp; 550 5.1.2 domain does not exist\n"
    )
    raw = (
        f"From: {DAEMON}\nTo: {US}\nSubject: Undelivered\nMIME-Version: 1.0\n"
        f'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\n\n'
        f"--b\nContent-Type: text/plain; charset=utf-8\n\n{notice}\n--b\n"
        f"Content-Type: message/delivery-status\n\n{report}\n--b--\n"
    )
    assert [r.kind for r in read(raw.encode()).recipients] == [kind]
