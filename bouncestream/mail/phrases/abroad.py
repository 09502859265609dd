# SPDX-License-Identifier: GPL-3.0-or-later
"""Subjects and states (see `composed`) in other languages. Written without accents, as texts are compared.

For each language its words for what `composed.ENGLISH` calls the `COLUMNS`, one after another, with ";" between; a
state of `other` is no cause by itself, but speaks against "not there".
Source: the localised reports of mail services and the words of each language for what RFC 5321 section 4.2.2 says;
November 2026.
"""

from __future__ import annotations

from collections.abc import Mapping

COLUMNS = ("mailbox", "sender", "domain", "not there <", "not there >", "not there =", "full", "off", "other")
"""What stands between the semicolons."""

SPACED: Mapping[str, str] = {
    "German": """
        benutzer*, nutzer*, empfanger*, empfaenger*, adressat*, adresse, adressen, e mail adresse, mailadresse,
        emailadresse, e mailadresse, postfach*, konto, mailkonto, teilnehmer*, person, kunde; absender*, sender*,
        versender*, rucksende*, antwortadresse; domane, domain; nicht bekannt, existiert nicht, existieren nicht,
        existiert hier nicht, gibt es nicht, gibt s nicht, nicht gefunden, nicht vorhanden, nicht registriert,
        nicht vergeben, nicht gultig, nicht angelegt, nicht eingerichtet, nicht zugeordnet, wurde geloscht,
        wurde geloescht, ist geloscht, ist falsch, hier nicht bekannt, unbekannt verzogen, nicht mehr, aufgelost;
        kein, keine, keinen; unbekannt, unbekannter, unbekannte, unbekanntes, unbekannten, ungultig, ungueltig,
        ungultiger, ungultige, ungueltiger, ungueltige, geloscht, geloescht; voll, randvoll, uberfullt, ueberfuellt,
        speicher*, kontingent*; gesperrt, deaktiviert; mochte, verweigert, filter*, zurzeit, derzeit, spater,
        zu viele, abgelehnt, vorubergehend""",
    "French": """
        adresse mail, boite aux lettres, boite de reception, destinataire*, utilisateur*, adresse, adresses, boite,
        compte, abonne; expediteur*, emetteur*, adresse de retour, d origine, de retour; domaine; n existe pas,
        n existe plus, n existent pas, inexistant, inexistante, introuvable, non trouve, non trouvee, ete supprime,
        ete supprimee, est supprime, n est pas connu, n est pas valide, non valide, non reconnu, non reconnue,
        n est pas attribuee, n est pas connue, n a pas ete trouve, n a pas ete trouvee, ete ferme, ete fermee,
        est incorrecte, erronee, n est plus valide, n est plus utilisee, n est plus actif, n est plus active; aucun,
        aucune, pas de, pas d, il n y a pas de; inconnu, inconnue, inconnus, invalide, incorrecte; pleine, saturee,
        plein, sature, quota, plus de place; suspendu, suspendue, desactive, desactivee, bloque, bloquee, inactif,
        inactive; refuse*, nouvel essai, plus tard, trop de, filtre*, temporairement""",
    "Spanish": """
        direccion de correo, buzon de correo, cuenta de correo, casilla de correo, direccion de destino,
        destinatario*, usuario*, direccion, direcciones, buzon, cuenta, casilla, persona, cliente, destino;
        remitente*, de origen, origen, direccion de retorno; dominio; no existe, no existen, ya no existe,
        no se encuentra, no se encontro, no fue encontrado, no encontrado, no encontrada, inexistente, no valido,
        no valida, no registrado, fue eliminado, fue eliminada, ha sido eliminado, ha sido eliminada, eliminada,
        eliminado, no reconocido, no es valida, no es valido, dado de baja, dada de baja, ha sido borrada,
        ya no esta activa, ya no esta activo, no ha sido encontrado, no pudo ser encontrado, es incorrecta,
        incorrecta, erronea; no existe el, no existe la, no existe ese, no existe dicha, no hay, ningun, ninguna,
        no se encuentra el, no se encuentra la, no se encontro el, no se encontro la, no se ha encontrado el,
        no se ha encontrado la; desconocido, desconocida, desconocidos, invalido, invalida; lleno, llena, cuota,
        espacio; bloqueada, bloqueado, suspendida, suspendido, desactivada, deshabilitada, inactiva,
        fuera de servicio; rechaza, rechazado, temporalmente, demasiados, superado, mas tarde""",
    "Portuguese": """
        caixa de correio, caixa de entrada, endereco de e mail, destinatario*, usuario*, utilizador*, endereco,
        enderecos, caixa, conta, cliente; remetente*, de origem, origem, de retorno; dominio; nao existe,
        nao existem, nao encontrado, nao encontrada, nao foi encontrado, nao foi encontrada, inexistente,
        inexistentes, nao cadastrado, foi removido, foi removida, nao e valido, nao localizado, nao localizada,
        nao consta, nao esta mais ativo, nao esta mais ativa, foi excluido, foi excluida, excluido, excluida,
        removido, removida, errado, incorreto; nao existe o, nao existe a, nenhum, nenhuma, nao ha; desconhecido,
        desconhecida, invalido, invalida; cheia, cheio, cota, quota, excedida, espaco; desativada, desativado,
        bloqueada, bloqueado, suspensa, suspenso, inativa; bloqueou, recusou, temporariamente, mais tarde""",
    "Italian": """
        casella di posta, destinatario*, destin, utente, utenti, utenza, indirizzo, destinazione, casella, account,
        mailbox; mittente*, di origine, di ritorno; dominio; non esiste, non esistono, inesistente, inesistenti,
        non trovato, non trovata, non esistente, non valido, non valida, non registrato, e stato cancellato,
        e stata cancellata, stato eliminato, stata eliminata, cancellato, cancellata, non corretto, non risulta,
        non presente, non e piu attivo, non e piu attiva, non e stato trovato, non e stata trovata, errato, errata;
        nessun, nessuno, nessuna, non esiste il, non esiste la, non esiste l; sconosciuto, sconosciuta, invalido,
        invalida; piena, pieno, quota, spazio, esaurito; sospeso, sospesa, disabilitato, disabilitata, disattivata,
        bloccato, bloccata; rifiutato, rifiuta, temporaneamente, superata""",
    "Dutch": """
        gebruiker*, ontvanger*, adres, adressen, mailbox, postvak, postbus, account, e mailadres; afzender*,
        verzender*, retouradres; domein; bestaat niet, bestaat hier niet, niet gevonden, niet bekend, is verwijderd,
        opgeheven, niet aanwezig, niet geldig, kon niet worden gevonden; geen; onbekend, onbekende, ongeldig,
        ongeldige, verwijderd; vol, ruimte; geblokkeerd, uitgeschakeld, opgeschort; weigert, geweigerd, tijdelijk,
        te veel""",
    "Polish": """
        uzytkownik*, odbiorc*, adresat*, adres, adresu, konto, konta, skrzynk*, skrzyneczk*, adresy; nadawc*,
        zwrotny, zwrotnego; domena, domeny; nie istnieje, nie istnieja, nie znaleziono, nie znaleziony,
        nie znaleziona, nie odnaleziono, zostalo usuniete, zostala usunieta, zostal usuniety, zostało usuniete,
        została usunieta, nie jest znany; nie ma takiego, nie ma takiej, nie znaleziono, brak, nie istnieje taki;
        nieznany, nieznane, nieznana, nieprawidlowy, nieprawidłowy, nieprawidlowe, nieprawidłowe; pełna, pelna,
        przepelniona, przepełniona, miejsca; zablokowan*, zawieszone; odrzucil*, odrzucił*, tymczasowo""",
    "Czech, Slovak": """
        uzivatel*, pouzivatel*, prijemc*, adresat*, adresa, adresy, schranka, schranky, ucet, konto; odesilatel*,
        odosielatel*, zpatecni; domena; neexistuje, neexistuji, nenalezen, nenalezena, neni znam, nebyl nalezen,
        nebyla nalezena, byla zrusena, byl zrusen, bol zruseny, nenasla sa, nebol najdeny, byla smazana, byl smazan,
        neni platna; zadny takovy, zadna takova; neznamy, neznama, neexistujici, neplatna, neplatny; plna, plny,
        preplnena; zablokovan*, pozastaven*; odmitl*, docasne""",
    "Swedish, Danish, Norwegian": """
        mottagare, mottagaren, mottagaradress*, modtageradress*, mottakeradress*, anvandare, anvandaren, modtager,
        modtageren, mottaker, mottakeren, bruger, brugeren, bruker, brukeren, adressen, adresse, postkasse,
        postkassen, brevlada, brevladan, konto, kontoen, kontot; avsandar*, afsender*, avsender*, returadress*;
        doman*, domæne*, domene*; finns inte, finns ej, existerar inte, hittades inte, findes ikke, finnes ikke,
        eksisterer ikke, blev ikke fundet, ble ikke funnet, kendes ikke, kjennes ikke, er ukendt, er slettet,
        ble slettet, blev slettet, har tagits bort, ikke fundet, ikke funnet, ar borttagen, kunne ikke findes;
        ingen; okand, ukendt, ukjent, ogiltig, ugyldig; ar full, er full, er fuld, fullt, brevlada ar full; sparrad,
        spærret, sperret, deaktiver*;""",
    "Turkish": """
        kullanici*, alici*, adres*, hesap, hesabi, posta kutusu, eposta adresi, e posta adresi; gonder*; alan adi,
        etki alani; bulunamadi, yok, bilinmiyor, mevcut degil, tanimli degil, silinmis, silindi, kayitli degil,
        bulunmuyor; boyle bir; bilinmeyen, gecersiz; dolu, dolmus, kota*; askiya, devre disi, engellen*; reddetti,
        gecici*""",
    "Hungarian": """
        felhasznalo*, cimzett*, postafiok*, fiok*, cim, cime, e mail cim; felado*, kuldo*; tartomany*; nem letezik,
        nem talalhato, nem ismert, torolve, megszunt, torolt; nincs; ismeretlen, ervenytelen; megtelt, tele, hely;
        letiltva, felfuggeszt*; elutasit*, atmenet*""",
    "Romanian": """
        utilizator*, destinatar*, adresa, casuta, cont, contul; expeditor*; domeniu*; inexistent, inexistenta,
        nu exista, nu mai exista, nu a fost gasit, nu a fost gasita, a fost sters, a fost stearsa; nu exista,
        niciun; necunoscut, necunoscuta, invalid, invalida; plina, plin; suspendat, dezactivat, blocat; refuzat""",
    "Finnish": """
        vastaanottaja*, kayttaja*, osoite*, postilaatikko*, tili, tilia; lahettaj*; verkkotunnus*; ei ole, ei loydy,
        ei loytynyt, on poistettu; ei ole, ei loydy; tuntematon, virheellinen; taynna, taysi; estetty, lukittu;""",
    "Greek": """
        χρηστη*, παραληπτη*, διευθυνση*, λογαριασμο*, γραμματοκιβωτιο; αποστολεα*; τομεα*; δεν υπαρχει, δεν βρεθηκε,
        διαγραφηκε, δεν ειναι εγκυρη; δεν υπαρχει; αγνωστος, αγνωστη, μη εγκυρη; πληρες, γεματο; απενεργοποιη*;""",
    "Ukrainian": """
        скринька, скриньки, скриньку, користувач*, одержувач*, отримувач*, адрес*, обліковии запис; відправник*;
        домен*; не існує, не знаидено, відсутня, відсутніи, не зареєстровании, видалено; немає такого, немає такоі,
        не знаидено; невідомии, невідома; переповнена, переповнено; заблокован*, вимкнен*;""",
    "Russian": """
        ящик*, почтовыи ящик, пользовател*, получател*, адрес*, учетная запись, учетнои записи, аккаунт*;
        отправител*, обратныи, обратного; домен*; не существует, не существуют, не наиден, не наидена, не наидено,
        нет, отсутствует, не зарегистрирован, не зарегистрирована, удален, удалена, не обнаружен, не известен,
        не найден, закрыт; такого, нет, несуществующии, не наиден, не существует; неизвестен, неизвестныи,
        недеиствительныи, неверныи; переполнен*, превышен*, квот*; заблокирован*, отключен*, приостановлен*;
        отклонил*, спам*, временно""",
    "Hebrew": """
        המשתמש, משתמש, הנמען, נמען, התיבה, תיבה, תיבת הדואר, הכתובת, כתובת, החשבון, חשבון; השולח, שולח; הדומיין,
        דומיין; אינו קיים, אינה קיימת, לא קיים, לא קיימת, לא נמצא, לא נמצאה, נמחק; אין; לא ידוע, לא מוכר, לא מוכרת,
        לא חוקית; מלאה, מלא; חסום, מושעה;""",
    "Arabic": """
        المستخدم, مستخدم, المستلم, مستلم, العنوان, عنوان, الحساب, حساب, صندوق البريد, البريد, المرسل اليه; المرسل,
        مرسل; النطاق, نطاق; غير موجود, غير موجودة, لا يوجد, لم يتم العثور عليه, تم حذفه; لا يوجد, لم يتم العثور على;
        غير معروف, غير معروفة, غير صالح; ممتلئ; محظور, معلق;""",
    "Vietnamese": """
        nguoi nhan, nguoi dung, nguoi su dung, hop thu, tai khoan, dia chi; nguoi gui; ten mien; khong ton tai,
        khong tim thay, khong con ton tai, da bi xoa, khong hop le; khong co, khong tim thay, khong ton tai;
        khong xac dinh; day, da day; bi khoa;""",
    "Indonesian, Malay": """
        pengguna, penerima, alamat, akun, kotak surat, kotak masuk; pengirim; domain; tidak ditemukan, tidak ada,
        tidak dikenal, tidak terdaftar, telah dihapus, tidak wujud, tidak valid, tidak dijumpai; tidak ada,
        tidak menemukan; tidak dikenali; penuh; ditangguhkan, diblokir, dinonaktifkan;""",
}  # fmt: skip
"""Languages that put blanks between words."""

