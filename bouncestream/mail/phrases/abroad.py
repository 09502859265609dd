# SPDX-License-Identifier: GPL-3.0-or-later
"""Subjects and states (see `composed`) in other languages: the stems of nouns, verbs and participles, of which
`tagging` and `saying` make out what a clause says, in any order. Written plainly, as texts are compared: without
accents, and "l" for "ł". A stem ends with "*"; one of a mailbox or domain has an ending of three letters at most,
so longer ones ("benutzername*") are written too. `NAMES` tells what each row means.

Source: the localised reports of mail services and the words of each language for what RFC 5321 section 4.2.2 says;
November 2026.
"""

from __future__ import annotations

from collections.abc import Mapping

NAMES: Mapping[str, str] = {
    "mailbox": "mailbox",
    "sender": "sender",
    "domain": "domain",
    "client": "client",
    "content": "content",  # the message
    "thing": "thing",  # a list, file or record: what it is of is not what is missing
    "your": "yours",  # what is "your" is the sender's
    "not": "",  # a negation: makes a word of "there" mean "not there"
    "there": "there",  # exists, found, known, valid, registered …
    "no": "not there >",  # "no", before a noun; or behind it, where the clause ends
    "unknown": "not there =",
    "gone": "gone =",
    "left": "gone <",  # of who leaves a place
    "full": "full",
    "off": "off",
    "unpaid": "unpaid",
    "many": "too many",
    "down": "unreachable",
    "later": "temporary",
    "chance": "chance",
    "whom": "limited",  # for whom it is so, if not for all
    "wants": "refuses",  # does not want: a wish
    "other": "other",  # no cause by itself, but speaks against "not there"
}
"""The rows of a language, and what `composed.ENGLISH` calls them."""

BEHIND = frozenset(["nicht", "niet", "inte", "ej", "ikke", "degil"])
"""Negations that also stand behind their verb, as the last word at times."""

