# SPDX-License-Identifier: GPL-3.0-or-later
"""Phrases in languages other than English. Accents need not be written: both sides are compared without.

Source: the vendors' localised reports and help pages (Exchange, Domino, Google, Orange, mail.ru, Biglobe, OCN), and
the words of each language for what RFC 5321 section 4.2.2 says; read November 2026.
"""

from __future__ import annotations

from bouncestream.mail.phrases.entry import Vendor, Wording

_SOURCE = "localised reports and help pages of mail services, read November 2026"

LANGUAGES: tuple[Vendor, ...] = (
    Vendor("German", _SOURCE, (
        Wording("user_unknown",
             "empfanger unbekannt; empfaenger unbekannt; empfaenger * unbekannt; empfanger * unbekannt; "
             "unbekannter empfanger; unbekannter empfaenger; benutzer unbekannt; unbekannter benutzer; "
             "benutzer * unbekannt; nutzer unbekannt; adresse unbekannt; adresse * unbekannt; "
             "unbekannte adresse; adresse * existiert nicht; adresse existiert nicht; "
             "empfanger existiert nicht; empfanger * existiert nicht; empfaenger existiert nicht; "
             "empfaenger * existiert nicht; postfach existiert nicht; postfach * existiert nicht; "
             "konto * existiert nicht; benutzer existiert nicht; benutzer nicht gefunden; "
             "empfanger nicht gefunden; empfaenger nicht gefunden; postfach nicht gefunden; postfach unbekannt; "
             "kein solcher benutzer; ungultiger empfanger; ungueltiger empfaenger; ungultige empfangeradresse; "
             "empfangeradresse * ungultig; konnte nicht gefunden werden; diese adresse gibt es nicht; "
             "mailbox existiert nicht; existiert hier nicht"),
        Wording("mailbox_full",
             "postfach ist voll; postfach * voll; postfach voll; mailbox voll; mailbox ist voll; "
             "speicherplatz * uberschritten; speicherlimit * erreicht; speicherplatz * erschopft; "
             "kontingent * uberschritten; quota uberschritten; speicherkontingent"),
        Wording("mailbox_disabled",
             "konto * gesperrt; postfach * gesperrt; konto * deaktiviert; postfach * deaktiviert; "
             "empfanger * gesperrt; benutzer gesperrt"),
        Wording("host_unknown", "domain existiert nicht; unbekannte domain; domain nicht gefunden"),
        Wording("spam", "als spam * abgelehnt; als spam erkannt; spamverdacht; unerwunschte"),
        Wording("policy", "richtlinie; aus richtliniengrunden; abgelehnt wegen"),
        Wording("too_big", "nachricht * zu gross; nachricht * zu groß; maximale nachrichtengroße"),
    )),
    Vendor("French", _SOURCE, (
        Wording("user_unknown",
             "destinataire inconnu; destinataire * inconnu; destinataire invalide; adresse inconnue; "
             "adresse * inconnue; utilisateur inconnu; utilisateur * inconnu; adresse * invalide; "
             "adresse * n existe pas; utilisateur * n existe pas; destinataire * n existe pas; "
             "compte * n existe pas; boite * n existe pas; utilisateur inexistant; destinataire inexistant; "
             "adresse inexistante; compte inexistant; compte inconnu; boite inexistante; "
             "boite aux lettres inconnue; boite aux lettres inexistante; aucun utilisateur; "
             "adresse introuvable; destinataire introuvable; utilisateur introuvable"),
        Wording("mailbox_full",
             "boite * pleine; boite pleine; boite aux lettres pleine; quota depasse; quota * depasse; "
             "espace disque insuffisant * destinataire; messagerie pleine"),
        Wording("mailbox_disabled",
             "compte * desactive; boite * desactivee; compte suspendu; compte * suspendu; compte bloque; "
             "boite * inactive; compte inactif; adresse desactivee"),
        Wording("host_unknown", "domaine inconnu; domaine inexistant; domaine * n existe pas"),
        Wording("spam", "considere comme spam; considere comme du spam; courrier indesirable; pourriel"),
        Wording("list_problem", "groupe que vous avez essaye de contacter"),
        Wording("user_filtered", "refuse par le destinataire; destinataire * refuse"),
        Wording("policy", "politique de securite; politique locale"),
    )),
    Vendor("Spanish", _SOURCE, (
        Wording("user_unknown",
             "usuario desconocido; usuario * desconocido; destinatario desconocido; destinatario * desconocido; "
             "usuario * no existe; usuario no existe; destinatario no existe; destinatario * no existe; "
             "direccion * no existe; direccion no existe; cuenta * no existe; cuenta no existe; "
             "buzon no existe; buzon * no existe; buzon inexistente; cuenta inexistente; usuario inexistente; "
             "destinatario inexistente; direccion inexistente; usuario no encontrado; "
             "destinatario no encontrado; cuenta no encontrada; direccion desconocida; usuario invalido; "
             "destinatario invalido; buzon desconocido; direccion de destinatario invalida; "
             "no se encontro la direccion; no se ha encontrado el usuario"),
        Wording("mailbox_full",
             "buzon * lleno; buzon lleno; buzon esta lleno; casilla llena; casilla * llena; cuota excedida; "
             "cuota * excedida; cuota superada; excedido * cuota; sin espacio * buzon"),
        Wording("mailbox_disabled",
             "cuenta deshabilitada; cuenta * deshabilitada; cuenta suspendida; cuenta * suspendida; "
             "buzon deshabilitado; cuenta bloqueada; cuenta desactivada; usuario deshabilitado; "
             "cuenta inactiva"),
        Wording("host_unknown",
             "dominio no existe; dominio * no existe; dominio desconocido; dominio inexistente"),
        Wording("spam", "correo no deseado; detectado como spam; considerado spam; contenido sospechoso"),
    )),
    Vendor("Portuguese", _SOURCE, (
        Wording("user_unknown",
             "usuario desconhecido; usuario * desconhecido; destinatario desconhecido; usuario nao existe; "
             "usuario * nao existe; endereco * nao existe; destinatario nao existe; destinatario * nao existe; "
             "conta * nao existe; conta nao existe; caixa postal * nao existe; endereco inexistente; "
             "endereco nao encontrado; conta nao encontrada; utilizador desconhecido; utilizador nao existe; "
             "endereco invalido"),
        Wording("mailbox_full",
             "caixa * cheia; caixa cheia; cota excedida; cota * excedida; quota excedida; sem espaco"),
        Wording("mailbox_disabled", "conta desativada; conta inativa; conta * desativada; conta desabilitada"),
        Wording("host_unknown", "dominio nao existe; dominio desconhecido; dominio * nao existe"),
    )),
    Vendor("Italian", _SOURCE, (
        Wording("user_unknown",
             "utente sconosciuto; destinatario sconosciuto; utente inesistente; destinatario inesistente; "
             "indirizzo * non esiste; indirizzo non esiste; indirizzo inesistente; casella inesistente; "
             "casella * inesistente; casella non esistente; utente non trovato; destinatario non trovato; "
             "utente non esistente; utente * non esiste; casella * non esiste; account inesistente; "
             "indirizzo sconosciuto; mailbox inesistente; destinatario non valido"),
        Wording("mailbox_full",
             "casella * piena; casella piena; quota superata; spazio * esaurito; mailbox piena"),
        Wording("mailbox_disabled",
             "casella disattivata; casella sospesa; account sospeso; account disabilitato; "
             "casella disabilitata; utente disabilitato; casella * disabilitata; utente sospeso"),
        Wording("host_unknown", "dominio inesistente; dominio sconosciuto; dominio non trovato"),
    )),
    Vendor("Dutch", _SOURCE, (
        Wording("user_unknown",
             "gebruiker onbekend; onbekende gebruiker; ontvanger onbekend; onbekende ontvanger; adres onbekend; "
             "onbekend adres; adres bestaat niet; gebruiker bestaat niet; mailbox bestaat niet; "
             "postvak bestaat niet; ontvanger bestaat niet; gebruiker niet gevonden; ontvanger niet gevonden; "
             "ongeldige ontvanger; e mailadres bestaat niet"),
        Wording("mailbox_full", "postvak is vol; mailbox is vol; postvak vol; mailbox vol; quotum overschreden"),
        Wording("mailbox_disabled", "account is geblokkeerd; mailbox is geblokkeerd; account is uitgeschakeld"),
    )),
    Vendor("Polish", _SOURCE, (
        Wording("user_unknown",
             "nieznany odbiorca; nieznany uzytkownik; nieznany adres; uzytkownik nie istnieje; "
             "odbiorca nie istnieje; adres nie istnieje; konto nie istnieje; skrzynka nie istnieje; "
             "brak takiego uzytkownika; nie ma takiego uzytkownika; nie znaleziono uzytkownika; "
             "nie ma takiego konta; nieprawidlowy odbiorca; nieprawidłowy odbiorca; takie konto nie istnieje; "
             "nie ma takiej skrzynki"),
        Wording("mailbox_full",
             "skrzynka * pelna; skrzynka * pełna; skrzynka odbiorcy jest przepelniona; "
             "przekroczono limit * skrzynki; skrzynka * przepełniona; brak miejsca w skrzynce"),
        Wording("mailbox_disabled", "konto zablokowane; skrzynka zablokowana; konto nieaktywne"),
    )),
    Vendor("Swedish, Danish, Norwegian, Czech, Turkish", _SOURCE, (
        Wording("user_unknown",
             "okand mottagare; okand anvandare; mottagaren finns inte; adressen finns inte; ukendt bruger; "
             "ukendt modtager; ukjent bruker; ukjent mottaker; adressen finnes ikke; uzivatel neexistuje; "
             "neznamy uzivatel; schranka neexistuje; neznamy prijemce; kullanici bulunamadi; "
             "kullanıcı bulunamadı; alici bulunamadi; boyle bir kullanici yok"),
        Wording("mailbox_full",
             "brevladan ar full; postkassen er fuld; postkassen er full; schranka je plna; posta kutusu dolu"),
    )),
    Vendor("Russian", _SOURCE, (
        Wording("user_unknown",
             "пользователь не найден; пользователь * не найден; нет такого пользователя; "
             "такого пользователя нет; пользователь не существует; пользователь * не существует; "
             "ящик не существует; ящик * не существует; ящик не найден; ящик * не найден; адрес не существует; "
             "адрес * не существует; получатель не найден; получатель * не найден; получатель не существует; "
             "неизвестный получатель; неизвестный пользователь; несуществующий адрес; "
             "несуществующий пользователь; учетная запись не существует; неверный адрес получателя; "
             "адресат не найден; почтовый ящик удален; ящик * удален; ящик удален"),
        Wording("mailbox_full",
             "ящик переполнен; ящик * переполнен; ящик заполнен; превышена квота; квота * превышена; "
             "квота превышена; нет места в ящике; превышен лимит * ящика"),
        Wording("mailbox_disabled",
             "ящик заблокирован; ящик * заблокирован; ящик отключен; пользователь заблокирован; "
             "учетная запись заблокирована; доступ к ящику * ограничен"),
        Wording("host_unknown", "домен не существует; домен * не существует; домен не найден; неизвестный домен"),
        Wording("spam", "похоже на спам; расценено как спам; спам; нежелательная почта"),
        Wording("too_big", "превышает * размер; слишком большое сообщение"),
    )),
    Vendor("Japanese", _SOURCE, (
        Wording("user_unknown",
             "ディレクトリ*ありません; リストにありません; 宛先*見つかりません; 宛先*みつかりません; "
             "ユーザ*見つかりません; ユーザ*存在しません; ユーザー*存在しません; 宛先不明; あて先不明; "
             "アドレス*見つかりません; アドレス*存在しません; アドレス*存在しない; 宛先*存在しません; "
             "宛先*存在しない; 受信者*見つかりません; 受信者*存在しません; アカウント*存在しません; "
             "メールボックス*存在しません; 登録されていません; 宛先に誤りがあ; ユーザ*ありません; 不明なユーザ"),
        Wording("mailbox_full",
             "メールボックス*一杯; メールボックス*いっぱい; 容量*超え; 容量*超過; 容量オーバー; 容量不足; 満杯; "
             "保存容量"),
        Wording("mailbox_disabled", "アカウント*停止; 利用停止; アカウント*無効; 解約され"),
        Wording("user_filtered", "受信拒否; 受信を拒否; 拒否設定"),
        Wording("host_unknown", "ドメイン*見つかりません; ドメイン*存在しません; ホスト*見つかりません"),
        Wording("spam", "迷惑メールと判定; スパムと判定; 迷惑メールとして"),
        Wording("too_big", "メールサイズ*超え; サイズ制限; サイズが大き"),
        Wording("expired", "再送*できません; 時間切れ"),
    )),
    Vendor("Chinese", _SOURCE, (
        Wording("user_unknown",
             "用户不存在; 用戶不存在; 收件人不存在; 邮箱不存在; 郵箱不存在; 帐号不存在; 账号不存在; 账户不存在; "
             "帐户不存在; 帳號不存在; 地址不存在; 无此用户; 無此用戶; 無此使用者; 查无此人; 查無此人; 未知用户; "
             "收件人地址不存在; 不存在的用户; 找不到收件人; 找不到用户; 收件人*不存在; 地址无效; 收件人未找到"),
        Wording("mailbox_full",
             "邮箱已满; 信箱已满; 郵箱已滿; 信箱已滿; 邮箱空间不足; 超过邮箱容量; 邮箱容量; 信箱容量; 空间已满; "
             "邮箱超限"),
        Wording("mailbox_disabled",
             "帐号被禁用; 账号被禁用; 用户被禁用; 邮箱被禁用; 邮箱被锁定; 用户被锁定; 账号已停用; 邮箱已停用; "
             "用户被冻结; 邮箱被冻结"),
        Wording("spam", "垃圾邮件; 垃圾郵件; 被判为垃圾; 疑似垃圾"),
        Wording("host_unknown", "域名不存在; 找不到域名; 域名解析失败; 网域不存在"),
        Wording("too_many", "发信频率; 发送频率; 频率过高"),
        Wording("user_filtered", "被收件人拒绝; 对方拒收; 黑名单; 黑名單; 收件人拒收"),
        Wording("too_big", "邮件过大; 邮件大小超过; 郵件過大"),
    )),
)  # fmt: skip
