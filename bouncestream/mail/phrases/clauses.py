# SPDX-License-Identifier: GPL-3.0-or-later
"""A server's words, cut into sentences and clauses: what is said beside the reply code or the address comes first,
advice ("see …", "please …", "if …") is no cause, and neither is a check that passed or a hint that is denied.

Sources: RFC 5321 section 4.2.1 (a reply of several lines repeats its code); texts of servers, November 2026.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from bouncestream.mail.late import late
from bouncestream.mail.phrases.unsaid import may_quote_former, quotes_former, without_denials

TEXT_LIMIT = 4000
"""So much of a text is looked at."""

_OCTAL = re.compile(r"(?:\\[23][0-7]{2}){2,400}")
"""How Exim writes the bytes of a reply that are not ASCII."""

# At which command the mail was refused, in its writer's words: asked of elsewhere.
_STAGE = re.compile(
    r"\bgiving up on [\d.]{7,40}|\(?\bin reply to [^()]{1,60}? command\)?|\(delivery attempts: \d{1,4}\)"
)
LINK = re.compile(r"https?://[^\s<>\"]{1,300}")
_TELLING_HOST = re.compile(r"spamhaus|spamcop|sorbs|barracuda|rbl|dnsbl|abuseat|uceprotect|spfbl|openspf")
_PASSED = re.compile(
    r"\b(?:(?:(?:spam|virus) )?[a-z][\w.-]{0,20} ?(?:=|: ?)(?:pass(?:ed)?|none|ok|neutral|clean)\b|"
    r"[a-z][\w.-]{0,20}=(?:no|off|n/a|skip(?:ped)?|disabled|known|valid|good|yes|[\d.]{1,9})\b|"
    r"[a-z]{1,20}: not (?:asked|needed|run|checked|used|consulted|applied)\b|"
    r"(?:dkim|spf|dmarc|filters?|greylisting) (?:passed|bestanden)\b|"
    r"(?:passed|accepted by) (?:the |all |our )?(?:dkim|spf|dmarc|filters?|checks?)\b|"
    r"(?:sender|mail from)(?: address| domain)? (?:is |was |has been )?(?:ok|accepted|fine|valid|verified)\b|"
    r"call-?(?:out|back) (?:succeeded|was successful)\b|"
    r"(?:was|were|is|has been) (?:scanned|checked|tested|looked at) (?:for|by) [a-z]{1,20}(?: and [a-z]{1,20})?)|"
    r"\([^()]{0,100}: skipped\)"
)
_PASSING = (
    "pass", "=", "skipped", ": not ",
    "bestanden", ": none", ": ok", ":none", ":ok", "neutral", "clean", "ecked", "scanned", "looked at",
    "tested", "accepted by",
)  # fmt: skip
_ACCEPTED = (" ok", " accepted", " fine", " valid", " verified", " succe")
"""Without any of these, the pattern cannot match."""
_TOPIC = (
    r"(?:spam|virus(?:es)?|malware|policy|"
    r"block(?:ed|ing)?|(?:black|block|grey)list(?:ed|ing)?s?|full|filter(?:s|ed)?|"
    r"over quota|quota|temporary|too (?:large|big|many)|greylist(?:ed|ing)|reputation|disabled|suspended)"
)
_DENIED = re.compile(
    r"\b(?:(?:not|no|nor|never|without|ni|weder|noch|ani|keine?|ohne|sans|geen)"
    rf"(?: (?:a|an|any|the|in|on|by|our|because of|due to|caused by|for)){{0,3}} {_TOPIC}\b(?: of \w{{1,20}})?"
    r"|not listed (?:in|on|by) (?:a|any|the|our) (?:block|black) ?lists?\b"
    rf"|(?:anti-?)?{_TOPIC} (?:is|are|was|were) not (?:(?:the|a) (?:cause|reason)|"
    r"asked|used|consulted|applied|involved|touched|reached|exceeded|checked)\b"
    rf"|(?:anti-?)?{_TOPIC} (?:(?:check|test|scan|filter) )?(?:(?:is|was|has been) )?(?:over|completed?|done)\b"
    r"|no [a-z]{1,20} was (?:found|touched|tried)\b"
    r"|(?:not|never) (?:be )?(?:try|tried|retry|resend)(?: it)?(?: again)?(?: later)?\b"
    r"|(?:return(?:ed|ing)?|back) (?:mail |message )?to (?:the )?(?:original )?senders?\b(?!'))"
)
"""Nothing of these is said: a hint that is denied, and whom the mail went back to."""
_BESIDE = late(
    r"[^.,;:()\n]{1,80}? (?:plays? no (?:role|part)|(?:does|do|did) not matter|irrelevant|nothing to do|"
    r"keine rolle|nichts zur sache|(?:aucun|pas de) role|pour rien|nada (?:que|a) ver|ningun papel|"
    r"nenhum papel|c'? ?entra(?:no)?\b|nessun ruolo|geen rol|(?:bez|nie ma|nema) (?:znaczenia|vyznam)|"
    r"nehraj\w* rol\w*|ingen roll?e?|ei vaikuta|nem szamit|не име\w* значения|не игра\w* роли|ни при чем)"
    r"(?: (?:here|hier|ici|aqui|qui|in this|with it))?"
)
_TOPICS = (
    "spam", "vir", "malw", "polic", "bloc", "list", "full", "filt", "quota", "tempor", "too ", "reput", "disab",
    "susp",
)  # fmt: skip
_ASIDE = (
    " rol", "matter", "irrelevant", "nothing to do", "zur sache",
    "pour rien", "a ver", "que ver", "papel", "entra",
    "ruolo", "znacz", "vyznam", "vaikut", "szamit", "значени", "роли", "ни при чем", "no part",
)  # fmt: skip
_USELESS = (
    "will not help", "does not help", "not the matter", "not the point", "not the issue", "not the cause",
    "not the problem", "not the reason", "is useless", "is pointless", "hilft nicht", "nutzt nichts", "zwecklos",
    "sinnlos", "sert a rien", "es inutil", "e inutile", "no sirve", "geen zin", "nie ma sensu", "nema smysl",
    "nytter ikke", "бесполезн", "не поможет", "nao adianta", "no further retr",
)  # fmt: skip
"""A clause with one of these tells what does not matter: "a retry tomorrow will not help"."""
_PARTS = re.compile(r"([.,;:()\n])")
_DENYING = (
    "not ", "no ", "nor ", "never ", "without ", "ni ", "weder ", "noch ", "ani ", "kein", "ohne ", "sans ",
    "geen ",
)  # fmt: skip
_IDLE = (
    " was found", " was touched", " was tried", "not tr", "not re", "not be tr", "not be re", "never ",
    "to sender", "to the sender", "original sender",
)  # fmt: skip
"""Without any of these, what is denied, or passed, cannot be told: most texts need not be searched for it."""
_DENIED_JOINED = re.compile(
    r"(?:并非|並非|不是|非因|没有被|沒有被|并未被)[^,.，。；\n]{0,20}?(?:垃圾|满|滿|容量|拒|黑名|时|時|病毒|屏蔽|拦截|攔截|过滤|過濾)[^,.，。；\n]{0,20}|"
    r"(?:迷惑|容量|満|一時|フィルタ|フロック|制限|障害|拒否|スハム|ウイルス)[^,.。\n]{0,30}(?:て[はも]ありません|て[はも]なく|て[はも]ない)|"
    r"(?:送信者|送信元|发件人|寄件者|寄件人|발신자|송신자)[^,.，。\n]{0,8}(?:成功|通过|通過|통과|성공)[^,.，。\n]{0,6}|"
    r"(?:스팸|용량|일시|차단|필터)[^,.。\n]{0,20}(?:아닙니다|아니며|아니라)|"
    r"ไม(?:ได)?(?:ถก|เปน)?(?:บลอก|สแปม)[^\s]{0,40}"
)
_WRAPPED = re.compile(r"[(\[（「“\"'<]\s{0,2}([^\s()\[\]（）「」“”\"'<>]{1,64}@[\w.-]{1,255})\s{0,2}[)\]）」”\"'>]")
"""An address in brackets or quotes, which are no end of a clause."""
_QUOTED = re.compile(r"[\"„“«]\s?([\w.+-]{1,40})\s?[\"“”»]")
"""A name in quotes, neither: it is called so."""
_HIM = re.compile(r"[\"'«„“‘「] {1,2}@ {1,2}[\"'»“”’」]")
_SIGNATURE = re.compile(r"\n-- ?\n")
_PARTICLE = re.compile(r"(?:은\(는\)|이\(가\)|을\(를\)|와\(과\)) ?")
"""Korean endings, where a program does not know which one fits."""
_ANY_MORE = re.compile(r"\((mehr|plus|mas|mais|piu|meer)\)")
_SORRY = re.compile(r"申し訳(?:こさい|あり)ません")  # "there is no excuse", folded
_PATH = re.compile(r"(?<![^\s(\[<\"'=])/(?:[\w.+-]{1,64}/){0,12}[\w.+-]{1,64}/?")
_HER = re.compile(r"(?<= )ihr(?=(?:e|er|em|en|es)? [A-ZÄÖÜ])")
"""German "her", which is "your" with a capital."""
_DAY = re.compile(
    r"(?<![\d.])(\d{1,2})\. (?=jan|feb|mar|apr|ma[ijy]|jun|jul|aug|sep|o[kc]t|nov|de[czs]|led|unor|brez|dub|kvet|"
    r"cerv|"
    r"srp|zar|rij|list|pros|styc|lut|kwie|czer|lip|sier|wrze|paz|grud|elok|touk|hein|tamm|huht|kesa|syys|loka|"
    r"joul|maal|helm)"
)
"""A day in a language that puts a point behind its number."""
_ADDRESS_OF_HOST = re.compile(
    r"(?<![\[(\d.])\d{1,3}(?:\.\d{1,3}){3}(?= (?:is|was|has|ist|est|es|e)\b)|"
    r"(?<=unknown (?:address|.client)) ?:? ?\[?\d{1,3}(?:\.\d{1,3}){3}"
)
"""The number of a host that is spoken of, and not only named."""
_ASKED = re.compile(r"(?:^|(?<=[.!?;:\n]))[^.!?;:\n]{2,200}[^\W\d_]\?(?=\s{0,9}$|\s{1,9}[A-ZÀ-ÞА-Я(<\"])")
"""A question, at the end or before a sentence: nothing of it is said."""


def listed(text: str) -> frozenset[str]:
    """The words of a text."""
    return frozenset(text.split())


def has_any(text: str, hints: Iterable[str]) -> bool:
    """Whether a text holds one of `hints`: asked before a pattern that needs one of them, and is much slower."""
    return any(map(text.__contains__, hints))


ADVICE = listed("""
    see please if visit refer contact check consult read ask learn note remark hint tip questions thank thanks
    powered when unless more further verify ensure
    should sollte sollten sofern caso cuando quando lorsque hvis dersom jos daca ako eger якщо εαν
    bitte siehe falls wenn weitere naheres hinweise
    veuillez voir consultez contactez si merci plus
    consulte vea contacte verifique veja visite entre
    vedi consulta consultare contattare verificare se
    zie neem indien als controleer
    zobacz prosze jesli jezeli sprawdz wiecej
    viz prosim pokud
    vanligen kontakta om kontakt venligst
    lutfen kerjuk va
    подробнее пожалуиста если см проверьте
    vui tolong silakan
    hinweis remarque nota notitie opmerking uwaga poznamka upozorneni megjegyzes merk bemerk huomaa observacao aviso
    примечание внимание примітка забележка напомена σημειωση catatan ملاحظة הערה หมายเหต
    achtung attention caution reminder info informatie information