SPACED: Mapping[str, str] = {
    "Several languages": """
        left: quitte, verlassen, verlaten, odszedl, odeszla, odesel, odesla, odisiel, odisla, lamnat, forlatt,
        forladt, gatt i pension, gaet pa pension, pensionerad, pensioneret, pensionert, slutat hos, sluttet hos,
        lasciato l, ha lasciato, dejo la empresa, dejo nuestra, se jubilo, deixou a empresa, aposentou, met
        pensioen, in rente, in pension, in den ruhestand, im ruhestand, pris sa retraite, a la retraite, na
        emeryture, уволился, уволилась, уволен*, покинул*, вышла на пенсию, вышел на пенсию, звільнився,
        звільнилась, ayrildi, ayrilmis, kilepett*, nyugdijba, plecat din, pensionat*, eronnut, elakkeelle, αποχωρ*,
        verstorben, decede*, fallecio, fallecid*, morto, deceduto, zmarl*, zemrel*, zomrel*, avled*, overleden,
        умер, умерла, помер, vefat; wants: souhaite, desea, deseja, desidera, wenst, wunscht, wunschen, onsker,
        onskar, vill, zyczy, zycza, preje, kivan, ohajt, halua, istemiyor, istemez, doreste, zeli, желает, хочет,
        бажає, хоче; later: nachts, kurzzeitig, gegenwartig, provis*, provvis*, momentan*, presentemente, voorlopig,
        tills vidare, tillsvidare, forelopig*, obecnie, prozatim, simdilik, pour l ete, pour l hiver, pour les
        vacances, uber den sommer, den sommer uber, por el verano, durante el verano, per l estate, voor de zomer,
        na lato, over sommeren, over sommaren, a temps, rechtzeitig, a tiempo, in tempo, op tijd; mailbox: client*,
        kund*, klant*, klient*, zakazni*, asiaka*, ugyfel*, musteri*, клиент*, клієнт*, πελατ*, nos clients, aucun
        client, un client, niciun client, usuari*, adres*, konta, صندوق, حساب, adressat*; sender: de retorno;
        domain: domen*; not: ne, non, ni, nunca, nem, nie, не, jamais, jamas, nooit, nigdy, nikdy, aldri, aldrig,
        никогда, ніколи, nikada, niciodata, soha, sohasem, hic, nebude, nebudou; there: kennen, gehabt, tenido,
        tuvimos, tivemos, tido, avuto, gehad, mielismy, mieli, meli, mali, haft, hatt, conosciamo, znamy, zname,
        знаем, знаємо, знают, cunoastem, poznamo, ismerjuk, existe*, existid*, geweest, houve, zahlt, gehort,
        behoort, nalezy, patri, входит, входят, належить, tillhor, tilhorer, horer til, kuulu, tartozik, apartine, e
        tra, esta entre, est parmi, ist unter, sunt printre, registrad*, localizad*, valido, valida, encontr*,
        najden*; gone: zerstort, getilgt, entsorgt, ausgetragen, beseitigt, weggefallen, ist weg, verschwunden,
        aneanti*, clos, close, mis fin, eteint*, extinguid*, clausurad*, dio de baja, dado de baja, dada de baja, se
        dio de baja, causo baja, liquidad*, elimino, borro, cancelo, encerrou, eliminou, apagou, removeu, excluiu,
        ha chiuso, ha cancellato, ha eliminato, disdett*, geschrapt, uitgeschreven, opgedoekt, geruimd, wykreslon*,
        wygaszon*, wyrejestrowan*, zamknal, zamknela, zlikvidovan*, zanikl*, odhlasen*, zaniknut*, расформирован*,
        выбыл*, вычеркнут*, стерт*, avregistrer*, forintad*, makuler*, afmeldt, utslettet, avmeldt, imha, feshedil*,
        yok edil*, eltavolit*, lichidat*, radiat*, tuhottu, poistettiin, καταστραφ*, cancelad*, eliminad*,
        destruid*, distrutt*, dissolvid*, disuelt*, disciolt*, abandonn*, abandonad*, abbandonat*, abolid*, abolit*,
        likvidovan*, likwidowan*, vernietigd*, vernichtet*, zniszczon*, znicen*, уничтожен*, знищен*, tilintetgjort,
        utplanad*, forstort, odelagt, megsemmisit*, distrus*, unisten*, unicen*, havitet*; full: quota, excedid*;
        other: para ser, per essere, sera, como suscriptor*, como assinante*, como subscritor*, como miembro*, como
        membro*, comme abonne*, comme membre*, als abonnent*, als mitglied*, come iscritt*, come abbonat*, jako
        subskrybent*, jako abonent*, jako odberatel*; thing: copia*, copie, copies, kopie, kopien, kopia*, kopi,
        kopii, копи*, kopya*, masolat*, weiterleit*, weiter geleitet, leitet, umleit*, umgeleitet, renvoi, renvoie*,
        redirige*, reexpedition, transfert, transfere*, reenvi*, desvio, redireccion*, encaminha*, reencaminha*,
        inoltr*, doorstuur*, doorgestuurd, przekierow*, presmerov*, vidarebefor*, videresend*, edelleen*, tovabbit*,
        yonlendir*, переадрес*, пересыл*, препращ*, prosljed*, προωθ*, adresar*; client: passwort*, kennwort*, mot
        de passe, contrasen*, senha, wachtwoord*, haslo, hasla, heslo, hesla, парол*, losenord*, adgangskode*,
        passord*, sifre*, jelszo*, parola, parole, salasana*, κωδικ*, anmeldung, anmeldename, authentif*, autentic*,
        autentik*, autoriz*, uwierzyteln*, logowan*, prihlas*, авториз*, аутентиф*, inloggning*, palogging*, sesion,
        inicio de sesion, oturum; unknown: eine erfindung, aucune trace, keine spur, nessuna traccia, ni rastro,
        nenhum rasto, geen spoor, pas des notres, komt niet voor, ons niet voor, erfunden, frei erfunden, inventad*,
        inventat*, inventee*, verzonnen, zmyslon*, vymyslen*, выдуман*, uydurma, fictif, fictive, ficticio,
        ficticia, fittizio, fittizia""",
    "German": """
        mailbox: mitglied dieses namens, mitglied namens, mitglied mit diesem namen, benutzer*, nutzer*, anwender*,
        empfanger*, empfaenger*, postfach*, mailkonto, teilnehmer*, kunde*, kennung, mitarbeiter*, benutzername*,
        postfachinhaber*, kontoinhaber*, anschrift, inhaber*, besitzer*, angestellt*; sender: sie haben kein*, sie
        haben bei uns, kennt sie nicht, kennen sie nicht, sie sind, von der sie, aus der sie, von dem sie,
        absender*, versender*, rucksende*, antwortadresse*; domain: maildomain, zieldomain, domainname*,
        domanenname*; your: ihr, ihre, ihrer, ihres, ihrem, deine; not: nicht; there: besteht, verzeichnet, gefuhrt,
        erfasst, fuhren, fuhrt, betreuen, betreut, hosten, existier*, gibt, gefunden, finden, bekannt, kennt,
        vorhanden, registriert, vergeben, angelegt, eingerichtet, zugeordnet, zugewiesen, gultig, gueltig,
        auffindbar, hinterlegt, eingetragen, mehr verfugbar, mehr aktiv, mehr genutzt, mehr beschaftigt, mehr bei
        uns, ermittelt, ermitteln, mehr im einsatz, mehr in gebrauch; no: kein, keine, keinen, keinem; unknown:
        unbekannt*, ungultig*, ungueltig*, falsch; gone: stillgelegt, erloschen, gestrichen, aufgehoben,
        abgeschafft, ausgetreten, verstorben, geleert und entfernt, eingestellt, geloscht*, geloescht*, entfernt,
        aufgelost, geschlossen, gekundigt, ausgeschieden, abgemeldet; full: voll, randvoll, uberfullt, ueberfuellt,
        speicherplatz*, kein speicher, speicher voll, speicher des, speicher ist, speicherlimit, erschopft,
        aufgebraucht, kontingent*, platz; off: gesperrt, deaktiviert; many: zu viele; later: umzug*, umgezogen,
        verzogen, gerade, in kurze, demnachst, bis, zurzeit, derzeit, spater, vorubergehend, momentan, noch nicht,
        noch kein, noch keine, migriert, wiederhergestellt, wiederherstell*, zuruckgeholt, temporar*, soll, solange;
        other: mochte, verweigert, abgelehnt, positivliste*, weissen liste, nimmt, wird geloscht, wird in, wird am,
        wird bald, wenn, falls, ob; content: nachricht*; unpaid: zahlung*, rechnung*, unbezahlt*; down: nicht
        erreichbar, antwortet nicht, zeituberschreitung; chance: versehentlich, irrtumlich*, falschlicherweise, aus
        versehen, durch einen fehler, wegen eines fehlers; whom: fur sie, fur dich, fur euch, fur fremde, fur
        aussenstehende, von außen, von aussen, nach außen, aus ihrer sicht, was sie betrifft, außerhalb,
        ausserhalb""",
    "French": """
        mailbox: client parti, destinataire*, utilisateur*, boite*, compte, comptes, abonne*, usager*, client,
        clients, titulaire, adresse mail, compte mail, courriel*, nom, proprietaire*, employe*, salarie*,
        collaborat*; sender: vous n etes, vous n avez, ne vous connai*, vous est inconnu, vous etes inconnu*, lui
        etes inconnu*, depuis lequel, depuis laquelle, dont vous, expediteur*, emetteur*, d origine, de retour, d
        expedition; your: votre, vos; not: n, pas, plus, aucun, aucune; there: existant, gere*, heberge*, assigne*,
        cree, trouve*, connu*, valide*, reconnu*, attribue*, correspond*, figure*, repertorie*, recense*,
        identifie*, localise*, plus utilise*, plus actif, plus active, enregistre*, reference*, fait plus partie,
        fait pas partie, connaissons, connait, en service, en usage; no: aucun, aucune, pas de, pas d, n a plus de,
        n a pas de, n ont plus de; unknown: inconnu*, inexistant*, introuvable*, invalide*, incorrecte*, errone,
        erronee; gone: cesse d exister, retire, annule, annulee, disparu*, decede*, ferme*, supprime*, cloture*,
        resilie*, efface*, radie*, detruit*, quitte; full: plein*, sature*, plus de place, deborde, espace, rempli*,
        capacite; off: suspendu*, desactive*, bloque*, inactif, verrouille*; many: trop; later: deplace*, demenag*,
        bientot, jusqu, actuellement, pour l instant, nouvel essai, plus tard, temporairement, momentanement, pas
        encore, migre*, transfere*, parti vers, partie vers, retabli*, restaur*, va etre, vont etre, doit etre, tant
        que; other: refuse*, filtre*, accepte, acceptent, seront, liste blanche; unpaid: impaye*, facture*; down:
        injoignable*, ne repond pas; thing: la demande, une demande, cette demande, sa demande, la requete,
        compteur*, clientele*; chance: par erreur, par accident, par megarde, accidentel*, involontaire*, cause d
        une erreur, suite a une erreur, panne*; whom: pour vous, pour toi, pour le public, en ce qui vous, votre
        point de vue, l exterieur, en dehors""",
    "Spanish, Catalan, Galician": """
        mailbox: direccion*, buzon*, cuenta*, casilla*, destino, correo, adreca, bustia, enderezo, nombre, bandeja,
        propietari*, titular*, emplead*; sender: no le conoce, no lo conoce, usted, desde el que, desde la que,
        desde donde, remitente*, remitent, emisor*, de origen, origen; your: tu, vuestro, vuestra; not: no; there:
        conoce*, encuentra*, reconocid*, conocid*, pertenece*, figura, trobat, trobada, dado de alta, dada de alta,
        en uso; no: ningun, ninguna, no hay, no tenemos, no tiene, no tienen; unknown: desconocid*, desconegu*,
        invalido, invalida, incorrecto, incorrecta, erroneo, erronea; gone: se elimino, se borro, se cerro, dejo de
        existir, ha dejado de existir, retirad*, cerrad*, fallecid*, tancat*, borrad*, de baja, suprimid*, ya no
        esta activ*, ya no trabaja, esborra*; full: lleno, llena, plena, cuota*, espacio, saturad*, capacidad; off:
        suspendid*, desactivad*, deshabilitad*, inactiv*, fuera de servicio; many: demasiad*; later: trasladad*,
        hasta, pronto, por ahora, actualmente, temporalmente, mas tarde, aun no, todavia no, migrad*, recuper*,
        restablec*, temporal, temporales, va a ser, van a ser, reconstru*, mientras; other: rechaz*, superad*, lista
        blanca, recibe, acepta*, no deseado; content: mensaje*, missatge*; unpaid: falta de pago, impago*, deuda,
        factura; down: inaccesible*, no responde; chance: por error, por accidente, accidental*, por equivocacion,
        sin querer, debido a un error, un fallo, averia*; whom: para usted*, para ti, para vosotros, desde fuera, el
        exterior, fuera de, en lo que a""",
    "Portuguese": """
        mailbox: utilizador*, enderec*, caixa*, conta, contas, correio, nome, funcionari*, empregad*; sender: nao o
        conhece, voce nao, de onde, do qual, da qual, pelo qual, remetente*, de origem, origem; your: seu, sua; not:
        nao; there: conhece*, cadastrad*, consta*, conhecid*, reconhecid*, registad*, pertence*, identificad*, mais
        ativ*, em uso; no: nenhum, nenhuma, nao ha, nao temos, nao tem; unknown: desconhecid*, errado, errada,
        incorreto, incorreta; gone: deixou de existir, deletad*, extint*, anulad*, falecid*, removid*, excluid*,
        apagad*, encerrad*, fechad*, desligad*; full: cheia, cheio, espaco, lotad*; off: desativad*, suspenso,
        suspensa, inativ*, desabilitad*; many: muitos, demais; later: transferid*, ate, em breve, por enquanto,
        atualmente, mais tarde, ainda nao, restabelec*, vai ser, vao ser, deve ser, enquanto; other: bloqueou,
        recus*, aceita, recebe; content: mensagem, mensagens; unpaid: divida; down: inacessivel, nao responde;
        chance: por engano, por erro, por acidente, acidental*, devido a um erro, uma falha, avaria*; whom: para
        voce*, para o senhor, para externos, de fora, do exterior, fora d*""",
    "Italian": """
        mailbox: destin, utent*, utenz*, indirizz*, casell*, destinazione, posta, titolare, proprietari*,
        dipendente, impiegat*; sender: lei non, non sei, non la conosce, non ti conosce, lei e, da cui scriv*, da
        cui invia*, da cui spedi*, mittent*, di origine, di ritorno; domain: domini*; your: vostro, vostra, suo,
        tuo, tua; there: esist*, trovat*, registrat*, corretto, corretta, risulta*, presente, conosciut*,
        riconosciut*, appartien*, corrispond*, piu attiv*, rintracciat*, individuat*, in uso; no: nessun, nessuno,
        nessuna, non abbiamo, non c e, non ha, non ha piu; unknown: sconosciut*, inesistent*, errato, errata; gone:
        ha cessato di esistere, ritirat*, annullat*, decedut*, estint*, cancellat*, chiuso, chiusa, rimoss*,
        soppress*, cessat*, dismess*; full: pieno, piena, spazio, esaurit*; off: sospeso, sospesa, disabilitat*,
        disattivat*, bloccat*, inattiv*; many: troppi; later: spostat*, trasferit*, fino a, fino al, presto, per
        ora, attualmente, ancora, migrat*, ripristin*, temporane*, sta per essere, verra, deve essere, ricostru*,
        mentre; other: rifiut*, superat*, sara, accetta*, riceve*, scelto; content: messaggi*; unpaid: pagamento,
        moros*, debito; down: irraggiungibil*, non risponde; thing: la richiesta, una richiesta, questa richiesta;
        chance: per errore, per sbaglio, per un errore, causa di un errore, un guasto; whom: per lei, per voi, per
        te, per gli esterni, dall esterno, da fuori, punto di vista, al di fuori""",
    "Dutch": """
        mailbox: gebruiker*, ontvanger*, mailadres*, emailadres*, postvak*, postbus*, medewerker*, geadresseerde,
        naam, eigenaar, houder; sender: u heeft geen, kent u niet, u bent, waarvan u, waarvandaan, waarmee u,
        afzender*, verzender*, retouradres*; domain: domein*; your: uw, jouw; not: niet; there: bestaa*, gevonden,
        bekend, kent, aanwezig, geldig*, in gebruik, toegewezen, meer actief, werkzaam, in dienst; no: geen;
        unknown: onbekend*, ongeldig*, onjuist*, onvindbaar; gone: vervallen, overleden, opgezegd, stopgezet, houdt
        op te bestaan, opgehouden te bestaan, vertrokken, verwijderd, opgeheven, gesloten, beeindigd, gewist; full:
        vol, overvol, ruimte; off: geblokkeerd, uitgeschakeld, opgeschort, gedeactiveerd, inactief; many: te veel;
        later: verhuis*, tot, verplaatst, tijdelijk*, momenteel, nog niet, nog geen, gemigreerd, hersteld,
        teruggezet, gaat, herbouw*, terugzet*, zetten terug, hem terug, het terug, zolang, terwijl; other: weiger*,
        geweigerd, accepteert, zal, wordt verwijderd; content: bericht*; unpaid: betaling, rekening, betaald; down:
        onbereikbaar, niet bereikbaar, antwoordt niet; chance: per ongeluk, per vergissing, per abuis, abusievelijk,
        door een fout, storing; whom: voor u, voor jou, voor jullie, voor buitenstaanders, van buiten*, wat u
        betreft""",
    "Polish": """
        mailbox: uzytkownik*, odbiorc*, kontem, skrzynk*, skrzyneczk*, pracownik*; sender: pan jest, pani jest,
        panstwo sa, nie jestes, nie masz, nie zna cie, nie zna panstwa, nadawc*, zwrotn*; your: twoj, twoja, twojej,
        twojego, panstwa; there: istnial*, istnie*, znalezion*, odnalezion*, znalezc, znany, znane, znana,
        zarejestrowan*, rozpozna*, figuruje; no: nigdy nie bylo, nie bylo nigdy, nie ma, nie mamy, brak, zaden,
        zadnego; unknown: nieznan*, nieprawidlow*, niepoprawn*, bledny; gone: przestal istniec, przestala istniec,
        przestalo istniec, rozwiazan*, usuniet*, skasowan*, zamkniet*, zlikwidowan*; full: pelna, pelne,
        przepelnion*, miejsca; off: zablokowan*, zawieszon*, wylaczon*, nieaktywn*; many: zbyt wiel*; later:
        przeniesion*, do poniedzialku, do odwolania, do konca, do czasu, wkrotce, chwilowo, tymczasowo, jeszcze,
        migrowan*, zmigrowan*, przywroc*, przywraca*, ma byc, ma zostac, odtwarz*, odtworz*, dopoki; other: odrzuc*,
        zostanie, przyjmuje, bialej; content: wiadomosc*; unpaid: nieoplacon*, zaleglosc*, platnosc*; down:
        nieosiagaln*, nie odpowiada; chance: przez pomylke, omylkowo, przypadkowo, przypadkiem, z powodu bledu, w
        wyniku bledu, awari*; whom: dla pana, dla pani, dla panstwa, dla ciebie, dla was, z zewnatrz, poza""",
    "Czech, Slovak": """
        mailbox: uzivatel*, pouzivatel*, prijemc*, schrank*, ucet, uctu, uzivatelsk*, pouzivatelsk*, zamestnan*;
        sender: nejste, ze ktere*, z ktor*, odesilatel*, odosielatel*, zpatecn*; your: vas, vase, vasi, vasej,
        vasho; not: neni, nebyl, nebyla, nebylo, nebol, nebola, nebolo, nelze; there: nalezen*, znam, znama,
        evidovan*, registrovan*, platn*; no: neni, nie je, zadny, zadna, ziadny, ziadna, nemame, nemeli, nikdy
        nebyl*; unknown: nepatri, neexist*, nenalezen*, nenasla, nenasiel, neznam*, neplatn*; gone: ukoncen*,
        prestal existovat, prestala existovat, vyrazen*, zrusen*, smazan*, odstranen*, vymazan*, zmazan*; full:
        plna, plny, plne, preplnen*, kvot*, misto, miesto; off: zablokovan*, pozastaven*, deaktivovan*, neaktivn*;
        many: prilis mnoho, prilis vela; later: presun*, do pondeli, do odvolani, do konce, prestehov*, zatim, brzy,
        zatial, docasne, jeste, migrovan*, obnov*, ma byt, dokud, dokial; other: odmit*, odmiet*, bude, neprijima;
        content: zprav*, sprav*; unpaid: neuhrazen*, dluh*, dlh*, nezaplacen*; down: neodpovid*; chance: omylem,
        nedopatrenim, nahodou, kvuli chybe, poruch*; whom: pro vas, pre vas, pro tebe, zvenci, zvenku, zvonku, mimo;
        thing: spravc*""",
    "Swedish, Danish, Norwegian": """
        mailbox: mottagar*, mottaker*, modtager*, anvandar*, bruger*, bruker*, brevlad*, postkass*, person*,
        postadress*, anvandarnamn*, brukernavn*, brugernavn*, agare*, eier, eieren, ejer, ejeren, medarbetar*,
        medarbejder*; sender: er doman*, er adress*, ert konto, er server*, du ar, ni ar, du er, skickar fran,
        skriver fran, skriver fra, avsandar*, avsender*, afsender*, returadress*; domain: doman*, domæne*,
        domannamn*, domenenavn*, domænenavn*; your: din, ditt, ert, deres; not: inte, ej, ikke; there: finns,
        findes, finnes, fanns, eksister*, hitta*, fundet, funnet, kand, kendt, kendes, kjent, kjennes, kanner,
        kender, kjenner, registrer*, giltig, gyldig, i bruk, i brug; no: ingen, inget; unknown: saknas, mangler,
        okand*, ukendt*, ukjent*, ogiltig*, ugyldig*; gone: upphort, ophort, opphort, fjernet, avviklet, avvecklat*,
        nedlagd, lagts ner, lagt ned, slettet, raderat*, borttag*, tagits bort, avslutat*, nedlagt*, slutat,
        sluttet, lukket, stengt, raderad*, togs bort; full: fuld, fullt, fyldt, plads, plass, plats; off: sparra*,
        spærre*, sperre*, deaktiver*, inaktiv*; many: for manga, for mange; later: flyttat*, tills, indtil, inntil,
        flyttet, tillfalligt, midlertidig*, senare, senere, annu, endnu, enna, aterstall*, gendann*, gjenopprett*,
        ska raderas, ska tas bort, skal slettes, skal fjernes, laggs tillbaka, legges tilbake, sa lange, medan;
        other: afvis*, avvis*, kommer att; content: meddeland*, melding*, besked*; unpaid: obetald*, betalt,
        ubetalt; down: svarar inte, svarer ikke; thing: kontor*; chance: av misstag, ved en fejl, ved en feil, av
        vanvara, ved et uheld, ved uheld, grund av ett fel, grund af en fejl, grunn av en feil; whom: for dig, for
        deg, for er, for jer, for dere, utifran, udefra, utenfra, utanfor, udenfor, utenfor""",
    "Turkish": """
        mailbox: kullanici*, alici*, hesap, hesab*, kutusu, adresinde*; sender: alan adiniz*, adresiniz*,
        hesabiniz*, sunucunuz*, gonderen*, gonderic*; domain: alan ad*, etki alan*; not: degil; there: mevcut,
        tanimli, kayitli, gecerli; unknown: var olmadi, var degil, hic olmadi, bulunama*, bulunmam*, bulunmu*, yok,
        yoktur, bilinm*, gecersiz, tanimsiz, olmadig*, bulunmadig*, olmayan; gone: hesabini sildi, kapanmis*, iptal,
        silinmis*, silindi, kapatil*, kaldiril*; full: dolu, dolmus*, doldu, kota*, yer; off: askiya, devre disi,
        engellen*, kilit*, dondur*; many: cok fazla; later: gecici*, daha sonra, henuz, tasin*, geri yukle*,
        silinecek*, kapatilacak*; other: reddet*, beyaz, kabul; content: ileti*; unpaid: borc*, odeme*; down: yanit
        vermiyor; chance: yanlislikla, kazara, hata sonucu, hata nedeniyle; whom: sizin icin, disari*""",
    "Hungarian": """
        mailbox: felhasznalo*, cimzett*, postafiok*, fiok*, cim, cime, cimen, postafiokja*; sender: felado*, kuldo*,
        az on cime, az on tartomany*; domain: tartomany*; there: ismerunk, letezik, letezo, talalhato*, ismert,
        regisztralt, ervenyes, szerepel*, talaltuk; no: nincs; unknown: ismeretlen*, ervenytelen*; gone: lezar*,
        torolt*, torolve, megszun*; full: megtelt*, tele, hely, betelt*; off: letilt*, felfuggeszt*, zarol*; many:
        tul sok; later: atmenet*, ideiglenes*, kesobb, meg nem, athelyez*, koltoz*, helyreallit*, visszaallit*;
        other: elutasit*, fogja*; content: uzenet*; unpaid: tartozas*; down: nem elerheto, nem valaszol; chance:
        tevedesbol, veletlenul; whom: onnek, onok szamara, kivulrol""",
    "Romanian": """
        mailbox: utilizator*, destinatar*, cutia postala, cutie postala, casut*, cont, contul, utilizatorul*,
        destinatarul*; sender: expeditor*, domeniul dumneavoastra, adresa dumneavoastra; not: nu; there: exista,
        gasit*, valid, cunoscut*, inregistrat*; no: niciun, nicio, nu avem; unknown: inexistent*, necunoscut*; gone:
        anulat*, a incetat sa existe, eliminat*, sters, stearsa, inchis*, desfiintat*; full: plina, plin, spatiu,
        cota; off: suspendat*, dezactivat*, blocat*; many: prea mult*; later: inca, mutat*, restabilit*, va fi,
        urmeaza; other: refuzat*, respins*; content: mesaj*; unpaid: neplat*; down: nu raspunde; chance: din
        greseala, din eroare; whom: pentru dumneavoastra, pentru dvs, pentru tine, din afara, din exterior""",
    "Bosnian, Croatian, Serbian, Slovene": """
        mailbox: korisni*, primatelj*, primalac, primaoc*, prejemnik*, uporabnik*, naslov*, sanduci*, racun*, nalog,
        predal, korisnick*; sender: posilja*; your: vasa; not: nije; there: postoj*, obstaja*, pronaden*, poznat*,
        znan, registrir*; no: nema, ni; unknown: nepoznat*, neznan*, nepostojec*, neispravan*, neveljav*; gone:
        ugasen*, prestao postojati, izbrisan*, obrisan*, zatvoren*, ukinut*, uklonjen*, zaprt*; full: pun, puna,
        poln, prepun*, mjesta, mesta, prostora; off: blokiran*, onemogucen*, deaktiviran*; many: previse, prevec;
        later: privremeno, zacasno, premjest*, premest*, preselj*, vracen*; other: odbij*, zavrnjen*; thing:
        racunal*, racunar*; chance: greskom, slucajno, pomotoma; whom: za vas, za tebe, izvana, izvan, spolja""",
    "Estonian, Finnish": """
        mailbox: vastaanottaj*, kayttaj*, osoite*, osoitt*, postilaatik*, tili, tilia, tilin, kasutaja*, saaja*,
        aadress*, postkast*, konto*, sahkopostiosoit*, vastaanottaja*, kayttaja*, kayttajatunnu*, kasutajanim*,
        osoittee*, postilaatikk*, postilaatiko*, sahkopostiosoite*, sahkopostiosoittee*; sender: lahettaj*, saatja*,
        verkkotunnustasi, verkkotunnuksesi, osoitettasi, osoitteesi, palvelimesi, tuntemattomilta; domain:
        verkkotunnu*, domeen*, verkkotunnukse*; not: ei, pole; there: olemas*, loydy, loytynyt, loydetty, tunneta,
        rekisteroity, kelvollinen, ole talla, leitud, eksisteeri*; no: ei ole, pole; unknown: tuntemat*, virheelli*,
        tundmatu*, kehtetu*; gone: lopetettu, paattynyt, poistunut, lakannut, poistettu, suljettu, lakkautettu,
        kustutatu*, suletud, eemaldat*; full: taynna, taysi, tayttynyt, tais, kvoot*, tilaa, ruumi; off: estetty,
        lukittu, blokeerit*, peatatud; many: liian mon*, liiga palju; later: asti, saakka, tilapaisesti,
        valiaikaisesti, myohemmin, ajutiselt, viela, veel, siirret*, palaute*, taasta*; other: hylatty, vastaanota;
        content: viesti*; down: ei vastaa; chance: vahingossa, erehdyksessa, kogemata; whom: sinulle, teille, ulkoa,
        ulkopuol*, valjast*""",
    "Latvian, Lithuanian": """
        mailbox: lietotaj*, sanemej*, pastkast*, konts, vartotoj*, gavej*, paskyr*, dezut*; sender: sutitaj*,
        siuntej*; your: jusu; not: nav; there: atrast*, zinam*, registret*; no: nav, nera; unknown: neeksiste*,
        nezinam*, nederig*, neegzistuoj*, nerast*, nezinom*, negalioj*; gone: dzest*, izdzest*, slegt*, istrint*,
        panaikint*, uzdaryt*; full: pilna*, perpildyt*, vietos, vietas; off: bloket*, uzblokuot*, isjungt*; many:
        per daug, parak daudz; later: laikinai, islaicigi, atjaun*; other: noraidit*, atmest*; chance: kludas del,
        klaidingai, netycia; whom: jums, is isores, no arpuses""",
    "Greek": """
        mailbox: θυριδα*, πελατη*, χρηστη*, παραληπτη*, διευθυνση*, λογαριασμο*, γραμματοκιβωτι*; sender:
        αποστολεα*, ο τομεας σας, η διευθυνση σας; domain: τομεα*; not: δεν, μη; there: υπαρχει, υπαρχουν, βρεθηκ*,
        εγκυρ*, εντοπιστηκε; unknown: αγνωστ*, ανυπαρκτ*, ακυρ*; gone: καταργ*, διαγραφ*, κλεισει; full: πληρ*,
        γεματ*, χωρος; off: απενεργοποι*, ανενεργ*; many: παρα πολλ*; later: προσωριν*, μεταφερ*, επαναφ*; other:
        απορριφθηκε, θα; chance: κατα λαθος; whom: για εσας, για σας, απο εξω, εκτος""",
    "Russian": """
        mailbox: ящик*, пользовател*, получател*, адрес*, учетная запись, учетной записи, учетную запись, аккаунт*,
        абонент*, сотрудник*, адресат*, пользовательск*; sender: у вас нет, вас не знает, вы не, с которого, с
        которои, отправител*, обратн*; domain: домен*, доменн*; your: ваш, ваша, вашего, вашей, вашем, ваше; there:
        существу*, существова*, найден*, найти, обнаружен*, зарегистрирован*, известен, известн*, значится,
        числится, действител*, используется; no: нет, никогда не было, не было и нет; unknown: неизвест*,
        несуществующ*, недейств*, неверн*, некоррект*, отсутств*; gone: удалил свои, удалила свои, закрыл свои,
        закрыла свои, упраздн*, аннулирован*, прекратил* существ*, удален*, закрыт*, уволен*, ликвидирован*; full:
        переполн*, превыш*, квот*, места, место; off: заблокирован*, отключ*, приостановлен*, неактив*; many:
        слишком; later: до, перемещ*, перенес*, временно, позже, еще, мигрир*, восстан*, подлежит, должен быть,
        пока; other: отклон*, белом, белого, будет, принимает; content: сообщени*, письм*; unpaid: неоплат*,
        задолженност*; down: не отвечает; chance: по ошибке, ошибочно, случаино, из за ошибки, сбоя, сбои, сбоем;
        whom: для вас, для тебя, для посторонних, для внешних, извне, снаружи""",
    "Ukrainian": """
        mailbox: скриньк*, скриньок, користувач*, одержувач*, отримувач*, обліковий запис; sender: з якого, з якоі,
        відправник*; your: вашої, вашій, вашому; there: існу*, знайден*, зареєстрован*, відом*; no: немає, жодного,
        жоден; unknown: відсутн*, невідом*, неіснуюч*, недійсн*; gone: видалил*, скасован*, припинил* існув*,
        видален*, ліквідован*; full: заповнен*, місця, місце; off: заблокован*, вимкн*, призупинен*; many: занадто;
        later: тимчасов*, пізніше, ще, переміщ*, відновл*, поки, доки; other: відхил*, буде, білому; content:
        повідомлен*; unpaid: несплат*, заборгован*; down: не відповідає; chance: помилково, випадково, через
        помилку, збою, збій; whom: для тебе, ззовні""",
    "Bulgarian, Macedonian, Serbian": """
        mailbox: потребител*, кутия*, сметка, корисни*, налог; sender: подател*, изпращач*, испраќач*, пошиљ*; your:
        вашия, вашият, вашата; not: није; there: съществува*, постои, постоји, намерен*, регистриран*, пронађен*,
        открит*; no: няма, нема; unknown: непознат*, несъществуващ*, невалид*; gone: закрит*, заличен*, изтрит*,
        премахнат*, избрисан*; full: пълна, препълнен*, място; off: блокиран*, деактивиран*; many: твърде; other:
        отхвърл*, одбиј*; later: премест*, възстанов*, врат*; chance: по погрешка, погрешно, грешком, случајно;
        whom: за вас, отвън, споља""",
    "Hebrew": """
        mailbox: המשתמש, משתמש, הנמען, נמען, התיבה, תיבה, תיבת, הכתובת, כתובת, החשבון, חשבון; sender: השולח, שולח,
        הדומיין שלך, הכתובת שלך; domain: הדומיין, דומיין; not: לא, אינו, אינה, אין; there: קיים, קיימת, נמצא*,
        ידוע*, מוכר*, חוקי*, תקינ*, רשומ*; no: אין; gone: נמחק*, נסגר*, הוסר*, בוטל*; full: מלא*, מכסה, מקום; off:
        חסומ*, מושע*, מושבת*; many: יותר מדי; later: זמני*, הועבר*, שוחזר*, ישוחזר; other: נדח*; chance: בטעות;
        whom: עבורך, מבחוץ""",
    "Arabic": """
        mailbox: المستخدم, مستخدم, المستلم, مستلم, العنوان, عنوان, الحساب, البريد, المرسل اليه; sender: المرسل,
        مرسل, نطاقك, عنوانك; domain: النطاق, نطاق; not: لا, لم, غير, ليس; there: موجود*, يوجد, توجد, العثور, معروف*,
        صالح*, مسجل*; gone: الغاء, اغلق, حذف*, مغلق*; full: ممتلئ*, امتلا*, مكان, مساحة; off: محظور*, معلق*, معطل*;
        many: كثير*; later: مؤقت*, نقل*, استعاد*; other: رفض*; chance: بالخطا, طريق الخطا; whom: بالنسبة لك, من
        الخارج""",
    "Persian": """
        mailbox: کاربر, گیرنده, آدرس, نشانی; sender: فرستنده; domain: دامنه; unknown: وجود ندارد, یافت نشد, پیدا
        نشد, ناشناس, نامعتبر; full: پر, فضا; later: بازیابی, منتقل; chance: اشتباه*; whom: برای شما, از بیرون""",
    "Vietnamese": """
        mailbox: nguoi nhan, nguoi dung, nguoi su dung, hop thu, tai khoan, dia chi; sender: nguoi gui, dia chi cua
        ban, ten mien cua ban; domain: ten mien; not: khong, chua; there: ton tai, tim thay, hop le, xac dinh, dang
        ky; no: khong co; gone: ngung hoat dong vinh vien, bi xoa, da xoa, da dong; full: da day, bi day, hop thu
        day, cho trong, dung luong; off: bi khoa; many: qua nhieu; later: tam thoi, chuyen, khoi phuc; other: tu
        choi, se bi; chance: nham; whom: doi voi ban, ben ngoai""",
    "Indonesian, Malay": """
        mailbox: pengguna*, penerima*, alamat*, akun, akaun, kotak surat, kotak masuk, peti; sender: pengirim*,
        domain anda, alamat anda; not: tidak; there: ditemukan, ditemui, dijumpai, dikenal*, terdaftar, wujud, sah;
        no: tidak ada, tidak menemukan; gone: sudah tidak ada, dihapus, dipadam, ditutup; full: penuh, ruang, kuota;
        off: ditangguhkan, diblokir, dinonaktifkan; many: terlalu banyak; later: sementara, dipindah*, dipulih*;
        other: menolak, ditolak, akan; chance: tidak sengaja, keliru; whom: bagi anda, untuk anda, dari luar""",
}  # fmt: skip
"""Languages that put blanks between words."""
