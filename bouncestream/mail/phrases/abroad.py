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
    "content": "content",  # the message
    "thing": "thing",  # a list, file or record: what it is of is not what is missing
    "your": "yours",  # what is "your" is the sender's
    "not": "",  # a negation: makes a word of "there" mean "not there"
    "there": "there",  # exists, found, known, valid, registered …
    "no": "not there >",  # "no", before a noun; or behind it, where the clause ends
    "unknown": "not there =",
    "gone": "gone =",
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
        wants: souhaite, desea, deseja, desidera, wenst, wunscht, wunschen, onsker, onskar, vill, zyczy, zycza,
        preje, kivan, ohajt, halua, istemiyor, istemez, doreste, zeli, желает, хочет, бажає, хоче; later: a temps,
        rechtzeitig, a tiempo, in tempo, op tijd; mailbox: usuari*, adres*, konta, صندوق, حساب, adressat*; sender:
        de retorno; domain: domen*; not: ne, non, ni, nunca, nem, nie, не; there: kennen, existe*, registrad*,
        localizad*, valido, valida, encontr*, najden*; gone: cancelad*, eliminad*; full: quota, excedid*; other:
        sera, como suscriptor*, como assinante*, como subscritor*, como miembro*, como membro*, comme abonne*, comme
        membre*, als abonnent*, als mitglied*, come iscritt*, come abbonat*, jako subskrybent*, jako abonent*, jako
        odberatel*; thing: weiterleit*, weiter geleitet, leitet, umleit*, umgeleitet, renvoi, renvoie*, redirige*,
        reexpedition, transfert, transfere*, reenvi*, desvio, redireccion*, encaminha*, reencaminha*, inoltr*,
        doorstuur*, doorgestuurd, przekierow*, presmerov*, vidarebefor*, videresend*, edelleen*, tovabbit*,
        yonlendir*, переадрес*, пересыл*, препращ*, prosljed*, προωθ*, adresar*""",
    "German": """
        mailbox: benutzer*, nutzer*, anwender*, empfanger*, empfaenger*, postfach*, mailkonto, teilnehmer*, kunde*,
        kennung, mitarbeiter*, benutzername*, postfachinhaber*, kontoinhaber*, anschrift, inhaber*, besitzer*,
        angestellt*; sender: sie haben kein*, sie haben bei uns, kennt sie nicht, kennen sie nicht, sie sind, von
        der sie, aus der sie, von dem sie, absender*, versender*, sender*, rucksende*, antwortadresse*; domain:
        maildomain, zieldomain, domainname*, domanenname*; your: ihr, ihre, ihrer, ihres, ihrem, deine; not: nicht;
        there: fuhren, fuhrt, betreuen, betreut, hosten, existier*, gibt, gefunden, finden, bekannt, kennt,
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
        mailbox: destinataire*, utilisateur*, boite*, compte, comptes, abonne*, usager*, client, clients, cliente,
        titulaire, adresse mail, compte mail, courriel*, nom, proprietaire*, employe*, salarie*; sender: vous n
        etes, vous n avez, ne vous connai*, vous est inconnu, vous etes inconnu*, lui etes inconnu*, depuis lequel,
        depuis laquelle, dont vous, expediteur*, emetteur*, d origine, de retour, d expedition; your: votre, vos;
        not: n, pas, plus, aucun, aucune; there: gere*, heberge*, assigne*, cree, trouve*, connu*, valide*,
        reconnu*, attribue*, correspond*, figure*, repertorie*, recense*, identifie*, localise*, plus utilise*, plus
        actif, plus active, enregistre*, reference*, fait plus partie, fait pas partie, connaissons, connait, en
        service, en usage; no: aucun, aucune, pas de, pas d, n a plus de, n a pas de, n ont plus de; unknown:
        inconnu*, inexistant*, introuvable*, invalide*, incorrecte*, errone, erronee; gone: cesse d exister, retire,
        annule, annulee, disparu*, decede*, ferme*, supprime*, cloture*, resilie*, efface*, radie*, detruit*,
        quitte; full: plein*, sature*, plus de place, deborde, espace, rempli*, capacite; off: suspendu*,
        desactive*, bloque*, inactif, verrouille*; many: trop; later: deplace*, demenag*, bientot, jusqu,
        actuellement, pour l instant, nouvel essai, plus tard, temporairement, momentanement, pas encore, migre*,
        transfere*, parti vers, partie vers, retabli*, restaur*, va etre, vont etre, doit etre, reconstrui*, tant
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
        hasta, pronto, por ahora, actualmente, temporalmente, mas tarde, aun no, todavia no, migrad*, restaur*,
        recuper*, restablec*, temporal, temporales, va a ser, van a ser, reconstru*, mientras; other: rechaz*,
        superad*, lista blanca, recibe, acepta*, no deseado; content: mensaje*, missatge*; unpaid: falta de pago,
        impago*, deuda, factura; down: inaccesible*, no responde; chance: por error, por accidente, accidental*, por
        equivocacion, sin querer, debido a un error, un fallo, averia*; whom: para usted*, para ti, para vosotros,
        desde fuera, el exterior, fuera de, en lo que a""",
    "Portuguese": """
        mailbox: utilizador*, enderec*, caixa*, conta, contas, correio, nome, funcionari*, empregad*; sender: nao o
        conhece, voce nao, de onde, do qual, da qual, pelo qual, remetente*, de origem, origem; your: seu, sua; not:
        nao; there: conhece*, cadastrad*, consta*, conhecid*, reconhecid*, registad*, pertence*, identificad*, mais
        ativ*, em uso; no: nenhum, nenhuma, nao ha, nao temos, nao tem; unknown: desconhecid*, errado, errada,
        incorreto, incorreta; gone: deixou de existir, deletad*, extint*, anulad*, falecid*, removid*, excluid*,
        apagad*, encerrad*, fechad*, desligad*; full: cheia, cheio, espaco, lotad*; off: desativad*, suspenso,
        suspensa, inativ*, desabilitad*; many: muitos, demais; later: transferid*, ate, em breve, por enquanto,
        atualmente, mais tarde, ainda nao, migrad*, restabelec*, vai ser, vao ser, deve ser, enquanto; other:
        bloqueou, recus*, aceita, recebe; content: mensagem, mensagens; unpaid: divida; down: inacessivel, nao
        responde; chance: por engano, por erro, por acidente, acidental*, devido a um erro, uma falha, avaria*;
        whom: para voce*, para o senhor, para externos, de fora, do exterior, fora d*""",
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
        ora, attualmente, temporaneamente, ancora, migrat*, ripristin*, recuperat*, temporane*, sta per essere,
        verra, deve essere, ricostru*, mentre; other: rifiut*, superat*, sara, accetta*, riceve*, scelto; content:
        messaggi*; unpaid: pagamento, moros*, debito; down: irraggiungibil*, non risponde; thing: la richiesta, una
        richiesta, questa richiesta; chance: per errore, per sbaglio, per un errore, causa di un errore, un guasto;
        whom: per lei, per voi, per te, per gli esterni, dall esterno, da fuori, punto di vista, al di fuori""",
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
        mailbox: uzytkownik*, odbiorc*, kontem, skrzynk*, skrzyneczk*, pracownik*; sender: nie jestes, nie masz, nie
        zna cie, nie zna panstwa, nadawc*, zwrotn*; your: twoj, twoja, twojej, twojego, panstwa; there: istnie*,
        znalezion*, odnalezion*, znalezc, znany, znane, znana, zarejestrowan*, rozpozna*, figuruje; no: nie ma, nie
        mamy, brak, zaden, zadnego; unknown: nieznan*, nieprawidlow*, niepoprawn*, bledny; gone: przestal istniec,
        przestala istniec, przestalo istniec, rozwiazan*, usuniet*, skasowan*, zamkniet*, zlikwidowan*; full: pelna,
        pelne, przepelnion*, miejsca; off: zablokowan*, zawieszon*, wylaczon*, nieaktywn*; many: zbyt wiel*; later:
        przeniesion*, do poniedzialku, do odwolania, do konca, do czasu, wkrotce, chwilowo, tymczasowo, jeszcze,
        migrowan*, zmigrowan*, przywroc*, przywraca*, ma byc, ma zostac, odtwarz*, odtworz*, dopoki; other: odrzuc*,
        zostanie, przyjmuje, bialej; content: wiadomosc*; unpaid: nieoplacon*, zaleglosc*, platnosc*; down:
        nieosiagaln*, nie odpowiada; chance: przez pomylke, omylkowo, przypadkowo, przypadkiem, z powodu bledu, w
        wyniku bledu, awari*; whom: dla pana, dla pani, dla panstwa, dla ciebie, dla was, z zewnatrz, poza""",
    "Czech, Slovak": """
        mailbox: uzivatel*, pouzivatel*, prijemc*, schrank*, ucet, uctu, uzivatelsk*, pouzivatelsk*, zamestnan*;
        sender: nejste, ze ktere*, z ktor*, odesilatel*, odosielatel*, zpatecn*; your: vas, vase, vasi, vasej,
        vasho; not: neni, nebyl, nebyla, nebylo, nebol, nebola, nebolo, nelze; there: nalezen*, znam, znama, znamy,
        evidovan*, registrovan*, platn*; no: neni, nie je, zadny, zadna, ziadny, ziadna, nemame; unknown: neexist*,
        nenalezen*, nenasla, nenasiel, neznam*, neplatn*; gone: ukoncen*, prestal existovat, prestala existovat,
        vyrazen*, zrusen*, smazan*, odstranen*, vymazan*, zmazan*; full: plna, plny, plne, preplnen*, kvot*, misto,
        miesto; off: zablokovan*, pozastaven*, deaktivovan*, neaktivn*; many: prilis mnoho, prilis vela; later:
        presun*, do pondeli, do odvolani, do konce, prestehov*, zatim, brzy, zatial, docasne, jeste, migrovan*,
        obnov*, ma byt, dokud, dokial; other: odmit*, odmiet*, bude, neprijima; content: zprav*, sprav*; unpaid:
        neuhrazen*, dluh*, dlh*, nezaplacen*; down: neodpovid*; chance: omylem, nedopatrenim, nahodou, kvuli chybe,
        poruch*; whom: pro vas, pre vas, pro tebe, zvenci, zvenku, zvonku, mimo; thing: spravc*""",
    "Swedish, Danish, Norwegian": """
        mailbox: mottagar*, mottaker*, modtager*, anvandar*, bruger*, bruker*, brevlad*, postkass*, person*,
        postadress*, anvandarnamn*, brukernavn*, brugernavn*, agare*, eier, eieren, ejer, ejeren, medarbetar*,
        medarbejder*; sender: du ar, ni ar, du er, skickar fran, skriver fran, skriver fra, avsandar*, avsender*,
        afsender*, returadress*; domain: doman*, domæne*, domannamn*, domenenavn*, domænenavn*; your: din, ditt,
        ert, deres; not: inte, ej, ikke; there: finns, findes, finnes, fanns, eksister*, hitta*, fundet, funnet,
        kand, kendt, kendes, kjent, kjennes, kanner, kender, kjenner, registrer*, giltig, gyldig, i bruk, i brug;
        no: ingen, inget; unknown: saknas, mangler, okand*, ukendt*, ukjent*, ogiltig*, ugyldig*; gone: upphort,
        ophort, opphort, fjernet, avviklet, avvecklat*, nedlagd, lagts ner, lagt ned, slettet, raderat*, borttag*,
        tagits bort, avslutat*, nedlagt*, slutat, sluttet, lukket, stengt, raderad*, togs bort; full: fuld, fullt,
        fyldt, plads, plass, plats; off: sparra*, spærre*, sperre*, deaktiver*, inaktiv*; many: for manga, for
        mange; later: flyttat*, tills, indtil, inntil, flyttet, tillfalligt, midlertidig*, senare, senere, annu,
        endnu, enna, migrer*, aterstall*, gendann*, gjenopprett*, ska raderas, ska tas bort, skal slettes, skal
        fjernes, laggs tillbaka, legges tilbake, sa lange, medan; other: afvis*, avvis*, kommer att; content:
        meddeland*, melding*, besked*; unpaid: obetald*, betalt, ubetalt; down: svarar inte, svarer ikke; thing:
        kontor*; chance: av misstag, ved en fejl, ved en feil, av vanvara, ved et uheld, ved uheld, grund av ett
        fel, grund af en fejl, grunn av en feil; whom: for dig, for deg, for er, for jer, for dere, utifran, udefra,
        utenfra, utanfor, udenfor, utenfor""",
    "Turkish": """
        mailbox: kullanici*, alici*, hesap, hesab*, kutusu, adresinde*; sender: alan adiniz*, adresiniz*,
        hesabiniz*, sunucunuz*, gonderen*, gonderic*; domain: alan ad*, etki alan*; not: degil; there: mevcut,
        tanimli, kayitli, gecerli; unknown: bulunama*, bulunmam*, bulunmu*, yok, yoktur, bilinm*, gecersiz,
        tanimsiz, olmadig*, bulunmadig*, olmayan; gone: kapanmis*, iptal, silinmis*, silindi, kapatil*, kaldiril*;
        full: dolu, dolmus*, doldu, kota*, yer; off: askiya, devre disi, engellen*, kilit*, dondur*; many: cok
        fazla; later: gecici*, sonra, henuz, tasin*, geri yukle*, silinecek*, kapatilacak*; other: reddet*, beyaz,
        kabul; content: ileti*; unpaid: borc*, odeme*; down: yanit vermiyor; chance: yanlislikla, kazara, hata
        sonucu, hata nedeniyle; whom: sizin icin, disaridan, disari*""",
    "Hungarian": """
        mailbox: felhasznalo*, cimzett*, postafiok*, fiok*, cim, cime, cimen, postafiokja*; sender: felado*, kuldo*,
        az on cime, az on tartomany*; domain: tartomany*; there: letezik, letezo, talalhato*, ismert, regisztralt,
        ervenyes, szerepel*, talaltuk; no: nincs; unknown: ismeretlen*, ervenytelen*; gone: lezar*, torolt*,
        torolve, megszun*; full: megtelt*, tele, hely, betelt*; off: letilt*, felfuggeszt*, zarol*; many: tul sok;
        later: atmenet*, ideiglenes*, kesobb, meg nem, athelyez*, koltoz*, helyreallit*, visszaallit*; other:
        elutasit*, fogja*; content: uzenet*; unpaid: tartozas*; down: nem elerheto, nem valaszol; chance:
        tevedesbol, veletlenul; whom: onnek, onok szamara, kivulrol""",
    "Romanian": """
        mailbox: utilizator*, destinatar*, casut*, cont, contul, utilizatorul*, destinatarul*; sender: expeditor*,
        domeniul dumneavoastra, adresa dumneavoastra; not: nu; there: exista, gasit*, valid, cunoscut*,
        inregistrat*; no: niciun, nicio, nu avem; unknown: inexistent*, necunoscut*; gone: anulat*, a incetat sa
        existe, eliminat*, sters, stearsa, inchis*, desfiintat*; full: plina, plin, spatiu, cota; off: suspendat*,
        dezactivat*, blocat*; many: prea mult*; later: temporar*, inca, mutat*, migrat, restaurat*, restabilit*, va
        fi, urmeaza; other: refuzat*, respins*; content: mesaj*; unpaid: neplat*; down: nu raspunde; chance: din
        greseala, din eroare, accidental; whom: pentru dumneavoastra, pentru dvs, pentru tine, din afara, din
        exterior""",
    "Bosnian, Croatian, Serbian, Slovene": """
        mailbox: korisni*, primatelj*, primalac, primaoc*, prejemnik*, uporabnik*, naslov*, sanduci*, racun*, nalog,
        predal, korisnick*; sender: posilja*; your: vasa, vas, vase; not: nije; there: postoj*, obstaja*, pronaden*,
        poznat*, znan, registrir*; no: nema, ni; unknown: nepoznat*, neznan*, nepostojec*, neispravan*, neveljav*;
        gone: ugasen*, prestao postojati, izbrisan*, obrisan*, zatvoren*, ukinut*, uklonjen*, zaprt*; full: pun,
        puna, poln, prepun*, mjesta, mesta, prostora; off: blokiran*, onemogucen*, deaktiviran*; many: previse,
        prevec; later: privremeno, zacasno, premjest*, premest*, preselj*, vracen*; other: odbij*, zavrnjen*; thing:
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
        mailbox: χρηστη*, παραληπτη*, διευθυνση*, λογαριασμο*, γραμματοκιβωτι*; sender: αποστολεα*, ο τομεας σας, η
        διευθυνση σας; domain: τομεα*; not: δεν, μη; there: υπαρχει, υπαρχουν, βρεθηκ*, εγκυρ*, εντοπιστηκε;
        unknown: αγνωστ*, ανυπαρκτ*, ακυρ*; gone: καταργ*, διαγραφ*, κλεισει; full: πληρ*, γεματ*, χωρος; off:
        απενεργοποι*, ανενεργ*; many: παρα πολλ*; later: προσωριν*, μεταφερ*, επαναφ*; other: απορριφθηκε, θα;
        chance: κατα λαθος; whom: για εσας, για σας, απο εξω, εκτος""",
    "Russian": """
        mailbox: ящик*, пользовател*, получател*, адрес*, учетная запись, учетной записи, учетную запись, аккаунт*,
        абонент*, сотрудник*, адресат*, пользовательск*; sender: у вас нет, вас не знает, вы не, с которого, с
        которои, отправител*, обратн*; domain: домен*, доменн*; your: ваш, ваша, вашего, вашей, вашем, ваше; there:
        существу*, найден*, найти, обнаружен*, зарегистрирован*, известен, известн*, значится, числится,
        действител*, используется; no: нет; unknown: неизвест*, несуществующ*, недейств*, неверн*, некоррект*,
        отсутств*; gone: упраздн*, аннулирован*, прекратил* существ*, удален*, закрыт*, уволен*, ликвидирован*;
        full: переполн*, превыш*, квот*, места, место; off: заблокирован*, отключ*, приостановлен*, неактив*; many:
        слишком; later: до, перемещ*, перенес*, временно, позже, еще, мигрир*, восстан*, подлежит, должен быть,
        пока; other: отклон*, белом, белого, будет, принимает; content: сообщени*, письм*; unpaid: неоплат*,
        задолженност*; down: не отвечает; chance: по ошибке, ошибочно, случаино, из за ошибки, сбоя, сбои, сбоем;
        whom: для вас, для тебя, для посторонних, для внешних, извне, снаружи""",
    "Ukrainian": """
        mailbox: скриньк*, скриньок, користувач*, одержувач*, отримувач*, обліковий запис; sender: з якого, з якоі,
        відправник*; your: вашої, вашій, вашому; there: існу*, знайден*, зареєстрован*, відом*; no: немає, жодного,
        жоден; unknown: відсутн*, невідом*, неіснуюч*, недійсн*; gone: скасован*, стерт*, припинил* існув*,
        видален*, ліквідован*; full: заповнен*, місця, місце; off: заблокован*, вимкнен*, призупинен*; many:
        занадто; later: тимчасов*, пізніше, ще, переміщ*, відновл*, поки, доки; other: відхил*, буде, білому;
        content: повідомлен*; unpaid: несплат*, заборгован*; down: не відповідає; chance: помилково, випадково,
        через помилку, збою, збій; whom: для вас, для тебе, ззовні""",
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
        نشد, ناشناس, نامعتبر; full: پر, فضا; later: موقت*, بازیابی, منتقل; chance: اشتباه*; whom: برای شما, از
        بیرون""",
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