""")
"""A clause that begins so is advice."""

_ADVICE_PAIRS = (
    "general notice", "general note",
    "for more", "for further", "for help", "for information", "for details", "for assistance", "for questions",
    "to report", "to request", "to resolve", "to find", "more about", "go to",
    "do not reply", "por favor", "para mas", "para mais", "per favore", "si prega", "per ulteriori", "per maggiori",
    "pour plus", "s il", "voor meer", "our policy", "we take", "the policy", "mails to",
    "mail to this", "see also", "was trying", "had there", "had such", "had you", "were there", "were the",
)  # fmt: skip
_PAIRED = frozenset(pair.partition(" ")[0] for pair in _ADVICE_PAIRS)
BECAUSE = (
    r"because|since(?= (?:there|the|this|that|no|it|its|he|she|we)\b)|"
    r"as(?= (?:there|the|this|no|it|its|our)\b)|"
    r"porque|weil|parce qu|car|perche|omdat|poniewaz|protoze|eftersom|fordi|cunku|mert|deoarece|koska|"
    r"потому что|так как|оскільки"
)
_MID = re.compile(
    r" (?=(?:please|for (?:more|further|help)|see (?:https?:|our|also)|bitte|veuillez|por favor|"
    + BECAUSE
    + r"|but|and (?:then|now|finally)|aber|und (?:dann|nun|jetzt|schliesslich)|et (?:puis|ensuite|finalement)|"
    r"pero|y (?:luego|despues|finalmente|ahora)|e (?:poi|depois|agora|ora)|maar|en (?:toen|daarna|nu)|ale|"
    r"a (?:potem|pote|nyni)|i potem|men|och (?:sedan|nu)|og (?:siden|na)|но|"
    r"а (?:потом|затем|теперь|потім|тепер))\b)"
)
_ADVISING = (
    "请参", "请检", "请联", "如果", "请访", "ください", "ご覧", "場合", "십시오", "참조", "請參", "請檢",
    "請聯", "提醒", "温馨", "如对", "如對", "경우", "もし", "注意", "备注", "備註", "注記", "참고:", "안내",
)  # fmt: skip

_CONTINUED = re.compile(r"\n(?=[245]\d\d[ -])")
"""Where a reply goes on in its next line."""
_LEADING = re.compile(r"^(?:[\d\s.#-]{1,40}|and |or |then )")
_LED = "0123456789 \t\n.#-aot"
# Both begin with the characters that can be a mark at all: whatever else stands in a text is skipped at once.
_SENTENCE = re.compile(r"[.!?。\s](?:(?<=[^\d.][.!?])(?=\s)|(?<=\s)(?:-{1,3}|=)?>{1,3}\s|(?<=[。\n]))")
_CLAUSE = re.compile(
    r"([,;:()\[\]\"，；：、（）!?。.\s](?:(?<=[^.\s])|(?<=\s)[-–—]{1,2}\s|(?<=\s)[-–—]{2}|(?<=\.)(?=\s|$)))"
)


class Clause(NamedTuple):
    """A part of what a server said."""

    text: str  #: folded: lower case, without accents
    sentence: int  #: counted from 0
    place: int  #: within its sentence, from 0
    advice: bool  #: it begins, or follows, advice


_STROKED = tuple(zip("łđøı", "ldoi", strict=True))
"""Letters that Unicode does not take apart."""
_MARKS = re.compile(
    "[\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u064b-\u065f\u0670"
    "\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed\u093c\u094d\u0e38-\u0e3a\u0e48-\u0e4b\u3099\u309a]"
)
"""What combines with the letter before it."""


def folded(text: str) -> str:
    """Lower case without accents, full-width forms and their like made plain: servers write with and without."""
    if text.isascii():
        return text.lower()
    plain = unicodedata.normalize("NFKD", text.lower())
    for stroked, letter in _STROKED:
        plain = plain.replace(stroked, letter)
    return _MARKS.sub("", plain)


def folding(pattern: str) -> re.Pattern[str]:
    """A pattern, without upper-case escapes, for text that is `folded`."""
    return late(folded(pattern))


def unescaped(text: str) -> str:
    """`text`, as much of it as is looked at, with the bytes that Exim writes in octal digits."""
    text = text[:TEXT_LIMIT]
    if "\\" in text:
        return _OCTAL.sub(
            lambda m: bytes(int(byte, 8) for byte in m[0].split("\\")[1:]).decode("utf-8", "replace"), text
        )
    return text


def telling(link: re.Match[str]) -> str:
    """What a link tells, which mostly is nothing; but one to a blocklist often tells all."""
    text = link[0]
    if "@" not in text and (host := _TELLING_HOST.search(text)):
        return f" {host[0]} "
    return " "


_CONTRACTED = re.compile(
    r"\b(?:(is|are|was|were|does|do|did|has|have|had|could|would|should|ca|wo)n['`´]?t|can not)\b"
)
_SHORT = ("n't", "n`t", "n´t", "can not", "snt", "dnt", "dont", "cant", "wont")
_IN_FULL = {"ca": "cannot", "wo": "will not", None: "cannot"}


def in_full(plain: str) -> str:
    """A folded text with "is not" for "isn't" and "cannot" for "can not", with any apostrophe or none."""
    if not has_any(plain, _SHORT):
        return plain
    return _CONTRACTED.sub(lambda m: _IN_FULL.get(m[1]) or f"{m[1]} not", plain)


def told(text: str) -> str:
    """What `text` says, folded, without links, stages, checks that passed and hints that are denied."""
    text = unescaped(text)
    if "\n--" in text:
        text = _SIGNATURE.split(text, 1)[0] or text
    if text.count("?") == 1:  # more of them stand for letters that were lost
        text = _ASKED.sub(" ", text)
    if "/" in text:
        text = _PATH.sub(" file ", text)
    if " ihr" in text:
        text = _HER.sub("sein", text)
    if "(" in text and not text.isascii():
        text = _PARTICLE.sub(" ", text)
    plain = in_full(folded(text).replace("’", "'"))
    if "no one" in plain:
        plain = plain.replace("no one", "nobody")
    if " @ " in plain:
        plain = _HIM.sub(" @ ", plain)
    if '"' in plain or "«" in plain or "“" in plain or "„" in plain:
        plain = _QUOTED.sub(r" called \1 ", plain)
    if "(m" in plain or "(p" in plain:
        plain = _ANY_MORE.sub(r"\1", plain)
    if "\n" in plain:
        plain = _CONTINUED.sub(" ", plain)
    if "in reply to" in plain or "attempts" in plain or "giving up" in plain:
        plain = _STAGE.sub(" ", plain)
    if "unknown" in plain or " is " in plain:
        plain = _ADDRESS_OF_HOST.sub(" ourhost ", plain)
    if ". " in plain:
        plain = _DAY.sub(r"\1 ", plain)
    if " < mailfrom >" in plain:
        plain = plain.replace(" < mailfrom >", " mailfrom ")
    if "@" in plain:
        plain = _WRAPPED.sub(r" \1 ", plain)
    if "://" in plain:
        plain = LINK.sub(telling, plain)
    if has_any(plain, _PASSING) or has_any(plain, _ACCEPTED):
        plain = _PASSED.sub(" ", plain)
    if (has_any(plain, _TOPICS) and has_any(plain, _DENYING)) or has_any(plain, _IDLE):
        plain = _DENIED.sub(" ", plain)
    plain = without_denials(plain)
    if has_any(plain, _USELESS):
        plain = "".join(part for part in _PARTS.split(plain) if not has_any(part, _USELESS))
    if has_any(plain, _ASIDE):
        plain = _BESIDE.sub(" ", plain)
    if not plain.isascii():
        plain = _SORRY.sub(" ", _DENIED_JOINED.sub(" ", plain))
    return plain


def cut(text: str) -> Iterator[Clause]:
    """The clauses of a text as `told` gives it, in order; empty ones are left out."""
    number = -1
    tells_former = may_quote_former(text)
    for sentence in _SENTENCE.split(text):
        if not sentence or sentence.isspace():
            continue
        number += 1
        place = 0
        advice = told_whom = False
        for half in _MID.split(sentence):
            for part in _CLAUSE.split(half):
                words = part.strip(" .-'*|")
                if len(words) < 2 and not words.isalnum() and words != "@":
                    if advice and told_whom and part == ":":
                        advice = False
                    continue
                if not advice:
                    first, _, rest = (_LEADING.sub("", words, 1) if words[0] in _LED else words).partition(" ")
                    advice = (
                        (
                            first.strip("'") in ADVICE
                            and not rest.startswith(("does ", "is ", "was ", "not "))
                            and (first != "als" or " wurde" not in rest)
                        )
                        or (first in _PAIRED and f"{first} {rest.partition(' ')[0]}" in _ADVICE_PAIRS)
                        or (not part.isascii() and has_any(part, _ADVISING))
                    )
                    told_whom = " " in rest  # "note:" goes on behind its colon
                    if not advice and tells_former and quotes_former(words):
                        advice, told_whom = True, False
                yield Clause(words, number, place, advice)
                place += 1
