# SPDX-License-Identifier: GPL-3.0-or-later
"""Words that tell nothing of how something is: articles, auxiliary verbs, which of all mailboxes ("the specified"),
who wrote to it, when and at whose wish it went. A clause is hard only where each word that could turn it is known:
one of the tables, or one of these. Written as `abroad` is, but a "*" stands for an ending of three letters at most:
a longer word is one of its own ("Betriebssystem").
"""

from __future__ import annotations

from collections.abc import Mapping

from bouncestream.mail.phrases.clauses import folded
from bouncestream.mail.phrases.composed import NEUTRAL
from bouncestream.mail.phrases.tagging import NEGATIONS

SMALL: Mapping[str, str] = {
    "English": """
        these those such there here he she they their his her we us our you who whom which being am had did do ll re
        ve anymore more longer ever just simply so thus therefore hence since yet now already ago finally completely
        also then got given intended desired designated called named namely mentioned entered supplied provided
        addressed stated indicated specified original final virtual internal corporate personal private old former
        current real actual single entire target primary above particular me my him them one all any try tried
        trying attempted attempting reach contact write writing wrote send mailed typed looking want wanted find
        unfortunately sadly apparently actually really definitely indeed however though although still again
        recently formerly previously once long time years year months month weeks week days day last january
        february march april june july august september october november december spring summer autumn winter when
        after before as under via without known someone somebody anyone anybody says say returned reports answered
        replied means found located hosted registered stored assigned created left works work lives died school
        university college firm business shop department institution spelling good never only if upon holder's
        chosen know knows goes older two answers behind sending marked etc validrcptto success lapsed shortly
        meanwhile public domino imaginary belonging over guest student staff shared free together belonged front
        abuse inactivity pm msexch matter verification verify call out existed administrator operator appliance""",
    "German": """
        der die das den dem des ein eine einen einem einer dieser dieses diesen diesem diese es er sie wir uns unser
        unsere unserem unserer hier dort ist sind war wurde wurden werden worden hat haben leider daher und oder
        sich endgultig dauerhaft inzwischen bereits schon auch angegebene* angeschriebene* gewunschte* genannte*
        eingegebene* adressierte* gesuchte* ihnen mit unter bei fur von zu zur zum aus nach vor seit durch als namen
        namens bezeichnung zeit einiger jahr* monat* tage tagen tages langem langerem langerer konnte* kann wird
        wieder mehr jedoch solche* unternehmen* schule* universitat* haus* betrieb* aufgegeben verlassen im auf
        bitte sein seine seinem seinen seiner kollege weil vertragsende vom etwa zustellung versand senden
        ubermittlung fehler storung existierte moglichkeit inaktivitat""",
    "French": """
        le la les un une ce cette cet ces notre nos il elle est sont etait ete ont deja qui que ici fut indique*
        saisi* mentionne* specifie specifiee demande* fourni* donne donnee recherche* vous nous je avez essayez
        tentez joindre contacter envoyer ecrire ecrivez au aux dans chez sous par sur pour avec sans electronique*
        postal* lettres messagerie nom portant porte repond entreprise societe etablissement ecole universite
        systeme services longtemps annee* ans mois depuis apres avoir jamais ou cependant toutefois son sa ses en
        definitif definitivement parce car dessus ci abus remise livraison envoi distribution echoue erreur moins
        mars inactivite existait administrateur possibilite encore""",
    "Spanish, Portuguese, Italian, Catalan": """
        el los las lo os um uma una uno gli este esta ese esa essa esse questo questa quel su nuestro nuestra nosso
        nossa nostro nostra ha han foi fue fuera sido stato stata essere ser estao sono se si ya ja gia aqui
        indicado indicada indicados solicitad* especificad* introducid* ingresad* proporcionad* mencionad* dado dada
        informad* digitad* fornecid* indicat indicato indicata richiest* specificato specificata inserit* fornito
        fornita usted voce lei che cual qual cui quien quem intenta* tentou enviar escribir escribio escreveu
        contactar electronic* eletronic* elettronic* con com por per pelo pela da dal dalla para sobre desde presso
        nei nel nella sul sui sulla nombre nome empresa azienda organizacion escuela escola scuola universidad*
        universita ano anos anni mes meses mesi tiempo tempo hace fa ma oppure forma definitiv* definitivamente
        neste nesta nesse nostri nostre nossos nuestros nuestras archivi sistemi servidores lasciato entre assim tal
        noi piu alcun relativa porque perche sistema responde cosi mas mais estuvo esteve estaba era eram erano
        estava estavam estaban entrega envio consegna invio administrador amministratore dejo deixou erro errore al
        existio existiu existia esisteva posibilidad inactividad inatividade inattivita inutilizzo uso possibilidade
        possibilita""",
    "Dutch": """
        de het een deze dit dat onze ons wij zijn werd wordt heeft hebben helaas reeds inmiddels definitief
        opgegeven ingevoerd* aangegeven bedoelde gevraagde probeert bereiken met onder bij van voor door op aan uit
        te naam bedrijf organisatie klant jaar jaren maanden tijd geleden sinds meer echter omdat mei jan bezorging
        aflevering verzending fout bestond beheerder mogelijkheid inactiviteit""",
    "Polish, Czech, Slovak": """
        ten ta tego tej nas jest byl byla bylo zostal zostala zostalo juz tu tam tento tato jsou byt bol bola bolo
        uz zde tady podany* podane* podana wskazan* takiego taki taka takie takim takiej pod nazwa nazwy nazwie
        nazwe nazwisk* imieniu nasz* trwale lub albo wlasciciel* przez roku lat miesiecy pocztow* elektroniczn* tym
        zadany* zadane* zadana zadanou uveden* takov* taku takyto mailova postovni nasem nasom tomto tejto tymto
        jmeno jmena jmenu jmenem menom majitel* jiz dnes nebo alebo od serverem serveru systemu trvale protoze
        poniewaz powodu braku aktywnosci nieaktywnosci bezczynnosci neaktivity necinnosti neaktivite docelow*
        dostarczenie doreczenie doruceni dorucenie blad chyba mozliwosci moznosti""",
    "Swedish, Danish, Norwegian": """
        det ett et denna denne dette vart vores var har hade havde hadde ar blev ble blivit blevet blitt hos oss og
        och angiv* angav oppgitt* skrev med till til fra fran pa namn namnet navn navnet firma siden sedan manader
        mer mere langre lenger længere eller sadan slik godt inaktivitet permanent* slutligt endeligt vi du eftersom
        fordi leverans levering fel feil fejl""",
    "Estonian, Finnish": """
        tama tata oli ole enaa see meil siin tallaista sellaista annetu* annett* antama* antamallasi tasta talta
        pysyvasti kaytosta eika sita tai nimelt* nimell* sellist seda koska toks tada palvelimeltamme virhe""",
    "Hungarian, Romanian": """
        az ez ezen itt mar volt nalunk acest aceasta sunt fost aici mai megadott adott ilyen kert altal veglegesen
        lett vagy neven postai elektronikus introdus ati pe care unei astfel cu nume dar sau mert deoarece hiba
        eroare rendszerben rendszerunkben kiszolgalon kiszolgalonkon""",
    "Slavic": """
        этот эта неактивности это его ее их он она был была было быть нас на здесь тут уже больше наш наша цей ця це
        був була було вже ovaj ova ovo taj bio bila bilo kod vec този тази това беше вече такого такои такая такое
        таким такою такоі такъв такава указанн* данный данная данное данного данной данном данному данную данным
        вами вы почтово* почтова* почтовы* почтову* поштов* пощенск* электронн* електронн* почты пошти нашем нашому
        нашеи нашего нашему нашия цьому этом именем адресом владельц* власник* навсегда окончательно безвозвратно
        либо или або але сожалению жаль год лет месяц* под со по от для за вказан* посочен* ім ям takav takva takvo
        takve takvog naveden* ovom trajno ime imenom elektronick* poste ili ali потому что так как оскільки без
        возможности из доставка доставки отправка isporuka ошибка ошибки greska""",
    "Turkish, Greek, Hebrew, Arabic, Persian, Vietnamese, Indonesian": """
        bu boyle bir burada artik bizde girdiginiz belirtilen istenen kalici olarak sahibinin istegiyle icin ama
        veya posta adli isimli adinda cunku hata sistemimiz* sistemde το αυτος αυτη αυτο ειναι εχει εδω πλεον πια
        τετοι* που πληκτρολογησατε σε αυτον τον την μας εμας οριστικα με ονομα ηλεκτρονικ* זה זו הוא היא כבר כאן هذا
        هذه هو هي تم هنا این آن است شده הדואר האלקטרוני שהזנת במערכת בשרת בשם הזה الالكتروني الذي ادخلته على الخادم
        بهذا الاسم النظام ایمیل وارد nay duoc bi ini itu sudah telah di sini ban nhap cua chung toi vinh vien tren
        yang anda masukkan tuju dengan nama tersebut kami oleh pemilik* kepada dapat dikirim karena pesan secara
        permanen""",
}

_WRITTEN = folded(" ".join(SMALL.values())).split()
_WHOLE = NEGATIONS.union(NEUTRAL, (word.rstrip("*") for word in _WRITTEN))
_STEMS = frozenset(word[:-1] for word in _WRITTEN if word.endswith("*"))


def is_small(word: str) -> bool:
    """Whether a folded word tells nothing by itself."""
    if len(word) == 1 or word in _WHOLE:
        return True
    return word[:-1] in _STEMS or word[:-2] in _STEMS or word[:-3] in _STEMS
