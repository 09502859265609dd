# SPDX-License-Identifier: GPL-3.0-or-later
"""The tables of `freeform`: how the servers that follow no RFC write their bounces. Extend by adding rows and
phrases.

Sources: notqmail's qmail-send.c, Exim's deliver.c, Postfix bounce(5), Sendmail's savemail.c, OpenSMTPD's bounce.c,
the vendors' public bounce texts, read in November 2026; facts/MTA.md, from servers that were made to bounce.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from bouncestream.mail.address import IN_TEXT
from bouncestream.mail.late import late

_ADDRESS = f"(?P<a>{IN_TEXT})"


@dataclass(frozen=True, slots=True)
class Family:
    """How one kind of server writes its bounces."""

    name: str
    marks: tuple[str, ...]  #: lower-case sentences; one of them must occur. Empty: fits any notice
    start: re.Pattern[str]  #: where a recipient's lines begin; group "a" is the address
    before: bool = False  #: the reason stands before the address, not after it
    certain: bool = False  #: the mark alone makes it a bounce, whoever it comes from
    own: bool = False  #: words without a reply code are about its own mailboxes, as if the answer to RCPT
    local: bool = False  #: group "a" is only the local part: the domain is that of the notice's From
    each: bool = False  #: it lists what each recipient was refused with: answers to RCPT


def start(pattern: str) -> re.Pattern[str]:
    """The pattern with "{A}" for an address, which becomes group "a", for text that is `lowered`: without regard to
    case a search takes six times as long. Keep every repetition bounded."""
    return late(pattern.replace("{A}", _ADDRESS), re.MULTILINE)


def lowered(text: str) -> str:
    """`text` in lower case and of the same length."""
    return text.replace("\u0130", "i").lower()  # the only letter that would become two


_LINE = start(r"^[ \t]{0,8}[\"<]?{A}[\">]?:?[ \t]*$")
_NAMED = r"(?:[^\s<>\[\]:]{1,64}@[^\s<>\[\]:]{1,255}[ \t]{1,4}(?=<))?"
"""What an address in angle brackets may have before it: another one, in the place of its owner's name."""
_OPEN = r"[\"'<\[(「『《【〈（＜“‘«]?"
_ANY_LINE = start(
    rf"^[ \t\u3000]{{0,24}}(?:>>> |[*•·●-]{{1,5}}[ \t]{{1,4}}|\d{{1,3}}[.)][ \t]{{1,4}})?{_NAMED}{_OPEN}{{A}}"
    r"(?=[\"'>\]\s:,)\[<」』》】〉）＞”’»：，、。；]|\.\.\.|$)"
)

RECIPIENTS = (
    r"recipient|address|(?<!reply-)(?<!reply )\bto|empfänger(?:adresse)?|destinataires?|destinatari[oa]s?|"
    "ontvanger|mottagare|modtager|mottaker|vastaanottaja|odbiorca|příjemce|príjemca|címzett|al[ıi]c[ıi]|saaja|saņēmējs|"
    "gavėjas|primalac|primatelj|prima|prejemnik|către|destinatari|получател[ья]?|примач|адресат|одержувач|"
    "گیرنده|प्राप्तकर्ता|παραλήπτης|người nhận|penerima|ผู้รับ|المستلم|נמען|"
    "收件人|收件者|收信人|收件(?:人)?(?:地址|信箱|邮箱)|邮件地址|電子郵件地址|宛先|送信先|受信者|受取人|メールアドレス|"
    "받는 ?사람|받는 ?이|수신자|수신인|수신처"
)
"""What a recipient is called before a colon."""
_TO = r"an|à|para|a|aan|till?|do|kime|кому|προς|kepada|ถึง|إلى|אל"
"""The same in words so short that they must be the whole label."""