JOINED: Mapping[str, str] = {
    "Chinese": """
        用户, 用戶, 使用者, 收件人, 收件者, 邮箱, 郵箱, 信箱, 帐号, 账号, 帳號, 账户, 帐户, 帳戶, 地址, 邮件地址,
        郵件地址, 收信人; 发件, 发信, 寄信, 发送方, 发件人, 您的地址, 您的邮箱, 您的域名, 寄件者, 寄件人, 發件人,
        发信人, 发送人; 域名, 網域, 网域, 主机; 不存在, 未找到, 无效, 無效, 没有找到, 未注册, 未註冊, 不正确,
        已注销, 已删除, 已被删除, 被删除, 已刪除, 已不存在; 无此, 無此, 没有此, 沒有此, 无效的, 找不到, 不存在的,
        查无此, 查無此, 没有这个, 沒有這個, 未找到, 没有该; 未知, 找不到; 已满, 已滿, 容量, 空间; 冻结, 凍結, 停用,
        禁用, 锁定; 拒收, 拒绝, 拒絕, 垃圾, 暂时, 暫時, 黑名单, 频率, 过多, 超过, 可能""",
    "Japanese": """
        宛先, 受信者, 受取人, アドレス, ユーザ, メールボックス, アカウント, 利用者, 宛先アドレス, メールアドレス;
        送信者, 送信元, 差出人, 送信ドメイン, 送信アドレス; ドメイン, ホスト; 見つかりません, みつかりません,
        存在しません, 存在しない, 不明, 無効, ありません, 登録されていません, 削除されました, いません, 削除済み,
        間違, 見つかりませんでした; 不明な, 無効な, 存在しない, 該当する; 未知; 満杯, 一杯, いっぱい, 容量, 超え;
        停止, 解約; 拒否, 迷惑, 可能性, かもしれ, 一時的, 多すぎ, 制限, 設定により""",
    "Korean": """
        사용자, 수신자, 받는 사람, 주소, 메일함, 계정, 메일박스, 수신인; 발신자, 보낸 사람, 보내는 사람, 송신자;
        도메인, 호스트; 존재하지 않, 찾을 수 없, 없습니다, 알 수 없습니다, 삭제되었습니다; 존재하지 않는, 없는,
        알 수 없는, 등록되지 않은; 알수없음; 가득, 초과, 용량; 정지, 휴면, 차단; 거부, 스팸, 일시""",
    "Thai": """
        ผู้ใช้, ผู้รับ, กล่องจดหมาย, บัญชี, ที่อยู่อีเมล, ที่อยู่; ผู้ส่ง; โดเมน; ไม่มีอยู่, ไม่พบ, ไม่มีตัวตน,
        ถูกลบ; ไม่พบ, ไม่มี; ไม่รู้จัก; เต็ม; ระงับ;""",
}  # fmt: skip
"""Languages that put none, or endings to their words."""

JOINED_MORE = {
    "グループ": "list", "群组": "list", "群組": "list", "그룹": "list", "查无此人": "nobody", "查無此人": "nobody",
}  # fmt: skip
"""More of their words, by what `composed.ENGLISH` calls them."""