JOINED: Mapping[str, str] = {
    "Chinese": """
        mailbox: 用户, 用戶, 使用者, 收件人, 收件者, 邮箱, 郵箱, 信箱, 帐号, 账号, 帳號, 账户, 帐户, 帳戶, 地址,
        邮件地址, 郵件地址, 收信人; sender: 发件, 发信, 寄信, 发送方, 发件人, 寄件者, 寄件人, 發件人, 发信人,
        发送人; domain: 域名, 網域, 网域, 主机; thing: 节点, 節點, 规则, 規則, 存储, 文件夹, 证书, 转发, 轉寄,
        通讯录, 通訊錄, 联系人, 聯絡人, 密钥, 命令, 文件, 列表, 名单, 名單, 申请, 申請; your: 您的, 贵, 你的; not:
        不, 未, 未能, 无, 無, 无法, 無法, 没有, 沒有, 查无, 查無; there: 存在, 找到, 注册, 註冊, 登记, 正确, 正確,
        有效, 此, 这个, 這個, 该, 該, 效; unknown: 未知, 不明, 找不到, 查不到, 错误, 錯誤; gone: 注销, 註銷, 删除,
        刪除, 撤销; full: 已满, 已滿, 容量, 空间, 空間; off: 冻结, 凍結, 停用, 禁用, 锁定; many: 过多, 過多, 频率;
        later: 尚, 暂, 暫, 暂时, 暫時, 尚未, 还未, 還未, 迁移, 遷移, 恢复, 恢復, 还原, 還原, 夜间, 夜間, 期间, 之前,
        登录前, 登錄前; other: 拒收, 拒绝, 拒絕, 垃圾, 黑名单, 白名单, 白名單, 超过, 可能, 将, 將; down: 无法连接,
        超时, 無法連線, 逾時; chance: 误删, 誤刪, 意外, 故障; whom: 对您, 對您, 对你, 對你, 对外, 對外, 从外部,
        從外部, 而言""",
    "Japanese": """
        mailbox: 宛先, 受信者, 受取人, アドレス, ユーザ, メールボックス, アカウント, 利用者, 宛先アドレス,
        メールアドレス; sender: 送信者, 送信元, 差出人, 送信ドメイン, 送信アドレス; domain: ドメイン, ホスト; thing:
        フォルダ, 転送, ルール, 証明書, 連絡先, アドレス帳, ノード, 鍵, コマンド, ファイル; your: お客様の,
        あなたの, 貴社の; not: ません, ない, なかった, ていません, ておりません, できません; there: 見つかり,
        みつかり, 見つから, 存在し, 登録され, 使用され, 利用され, 使われ; unknown: 不明, 無効, 未知, 該当する, 間違,
        ありません, いません; gone: 削除されました, 削除されてい, 削除済み, 解約, 退会, 削除されてお; full: 満杯,
        一杯, いっぱい, 容量, 超え, 空き; off: 停止; many: 多すぎ; later: 一時的, まだ, 移行, 移転, 移動, 復旧,
        復元, 夜間, 作業中, 期間中, 障害, 前は; other: 希望し, 望ん, 拒否, 迷惑, 可能性, かもしれ, 制限, 設定により,
        権限, 確認できま, か確認; down: 応答がありません, 接続できません; chance: 誤って, 不具合; whom: 外部から,
        社外, に対しては""",
    "Korean": """
        mailbox: 사용자, 수신자, 받는 사람, 주소, 메일함, 계정, 메일박스, 수신인; sender: 발신, 송신, 보내는,
        발신자, 보낸 사람, 보내는 사람, 송신자; domain: 도메인, 호스트; thing: 전달, 포워딩, 폴더, 규칙, 저장소,
        인증서, 주소록, 연락처, 노드, 명령, 파일, 목록; your: 귀하의, 당신의, 고객님의; not: 지 않; there: 가입되,
        가입하, 존재하, 등록되, 확인되, 유효하; unknown: 찾을 수 없, 없습니다, 없는, 알 수 없, 알수없음, 잘못된;
        gone: 삭제되, 탈퇴, 해지; full: 가득, 초과, 용량; off: 정지, 휴면, 차단; many: 너무 많; later: 일시, 아직,
        이전 중, 옮기, 옮겨, 이동되, 복구, 복원, 야간, 점검; other: 거부, 스팸, 권한, 허용; down: 응답하지 않,
        연결할 수 없; chance: 실수로, 잘못 삭제; whom: 귀하에게, 외부""",
    "Thai": """
        mailbox: ผู้ใช้, ผู้รับ, กล่องจดหมาย, บัญชี, ที่อยู่อีเมล, ที่อยู่; sender: ผู้ส่ง; domain: โดเมน; not: ไม่; there: มีอยู่,
        พบ, มีตัวตน, มี, รู้จัก, ถูกต้อง; gone: ถูกลบ; full: เต็ม, พื้นที่; off: ระงับ; later: ชั่วคราว, กู้คืน, ย้าย; other:
        ปฏิเสธ; chance: โดยไม่ได้ตั้งใจ""",
    "Hindi": """
        mailbox: उपयोगकर्ता, प्राप्तकर्ता, पता, मेलबॉक्स, खाता; sender: प्रेषक; domain: डोमेन; unknown: मौजूद नहीं, नहीं
        मिला, अज्ञात, अमान्य; full: भर; later: अस्थायी; chance: गलती से""",
}  # fmt: skip
"""Languages that put none, or endings to their words."""

JOINED_MORE = {
    "helo": "client", "ehlo": "client", "ptr": "client", "spf": "client", "dkim": "client",
    "ourhost": "client", "mailfrom": "sender", "senderdomain": "sender",
    "系统": "system", "系統": "system", "システム": "system", "시스템": "system", "서버": "system",
    "服务器": "system",
    "伺服器": "system", "サーバ": "system", "尊敬的发件人": "nothing", "尊敬的寄件者": "nothing",
    "親愛的寄件者": "nothing", "送信者様": "nothing", "送信者各位": "nothing", "발신자님": "nothing",
    "グループ": "list", "群组": "list", "群組": "list", "그룹": "list", "查无此人": "nobody", "查無此人": "nobody",
}  # fmt: skip
"""More of their words, by what `composed.ENGLISH` calls them."""