SENDERS = start(
    r"(?:^[ \t>*•·-]{0,8}(?:(?:original )?(?:from|sender)|return-path|reply-to|mail from|contact|kontakt|"
    r"contacto|contatto|administrator|absender|von|expéditeur|de|remitente|mittente|da|remetente|afzender|avsändare|afsender|avsender|lähettäjä|"
    r"nadawca|od|odesílatel|odosielateľ|feladó|gönderen|kimden|saatja|sūtītājs|siuntėjas|pošilja(?:lac|telj)|šalje|"
    r"de la|remitent|отправител[ья]|от(?: кого)?|подател|изпращач|відправник|від|αποστολέας|από|فرستنده|प्रेषक|"
    r"người gửi|pengirim|"
    r"dari|ผู้ส่ง|จาก|المرسل|من|שולח|מאת)[ \t]{0,4}(?:\([^()\n]{0,20}\))?[ \t]{0,4}[:：]|"
    r"(?:发件人|發件人|寄件人|寄信人|寄件者|发信人|发送者|送信元|送信者|差出人|発信者|보낸 ?사람|보내는 ?사람|"
    r"보낸 ?이|발신자|발신인|송신자|"
    r"管理员|管理員|管理者|관리자)(?:邮箱|郵箱|地址|信箱|アドレス|"
    r"주소)?[ \t]{0,4}(?:[(（][^()（）\n]{0,20}[)）])?[ \t]{0,4}[】\]]?[:：]?)"
    r"[ \t\u3000]{0,8}(?:[^\n<>@:：]{0,60} (?=<))?" + _OPEN + "{A}"
)
"""Where the sender of the returned message is named, who is no recipient of it."""

FAMILIES: tuple[Family, ...] = (
    Family("qmail", ("hi. this is the", "wasn't able to deliver your message",
        "was not able to deliver your message", "unable to deliver your message to the following",
        "your mail message to the following address", "your mail was not delivered to the following address"),
        _LINE, certain=True, own=True),
    Family("yahoo", ("unable to deliver message to the following address",), _LINE, certain=True),
    # Postfix bounce(8), before it wrote delivery-status parts or without them.
    Family("postfix",
        ("sorry to have to inform you that", "this is the mail system at host", "this is the postfix program"),
        start(r"^<{A}>(?: \(expanded from <[^>\n]{1,320}>\))?: "), certain=True),
    # Sendmail 5 to 8: one line of the transcript for each address, the server's own words (<<<) above it.
    Family("sendmail", ("transcript of session follows",),
        start(r"^[245]\d\d (?:[245]\.\d{1,3}\.\d{1,3} )?<?{A}>?\.\.\."), before=True, certain=True),
    # Exim's transport errors; 1&1, GMX, MXLogic, Zoho and Mail.ru print the same first sentence.
    Family("exim", ("created automatically by mail delivery", "created automatically by the mail"),
        start(rf"^(?: {{0,2}}|\t){_NAMED}[\"<]?{{A}}[\">]?(?=:|[ \t]*$| invalid address| error,)"), certain=True),
    Family("exchange", ("did not reach the following recipient", "following recipient(s) could not be reached"),
        start(r"^[ \t]{0,24}(?:recipient: )?(?:\[smtp:|<)?{A}(?:[\]>]|,? on )"), certain=True),
    Family("groupwise", ("the message that you sent was undeliverable to the following",),
        start(r"^[ \t]{1,8}{A}(?= \()"), own=True),
    # Google's oldest form; it names a state of the session at best.
    Family("google", ("technical details of permanent failure",), _LINE, each=True),
    Family("opensmtpd", ("this is the mailer-daemon, please do not reply",), start(r"^{A}: "), certain=True),
    # AOL's own notice names its screen names without their domain.
    Family("aol", ("because they are not accepting mail",), start(r"^[ \t]{1,8}(?P<a>[a-z0-9._-]{1,64})[ \t]*$"),
        local=True),
    Family("notes", ("failure reasons",), _LINE, before=True),
    Family("lsmtp", ("error-for:",), start(r"^error-for:[ \t]{1,8}{A}")),
    Family("zoho", ("----- the following addresses had fatal errors",), start(r"address: <{A}>")),
    Family("gateway",
        ("each of the following recipients was rejected", "failed recipient", "could not be delivered to:"),
        start(r"^[ \t]{0,8}(?:failed |could not be delivered to|)(?:recipient)?:?[ \t]{0,8}<?{A}>?"), each=True),
    Family("fml", ("not a member of this mailing list", "duplicated message-id in"),
        start(r"^(?:you are not a member of this mailing list|duplicated message-id in) <{A}>"), certain=True),
    Family("one sentence", (), start(r"(?:unable to deliver (?:your )?message to|error delivering your mail to|"
        r"delivering your (?:mail|message) to|"
        r"unknown user:|delivery failed \d{1,3} attempts:|invalid final delivery userid:|"
        r"originally addressed to|"
        r"addressed to|permanent errors:|quota violation for|mailbox is full:|generated (?:from|by)|"
        r"rcpt to:[ \t]{0,4}|"
        r"could not be delivered to:|following user:\s{1,4}\"[^\"\n]{0,320}\"|message to) [<'\"]?{A}")),
    Family("address first", (), _ANY_LINE),
    Family("labelled", (), start(r"^(?:[^\n:：]{0,40}(?:" + RECIPIENTS + r")|[ \t>*•·-]{0,8}(?:" + _TO + "))"
        r"[ \t]{0,4}(?:[(（][^()（）\n]{0,20}[)）])?[ \t]{0,4}[:：】][ \t\u3000]{0,8}"
        r"(?:[^\n<>@:]{0,100} (?=[<\[]))?" + _OPEN + "{A}")),
)  # fmt: skip
"""In the order in which they are tried; those without marks are for whatever no server of the table wrote."""

