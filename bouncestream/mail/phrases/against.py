# SPDX-License-Identifier: GPL-3.0-or-later
"""What else a sentence says, and whether that speaks against "not there": what comes back, or was so only at first,
does not; whoever else is spoken of may. Source: texts of servers, November 2026.
"""

from __future__ import annotations

import re

from bouncestream.mail.phrases.saying import Said
from bouncestream.mail.phrases.subjects import SELF

OWN = ("mailbox", "domain")
"""Subjects that are the recipient's."""
VAGUE = ("perhaps", "unverified", "other", "chance", "limited")
"""States that decide nothing, and only speak against "not there" in their own clause."""
HARD = ("not there", "gone", "takes no mail")
_OF_DOMAINS = re.compile(r"\b(?:mx|dns|a record|aaaa)\b(?!.{0,200}\b(?:ptr|spf|dkim|dmarc|txt)\b)")
WAS = re.compile(
    r"\b(?:existed|worked|lived|existait|existio|existiu|esisteva|bestond|"
    r"once|formerly|was|had|were|war|hatte|etait|avait|estaba|estava|havia|habia|era|aveva|stava|bylo?|byla|"
    r"bol[aoi]?|var|hade|havde|"
    r"hadde|oli|volt|был[аои]?|був|була|було|fusese|idi|earlier|before|previously|fruher|zuvor|vorher|estuvo|"
    r"esteve|antes|prima|avant|auparavant|eerder|wczesniej|drive|predtym|tidigare|tidligere|aiemmin|korabban|"
    r"onceden|"
    r"раньше|ранее|раніше|раниие)\b"
)
_THEN = re.compile(
    r"\b(?:then|since|now|finalmente|finalement|schliesslich|afterwards|later|finally|dann|danach|anschliessend|inzwischen|puis|ensuite|depuis|luego|"
    r"despues|"
    r"depois|poi|quindi|daarna|vervolgens|potem|nastepnie|pak|pote|nasledne|sedan|siden|senere|derefter|затем|"
    r"потом|после|"
    r"потім|"
    r"тепер|теперь|jetzt|maintenant|ahora|agora|adesso|teraz|nyni|nyt|is nu|er na|er nu|ar nu|acum|sekarang|kini|"
    r"azota|aztan|majd|ardindan|sonra|apoi|sitten|nay)\b|その後|后来|之后|이후"
)
_UNTIL = re.compile(r"\b(?:until|till|bis|jusqu|hasta|ate|fino|tot|do|tills|indtil|inntil|до)\b")
IN_VAIN = re.compile(
    r"\b(?:(?:not|cannot|nicht|pas|nao|non|niet|nie|ne|no se|inte|ikke|не|error|came back|bounced|kam zuruck|"
    r"retour)\b|"
    r"fail|reject|refus|return|scheiter|gescheitert|fehlgeschlagen|abgelehnt|rechaz|devuel|fall[oai]|echou|revenu|"
    r"rejet|"
    r"respint|fallit|tornat|recus|devolv|falhou|mislukt|geweiger|odrzuc|wroc|nie powiod|vrat|selhal|odmit|mislyck|"
    r"mislykk|avvis|afvis|вернул|отклон|не удал|basarisiz|geri)"
)


