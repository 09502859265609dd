# SPDX-License-Identifier: GPL-3.0-or-later
"""Composed phrases (see `composed`) in other languages: a word for a mailbox beside words that say that it is gone.

Written without accents,
as texts are compared. Source: the localised reports of mail services and the words of each
language for what RFC 5321 section 4.2.2 says; November 2026.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable


def listed(text: str) -> tuple[str, ...]:
    """The words of a table, which lists them with commas."""
    return tuple(" ".join(one.split()) for one in text.split(",") if one.strip())


def one_of(words: Iterable[str]) -> str:
    """An alternation, the longest first."""
    return "(?:" + "|".join(sorted(words, key=len, reverse=True)) + ")"


#: (language, nouns, what follows them, what stands before them); a noun may go on ("ящик" in "ящика").
SPACED: tuple[tuple[str, str, str, str], ...] = (
    (
        "German",
        "benutzer, nutzer, empfanger, empfaenger, adressat, [^ ]*adresse, [^ ]*postfach, [^ ]*konto, "
        "mailbox, teilnehmer",
        "unbekannt, nicht bekannt, existiert nicht, existieren nicht, gibt es nicht, nicht gefunden, "
        "nicht vorhanden, nicht registriert, ungultig, ungueltig, nicht gultig, geloscht, geloescht, "
        "nicht mehr, nicht angelegt, nicht eingerichtet, falsch, gibt s nicht, nicht zugeordnet",
        "unbekannter, unbekannte, unbekanntes, ungultiger, ungultige, ungueltiger, ungueltige, kein, "
        "keine, kein solcher, kein solches, keine solche",
    ),
    (
        "French",
        "destinataire, utilisateur, adresse, boite, compte, abonne",
        "n existe pas, n existe plus, inconnu, inconnue, inexistant, inexistante, introuvable, invalide, "
        "non trouve, non trouvee, supprime, supprimee, n est pas connu, n est plus, incorrect, incorrecte, "
        "erronee, n est pas valide, non valide, non reconnu, non reconnue, n est pas attribuee",
        "aucun, aucune, pas de, pas d",
    ),
    (
        "Spanish",
        "destinatario, usuario, direccion, buzon, cuenta, casilla",
        "no existe, no se encuentra, no se encontro, desconocido,"
        " desconocida, inexistente, no encontrado, no encontrada, no valido, "
        "no valida, invalido, invalida, no registrado, eliminado, eliminada, no reconocido, erroneo, erronea, "
        "incorrecto, incorrecta, no es valida, no es valido, dado de baja, dada de baja",
        "no existe el, no existe la, no existe ese, no hay, ningun",
    ),
    (
        "Portuguese",
        "destinatario, usuario, utilizador, endereco, caixa, conta",
        "nao existe, desconhecido, desconhecida, inexistente, nao encontrado, nao encontrada, invalido, "
        "invalida, nao cadastrado, removido, removida, nao e valido, nao localizado, nao localizada, "
        "nao consta, excluido, excluida, errado, incorreto",
        "nao existe o, nao existe a, nenhum, nao ha",
    ),
    (
        "Italian",
        "destinatario, destin, utente, utenza, indirizzo, casella, account, mailbox",
        "non esiste, sconosciuto, sconosciuta, inesistente, non trovato, non trovata, non valido, "
        "non valida, non esistente, non registrato, cancellato, eliminata, errato, errata, non corretto, "
        "non risulta, non presente",
        "nessun, nessuna, non esiste il, non esiste la",
    ),
    (
        "Dutch",
        "gebruiker, ontvanger, adres, mailbox, postvak, postbus, account, e mailadres",
        "onbekend, bestaat niet, bestaat hier niet, niet gevonden, niet bekend, ongeldig, verwijderd",
        "onbekende, ongeldige, geen, geen dergelijke",
    ),
    (
        "Polish",
        "uzytkownik, odbiorca, adres, konto, skrzynka, skrzynki, uzytkownika",
        "nie istnieje, nieznany, nieznane, nieznana, nie znaleziono, nie znaleziony, nieprawidlowy, "
        "nieprawidłowy, nie odnaleziono",
        "nieznany, nie ma takiego, nie ma takiej, brak takiego, brak takiej, brak",
    ),
    (
        "Czech, Slovak",
        "uzivatel, uzivatele, pouzivatel, prijemce, prijemca, adresat, adresa, schranka, ucet, konto",
        "neexistuje, neznamy, neznama, nenalezen, nenalezena, neni znam, nebyl nalezen, nebyla nalezena, "
        "neplatna",
        "neznamy, neznama, neexistujici, neplatna",
    ),
    (
        "Swedish, Danish, Norwegian",
        "mottagare, mottagaren, anvandare, anvandaren, modtager, modtageren, mottaker, mottakeren, bruger, "
        "brugeren, bruker, brukeren, adressen, adresse, postkasse, postkassen, brevlada, konto, kontot",
        "okand, finns inte, existerar inte, hittades inte, ukendt, ukjent, findes ikke, finnes ikke, "
        "eksisterer ikke, blev ikke fundet, ble ikke funnet",
        "okand, ukendt, ukjent, ogiltig, ugyldig",
    ),
    (
        "Turkish",
        "kullanici, alici, adres, adresi, hesap, posta kutusu",
        "bulunamadi, yok, bilinmiyor, gecersiz, mevcut degil, tanimli degil, tanımlı degil",
        "bilinmeyen, gecersiz, boyle bir",
    ),
    (
        "Hungarian",
        "felhasznalo, cimzett, postafiok, fiok, cim",
        "ismeretlen, nem letezik, nem talalhato, ervenytelen",
        "ismeretlen, ervenytelen, nincs ilyen",
    ),
    (
        "Romanian",
        "utilizator, utilizatorul, destinatar, destinatarul, adresa, casuta, cont, contul",
        "necunoscut, necunoscuta, inexistent, inexistenta, nu exista, nu a fost gasit, nu a fost gasita, "
        "invalida",
        "nu exista",
    ),
    (
        "Finnish",
        "vastaanottaja, vastaanottajaa, kayttaja, kayttajaa, osoite, osoitetta, postilaatikko, postilaatikkoa",
        "tuntematon, ei ole, ei loydy, ei loytynyt, ei ole olemassa",
        "tuntematon",
    ),
    (
        "Greek",
        "χρηστης, παραληπτης, διευθυνση, λογαριασμος",
        "δεν υπαρχει, αγνωστος, αγνωστη, δεν βρεθηκε",
        "αγνωστος, αγνωστη",
    ),
    (
        "Ukrainian",
        "скринька, користувач, користувача, одержувач, одержувача, адреса, адресат",
        "не існує, не знаидено, відсутня, відсутніи, невідомии, не зареєстровании",
        "немає такого, немає такої, невідомии",
    ),
    (
        "Russian",
        "ящик, пользователь, пользователя, получатель, получателя, адрес, адресат, адресата, ящика, "
        "учетная запись, аккаунт",
        "не существует, не найден, не наиден, нет, отсутствует, не зарегистрирован, неизвестен, удален, "
        "не обнаружен, не существуют",
        "нет такого, такого, нет, несуществующии, неизвестныи, не найден, не существует",
    ),
)  # fmt: skip

#: (language, nouns, what follows them within a few characters, what stands right before them): without blanks.
JOINED: tuple[tuple[str, str, str, str], ...] = (
    (
        "Chinese",
        "用户, 用戶, 使用者, 收件人, 邮箱, 郵箱, 信箱, 帐号, 账号, 帳號, 账户, 帐户, 地址",
        "不存在, 未找到, 找不到, 无效, 無效, 未知, 没有找到, 未注册, 不正确, 已注销, 已删除",
        "无此, 無此, 没有此, 沒有此, 未知, 无效的, 找不到, 不存在的",
    ),
    (
        "Japanese",
        "宛先, 受信者, アドレス, ユーザ, メールボックス, アカウント",
        "見つかりません, みつかりません, 存在しません, 存在しない, 不明, 無効, ありません, "
        "登録されていません, 間違",
        "不明な, 無効な, 存在しない",
    ),
    (
        "Korean",
        "사용자, 수신자, 주소, 메일함, 계정",
        "존재하지, 찾을 수 없, 없습니다, 알 수 없",
        "존재하지 않는, 없는, 알 수 없는",
    ),
)  # fmt: skip


def _spaced() -> re.Pattern[str]:
    ways = []
    for _, nouns, after, before in SPACED:
        noun = one_of(listed(nouns))
        ways.append(f"{noun}(?: [^ ]{{1,40}}){{0,6}}? {one_of(listed(after))}")
        ways.append(f"{one_of(listed(before))}(?: [^ ]{{1,40}}){{0,1}}? {noun}")
    return re.compile(f" {one_of(ways)} ")


def _joined() -> re.Pattern[str]:
    ways = []
    for _, nouns, after, before in JOINED:
        noun = one_of(_decomposed(nouns))
        ways.append(f"{noun}.{{0,16}}?{one_of(_decomposed(after))}")
        ways.append(f"{one_of(_decomposed(before))}.{{0,2}}?{noun}")
    return re.compile(one_of(ways))


def _decomposed(text: str) -> list[str]:
    """The words of a table as texts are compared (see `engine.folded`), without blanks."""
    plain = unicodedata.normalize("NFKD", text)
    return [one.replace(" ", "") for one in listed("".join(c for c in plain if not unicodedata.combining(c)))]


_SPACED = _spaced()
_JOINED = _joined()


def abroad(plain: str) -> re.Match[str] | None:
    """The place in a text, given as its `words`, that says in another language that a mailbox is not there."""
    found = _SPACED.search(plain)
    if found or plain.isascii():
        return found
    return _JOINED.search(plain.replace(" ", ""))