CUTS = (
    # What stands on the line above the returned message; each is a pattern that begins behind dashes and blanks.
    "below this line is a copy", "this is a copy of (?:the|your) message",
    "(?:included|enclosed|attachment) is a copy", "a copy of the original message", "(?:here|below) is a copy",
    "the header of the original message", "headers? of (?:the|your) message",
    r"original message(?: headers?| info)?(?: follows)?[.:]?[ \t-]*$",
    r"original mail(?: info)?[ \t-]*$", "message headers? follows?", "unsent message (?:follows|below)",
    "undelivered message follows", "returned (?:message|mail)", "message text follows", "start of returned message",
    r"the first \d{1,4} lines of your", "your message reads", r"the header and top \d{1,4} lines",
    "text of message", "the text of the message", "bounced message", "your message follows",
)  # fmt: skip
"""Lines behind which the returned message stands, whoever wrote the notice."""

SAME = r"(?:[^.。\n]|\.(?=[^ \n])){0,60}"
"""What may stand between two words of a sentence."""

REFUSED = (
    "abgelehnt|abgewiesen|refus|rejet|rechazad|recusad|rejeitad|rifiutat|geweigerd|odrzuc|odmitnut|отклон|отвергн|відхил|"
    "elutasit|respins|reddedil|avvis|afvis|hylatty|απορριφθ|拒否|拒收|拒绝|拒絕|거부|거절"
)
"""The stems of "refused" there, folded."""

YET = (
    r"\b(?:noch nicht|bisher nicht|pas encore|toujours pas|aun no|todavia no|ainda nao|non ancora|"
    r"non [^ .\n]{1,8} ancora|nog niet|jeszcze|zatim ne|zatial ne|dosud ne|doposial ne|annu inte|endnu ikke|"
    r"enda ikke|enna ikke|viela\b|inca\b|пока не|еще не|ще не|meg nem|henuz|ακομη|ακομα)|まだ|尚未|还未|還未|아직"
)
"""How other languages say "not yet", folded."""
DELIVER = (
    "zugestellt|zustell|remis|delivr|distribu|livr|entreg|consegn|recapit|bezorg|afgelever|dostarcz|dorecz|dorucen|"
    "lever|toimitett|достав|kezbesit|teslim|παραδοθ|配信|届|送达|送達|投递|投遞|전달|배달|전송"
)
"""The stems of "deliver" there, folded."""

DELAY_HINTS = (
    "delay", "yet", "warning", "retried", "postponed", "continu", "past", "resend", "still", "trying", "advisory",
    "temporary failure report",
)  # fmt: skip
"""Without any of these, none of the next is there."""
DELAYS = (
    "not yet been delivered", "not been delivered yet", "could not be delivered yet", "warning message only",
    "this is just a warning", "delivery attempts will continue", "will be retried", "has been delayed",
    "yet to be delivered",
    "is delayed for", "been delayed for", "temporary failure report", "has been postponed",
    "will continue to try", "will continue to attempt", "will continue trying", "still being retried",
    "could not send mail for past", "continue to be made", "not need to resend", "no need to resend",
    "delivery delayed", "delivery is delayed", "message still undelivered", "will keep trying",
    "notification: warning", "(delay)", "advisory-only", "still trying to deliver", "is still in the queue",
)  # fmt: skip
"""A notice or subject with one of these is about a mail on its way, unless it also has one of `FINALS`."""

NOT_YET = f"(?:{YET}){SAME}(?:{DELIVER})|(?:{DELIVER}){SAME}(?:{YET})"
"""The same in other languages, folded. It needs one of `DELIVER`."""