def speaks_against(
    at: int, gone: Said, said: list[tuple[int, Said]], effects: list[bool], texts: list[str]
) -> bool:
    """Whether what else is said in the sentence speaks against "not there". `effects`: which clauses tell why."""
    named = not gone.inherited and any(word == "@" or word.startswith(SELF) for word in gone.words.split())
    named = named or (at > 0 and "@" in texts[at - 1] and texts[at - 1].strip().count(" ") < 3)  # "a@b: unknown"
    own = [one.state for _, one in said if one.subject in OWN and one.state in HARD and not one.strange]
    ended = len(own) * ("gone" in own)
    for place, other in said:
        beside = not other.state and other.subject in ("sender", "client") and at < place < at + 3
        short = beside and len(other.words.split()) < 5 + bool(IN_VAIN.search(other.words))
        if short and gone.stock and not named:
            return True  # "unknown user (client certificate …)"
        if named and place != at and other.subject in ("sender", "client", "part", "content"):
            continue  # "the sender was accepted, but a@example.com is unknown"
        if named and place != at and other.subject == "elsewhere":
            continue  # "tom is on leave, jane@example.com does not exist"
        if gone.subject == "domain" and other.subject in ("client", "sender"):
            return True  # "domain does not exist: no PTR for …"
        if not named and other.subject == "sender" and other.state in HARD:
            return True  # "unknown user: the sender does not exist"
        if not other.state:
            if place < at and (other.subject in ("sender", "client", "part") or "otheraddress" in other.words):
                return True  # "callout to the sender: user unknown"
            if place < at and other.subject == "thing" and gone.inherited:
                return True  # "the copy goes to an address, which does not exist"
            if place < at and other.subject in ("record", "thing") and not named and IN_VAIN.search(other.words):
                return True  # "could not ask the directory: user unknown"; "the copy came back: user unknown"
            if place == at + 1 and gone.inherited and other.subject in ("record", "elsewhere"):
                return True  # "not found: A record for …"
            continue
        if other is gone or (other.subject in OWN and other.state in HARD):
            continue
        if gone.proof and (other.state != "temporary" or place == at) and other.subject != "elsewhere":
            continue
        if other.state == "unreachable" and other.subject == gone.subject == "mailbox" and place != at:
            continue  # "cannot be reached: unknown user"
        if other.state == "chance" and gone.state == "gone":
            return True  # "was deleted by mistake"
        if other.state == "temporary" and _UNTIL.search(other.words) and WAS.search(other.words):
            continue  # "it was here until May, and has been deleted"
        if place < at and other.state == "temporary" and _was_first(place, other, gone, said, texts[at]):
            continue
        if other.state in ("unreachable", "temporary"):
            return True
        if gone.subject == other.subject == "domain" and other.state == "off":
            continue  # "expired and was not renewed: it does not exist"
        if gone.subject == "domain" and other.subject == "system" and other.state == "gone":
            continue  # "the firm was dissolved, and its domain deleted"
        if gone.subject == "domain" and other.subject == "record" and _OF_DOMAINS.search(other.words):
            continue  # "no MX record found: domain does not exist"
        if effects[at] and place < at and other.state in ("off", "refuses", "other"):
            continue  # "disabled because it does not exist any more"
        past = place <= at or ("@" in gone.words and not gone.inherited) or WAS.search(other.words)
        if gone.state == "gone" and other.state in ("full", "off") and past:
            continue  # "was full for a year, and has been deleted"; "it was deleted: the quota does not matter"
        if ended > 1 and place <= at and other.state in ("full", "off", "unpaid"):
            continue  # "not paid for and deleted: it does not exist"
        if named and place < at and other.inherited and other.state in ("loop", "too many", "refuses", "unpaid"):
            continue  # "(loop protection on) a@example.com is unknown"
        if gone.state == other.state == "gone" and (other.subject == "content" or "@" in gone.words):
            continue  # "was closed, and its contents were deleted"
        if other.state == "not there" and other.subject in ("record", "thing") and gone.state == "gone":
            continue  # "was closed, and no forwarding address was left"
        if place < at and other.state in ("perhaps", "limited"):
            return True  # "may be wrong, or does not exist"; "for you, it does not exist"
        if other.subject in (*OWN, "", "content") and other.state in VAGUE and place != at:
            continue  # "refused: user unknown"
        if place == at or (other.subject in (*OWN, "") and other.state not in HARD) or place < at:
            return True
    return False


def _was_first(place: int, other: Said, gone: Said, said: list[tuple[int, Said]], text: str) -> bool:
    """Whether what is told to be for a while was so before: "was closed for a while, and then deleted", "was
    closed for a while; the address does not exist"."""
    if gone.state == "gone" and _THEN.search(text):
        return True
    ended = any(at == place and one.state in ("gone", "off") for at, one in said)
    return ended and not gone.stock and not gone.inherited and WAS.search(other.words) is not None
