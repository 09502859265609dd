# SPDX-License-Identifier: GPL-3.0-or-later
"""Automatic answers, and the mail systems that are none."""

from __future__ import annotations

import pytest

from bouncestream.mail.autoreply import (
    author,
    away,
    from_daemon,
    is_rejection,
    unattended,
    why_auto_reply,
    why_letter,
    why_waiting,
)


@pytest.mark.parametrize(
    "fields",
    [
        {"auto-submitted": "auto-replied"},
        {"auto-submitted": "Auto-Replied (vacation)"},
        {"precedence": "auto_reply"},
        {"x-autoreply": "yes"},
        {"subject": "Automatic reply: November"},
        {"subject": "AutoRespons :November"},
        {"subject": "Out of Office: November"},
        {"subject": "Abwesenheitsnotiz: November"},
        {"subject": "Re: Automatische Antwort: November"},
        {"subject": "=?utf-8?q?R=C3=A9ponse_automatique_=3A_novembre?="},
        {"subject": "=?utf-8?b?6Ieq5YuV5b+c562UOiAxMeaciA==?="},
    ],
)
def test_an_automatic_answer_is_known(fields: dict[str, str]) -> None:
    assert why_auto_reply(fields)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"subject": "Undelivered Mail Returned to Sender", "auto-submitted": "auto-generated"},
        {"precedence": "bulk", "subject": "failure notice"},
        {"subject": "The automatic door: a story"},
        {"auto-submitted": "no"},
    ],
)
def test_and_what_is_none(fields: dict[str, str]) -> None:
    assert why_auto_reply(fields) == ""


@pytest.mark.parametrize(
    ("sender", "daemon"),
    [
        ("MAILER-DAEMON@mx.example.com (Mail Delivery System)", True),
        ("Mail Delivery Subsystem <mailer-daemon@example.com>", True),
        ("postmaster@example.com", True),
        ("MAILER-DAEMON <>", True),
        ("Outlook <MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@example.com>", True),
        ("Reader <reader@example.com>", False),
        ("Example News <news@example.org>", False),
    ],
)
def test_mail_systems(sender: str, daemon: bool) -> None:
    assert from_daemon({"from": sender}) is daemon


@pytest.mark.parametrize(
    ("disposition", "notice", "rejection"),
    [
        ("Disposition: automatic-action/MDN-sent-automatically; deleted", "was automatically rejected:", True),
        ("Disposition: manual-action/MDN-sent-manually; deleted", "deleted without being read", False),
        ("Disposition: automatic-action/MDN-sent-automatically; displayed", "was automatically rejected", False),
        ("Disposition: manual-action/MDN-sent-manually; displayed", "", False),
    ],
)
def test_a_refusal_in_the_form_of_a_receipt(disposition: str, notice: str, rejection: bool) -> None:
    assert is_rejection(disposition, notice) is rejection


@pytest.mark.parametrize(
    "text",
    [
        "your message awaits moderator approval",
        "is being held until the list moderator can review it",
        "your message was put on my waiting list",
        "please confirm that you are a person",
        "to be added to my list of approved senders, fill out the form",
        "click the link to have your address added to the recipient's allowed list",
        "ihre nachricht wartet auf freigabe",
        "votre message est en attente de modération",
        "su mensaje está pendiente de aprobación",
        "您的邮件正在等待审核",
        "管理者の承認待ちです",
    ],
)
def test_a_mail_that_waits(text: str) -> None:
    assert why_waiting(text)


@pytest.mark.parametrize(
    "text",
    [
        "your message was rejected. to be let in, confirm that you are a person",
        "550 5.1.1 no such user. please verify your message",
        "no such user: the address is waiting for nobody",
        "please check the address and try again",
    ],
)
def test_and_one_that_failed(text: str) -> None:
    assert not why_waiting(text)


def test_who_reads_no_answers() -> None:
    assert unattended({"from": "no-reply@example.com"})
    assert unattended({"from": "a@example.com", "auto-submitted": "auto-generated"})
    assert not unattended({"from": "noreen@example.com", "auto-submitted": "no"})


def test_who_is_away() -> None:
    assert away("i am out of the office")
    assert not away("that person has no account here")


ANSWERS = [
    "Automatická odpověď: zpráva",
    "Odpowiedź automatyczna: list",
    "Automatikus válasz: hírek",
    "Răspuns automat: vești",
    "Otomatik yanıt: haberler",
    "Automaattinen vastaus: uutiset",
    "Automatisk svar: nyheder",
    "Автоматический ответ: новости",
    "Автоматична відповідь: новини",
    "Αυτόματη απάντηση: νέα",
    "自动答复：新闻",
    "自動返信：お知らせ",
    "자동 회신: 소식",
    "תשובה אוטומטית: חדשות",
    "رد تلقائي: أخبار",
    "Trả lời tự động: tin",
    "Resposta automàtica: notícies",
]


@pytest.mark.parametrize("subject", ANSWERS)
def test_an_automatic_answer_in_any_language(subject: str) -> None:
    assert why_auto_reply({"subject": subject, "from": "a@example.com"})


@pytest.mark.parametrize("subject", ["Automobile news: November", "Réponse à votre lettre", "Otomatik kapılar"])
def test_and_what_only_begins_alike(subject: str) -> None:
    assert not why_auto_reply({"subject": subject, "from": "a@example.com"})


AWAY = [
    "jsem na dovolené", "jestem na urlopie", "szabadságon vagyok", "sunt în concediu", "olen lomalla",
    "я в отпуске", "я у відпустці", "λείπω με άδεια", "אני בחופשה", "أنا في إجازة", "我在休假", "休暇中です",
    "휴가 중입니다", "jeg er på ferie", "estoy fuera de la oficina",
]  # fmt: skip


@pytest.mark.parametrize("text", AWAY)
def test_a_letter_by_somebody_who_is_away(text: str) -> None:
    assert why_letter({"from": "a@example.com"}, text) == "somebody is away"
    assert why_letter({"from": "MAILER-DAEMON@example.com"}, text) == ""


def test_who_writes_a_letter() -> None:
    assert author({"from": "Ana <Ana@example.com>"}) == "ana@example.com"
    assert (
        author({"from": "no-reply@example.com"}) == author({"from": "postmaster@example.com"}) == author({}) == ""
    )
    assert why_letter({"from": "a@example.com", "in-reply-to": "<1@example.org>"}, "thanks")
    assert not why_letter({"from": "a@example.com"}, "hello")


@pytest.mark.parametrize(
    "text",
    [
        "Ihre Nachricht muss erst freigegeben werden",
        "Le message est retenu, un modérateur doit l'approuver",
        "Il messaggio è trattenuto in attesa di approvazione",
        "Zpráva čeká na schválení",
        "Brevet väntar på att godkännas",
        "Viesti odottaa hyväksyntää",
        "Лист очікує на перевірку та схвалення",
        "A levél moderátori jóváhagyásra vár",
        "İleti onay bekliyor",
        "Το μήνυμα αναμένει έγκριση",
        "Klik op de link en bevestig dat u een mens bent",
        "Kliknij i potwierdź, że jesteś człowiekiem",
        "Подтвердите, что вы не робот",
    ],
)
def test_a_mail_that_waits_in_other_languages(text: str) -> None:
    assert why_waiting(text)
    assert not why_waiting(f"{text}. 550 5.1.1")


@pytest.mark.parametrize(
    "text", ["Das Konto wurde nicht gefunden", "Adressen var inte valid", "Postkassen er full"]
)
def test_a_failure_in_other_languages_does_not_wait(text: str) -> None:
    assert not why_waiting(text)