STILL_HINTS = (
    "delayed ", "ersuch", "tentativ", "seguir", "continu", "prober", "fortsatt", "fortsaett", "fortsett", "igen",
    "ponawia", "zkouset", "yrit", "probal", "denemeye", "incerca", "verzog", "entrega ", "remise ", "livraison ",
    "demora", "atraso", "ritard", "vertraag", "opozn", "zpozd", "forsen", "forsink", "viivas", "keslel", "gecik",
    "intarz", "συνεχ", "попыт", "проби", "继续", "繼續", "再送", "계속", "задерж", "затримк", "καθυστερ",
    "遅延", "延迟", "延遲", "지연",
)  # fmt: skip
STILL = (
    r"delayed \d{1,4} hours|"
    r"weitere (?:zustell)?versuch|weiter(?:hin)? [^.\n]{0,30}versuch|versuchen [^.\n]{0,30}weiter|"
    r"autres tentatives|seguir(?:emos|a) (?:intent|prob)|"
    r"continuar(?:emos|a|an) (?:a |la |los |as )?(?:tent|intent)|continueremo|"
    r"continuera a|blijven [^.\n]{0,20}prober|fortsatter|fortsaetter|fortsetter|pro[bv][ae]r igen|"
    r"ponawia[cn]|zkouset dal|yrit[^.\n]{0,20} edelleen|tovabb(?:ra)? probal|denemeye devam|θα συνεχισ|"
    r"vom (?:continua|incerca)|продолжит[^.\n]{0,20}попыт|спроби тривати|"
    "继续(?:尝试|投递|重试)|繼續(?:嘗試|投遞|重試)|"
    "再送を試|再送します|계속 ?(?:재시도|시도)|"
    "verzoger|entrega (?:esta )?(?:atrasad|retrasad|demorad)|(?:remise|livraison) (?:est )?(?:retardee|differee)|"
    "(?:aviso|notificacion) de demora|atraso na entrega|ritardo nella|(?:recapito|consegna) (?:e )?ritardat|"
    "bezorging (?:is )?vertraagd|opoznieni|zpozdeni|forsenad|forsinke[lt]|viivasty|задерж(?:ива|к)|"
    "затримк|kesleltet|gecikti|gecikme|intarziat|καθυστερ|遅延|延迟|延遲|지연"
)
"""The same, where it says that the server goes on, or is late. It needs one of `STILL_HINTS`."""

DELIVERED = (
    "successful delivery notification", "successfully delivered", "successfully relayed",
    "has been delivered to the following", "was delivered to the following", "relayed to non-dsn-aware",
    "delivery to these recipients or groups is complete", "expect no further notifications",
    "message was delivered", "message was relayed", "message was expanded", "message has been delivered",
    "message has been relayed", "message has been expanded", "message was successfully relayed",
    "message was successfully expanded", "your message was successfully",
)  # fmt: skip
"""A notice with one of these is about a mail that arrived, unless it also tells a failure."""

ARRIVED = (
    "erfolgreich zugestellt|wurde [^\\n]{0,80}zugestellt|a (?:bien )?ete remis|"
    "se ha entregado|(?:ha sido|fue) entregad|foi entregue|e stat[oa] (?:recapitat|consegnat)|is afgeleverd|"
    "zostala? dostarczon|har (?:levererats|blitt levert)|er (?:leveret|levert)|\\bbyla? dorucen|on toimitettu|"
    "доставлен|teslim edildi|kezbesitett|a fost livrat|παραδοθηκ|"
    "配信(?:され|し)ました|配信完了|已成功|已送[达達]|(?:전달|배달)되었"
)
"""The same in other languages, folded."""

FAILED = (
    "not (?:been )?(?:be )?delivered", "undeliver", "could ?n[o']t", "cannot", "fail", "reject", "fatal", "unknown",
    r"\b[45]\d\d[ -]",
)  # fmt: skip

FINALS = (
    "envelope expired", "giving up", "given up", "failed permanently", "permanent error", "permanent fatal",
    "removed from the queue", "queue too long",
)  # fmt: skip

SUBJECTS = (
    "undeliver", "failure notice", "returned mail", "delivery fail", "delivery status", "delivery report",
    "mail failure", "returning message", "return(?:ed|ing) to sender", "non-?delivery", "not delivered",
    "mail system error", "mail failed", "delivery problem", "failed delivery", "could not (?:be )?deliver",
    "error sending your mail", "delivery notification", "delivery error", "delivery has failed", "delivery warning",
    "bounce", "rejected mail", "unzustellbar", "non remis", "échec de la remise", "no entregado", "devuelto",
    "не доставлено", "недоставленное", "配信不能", "エラーメール", "nameserver error report", "^mail$",
)  # fmt: skip
"""What the subjects of bounces say, in lower case."""
