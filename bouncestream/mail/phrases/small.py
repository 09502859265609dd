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
        primero primera primeiro erst eerst zuerst zunachst abord prima najpierw nejprve nejdriv сначала forst
        initially enfin finally finalmente schliesslich langer why hold holds sonra janvier fevrier avril juin
        juillet aout octobre decembre enero febrero abril mayo junio julio agosto septiembre octubre noviembre
        diciembre januar februar marz april juni juli august oktober november dezember januari februari maart
        augustus gennaio febbraio marzo aprile maggio giugno luglio settembre ottobre dicembre janeiro fevereiro
        maio junho julho setembro outubro dezembro января февраля марта апреля мая июня июля августа сентября
        октября ноября декабря июне июле мае марте stycznia lutego marca kwietnia maja czerwca lipca sierpnia
        wrzesnia pazdziernika listopada grudnia ledna unora brezna dubna kvetna cervna cervence srpna zari rijna
        listopadu prosince immesso immessa hebt kirjoittamaasi затем безвозвратно потом potem nastepnie pak pote
        pozdeji sedan senere siden dann danach anschliessend puis ensuite luego despues poi daarna vervolgens azota
        aztan ardindan sonradan tung nay bi vinh vien con son six seven eight nine ten artik mar свой свою komt
        cherchez cherche nimista suchen sucht busca buscan cerca cercate cercando zoekt zoeken szuka szukaja hledate
        ищете soker soger keres cautati registers books rolls platform plattform plateforme piattaforma plataforma
        installation instance bestand oyle unwiderruflich irrevocablement irrevocably included including among too
        everything everyone instead inform informs regret informieren informiert mitteilen teilen mussen mochten
        bedauern informons regrettons informe signalons informamos comunicamos lamentamos informiamo comunichiamo
        dispiace informujemy uprzejmie zawiadamiamy oznamujeme bohuzel niestety helaas tyvarr desverre beklager
        malheureusement lamentablemente desgraciadamente purtroppo infelizmente сообщаем уведомляем нам вам нему ему
        вами maalesef uzgunuz sajnos valitettavasti pahoittelemme ausscheiden weggang austritt tod ableben depart
        demission deces salida muerte fallecimiento saida morte uscita dimissioni decesso vertrek overlijden
        odejscie odejsciu smierc smierci odchod odchodu umrti уход ухода увольнение увольнения смерти avgang
        departure death retirement resignation schlicht einfach simplement simplemente semplicemente simplesmente
        prostu prosto proste просто gewoon simpelweg enkelt bataillon though hears whoever mr mrs ms miss dr prof
        mme madame mlle monsieur frau herr herrn sra sr senora senor signora signor dott mevrouw meneer heer pani
        pan pana panem mevr fru hr bay bayan domnul doamna gospoda gospodin госпожа works arbeitet beschaftigt
        trabaja trabalha travaille lavora werkt pracuje работает працює arbetar arbejder arbeider heet heisst heißt
        appelle chiama llama chama nazywa jmenuje heter hedder зовут back gave handed given ever ok ours esto
        significa bedeutet signifie means astfel alcuna answer gehort belong belongs nevu hos taalla up keep kept
        run ran worked hemos habemos мы biri birisi jsme sme число числе vollig ganzlich komplett totalement
        completement completamente absolutely totally volledig calkowicie zupelnie zcela uplne полностью совершенно
        helt tamamen teljesen complet jemand jemals qualcuno quelqu alguien algunem iemand internet casa maison huis
        household roof place porta porte lleva draagt nosi носит tragt bears meilla numele adli bir tilleen her his
        hers ihr ihren sa ses haar hendes hennes hans jej jego jeji jeho ее eё його ії njen njegov falta mancanza
        manque faute gebrek nedostatku som qui que ktory ktora ktery ktera который которая these those such there
        here he she they their we us our you who whom which being am had did do ll re ve anymore more longer just
        simply so thus therefore hence since yet now already ago completely also then got intended desired
        designated called named namely mentioned entered supplied provided addressed stated indicated specified
        original final virtual internal corporate personal private old former current real actual single entire
        target primary above particular me my him them one all any try tried trying attempted attempting reach
        contact write writing wrote send mailed typed looking want wanted find unfortunately sadly apparently
        actually really definitely indeed however although still again recently formerly previously once long time
        years year months month weeks week days day last january february march june july september october december
        spring summer autumn winter when after before as under via without known someone somebody anyone anybody
        says say returned reports answered replied found located hosted registered stored assigned created left work
        lives died school university college firm business shop department institution spelling good never only if
        upon holder's chosen know knows goes older two answers behind sending marked etc validrcptto success lapsed
        shortly meanwhile public domino imaginary belonging over guest student staff shared free together belonged
        front abuse inactivity pm msexch matter verification verify provedor proveedor provider anbieter institucion
        instituicao istituto call out end along existed administrator operator appliance""",
    "German": """
        der die das den dem des ein eine einen einem einer dieser dieses diesen diesem diese es er sie wir uns unser
        unsere unserem unserer hier dort ist sind war wurde wurden werden worden hat haben leider daher und oder
        sich endgultig dauerhaft inzwischen bereits schon auch angegebene* angeschriebene* gewunschte* genannte*
        fruher alte alten eingegebene* adressierte* gesuchte* ihnen mit unter bei fur von zu zur zum aus nach vor
        seit durch als namen namens bezeichnung zeit einiger jahr* monat* tage tagen tages langem langerem langerer
        konnte* kann wird wieder mehr jedoch solche* unternehmen* schule* universitat* haus* betrieb* aufgegeben
        verlassen im auf bitte sein seine seinem seinen seiner kollege weil vertragsende vom etwa zustellung versand
        senden ubermittlung fehler storung existierte moglichkeit inaktivitat""",
    "French": """
        le la les un une ce cette cet ces notre nos il elle est sont etait ete ont deja ici fut indique* saisi*
        mentionne* specifie specifiee demande* fourni* donne donnee recherche* vous nous je avez essayez tentez
        joindre contacter envoyer ecrire ecrivez au aux dans chez sous par sur pour avec sans electronique* postal*
        lettres messagerie nom portant repond entreprise societe etablissement ecole universite systeme services
        longtemps annee* ans mois depuis apres avoir ou cependant toutefois en definitif definitivement parce car
        dessus ci abus remise livraison envoi distribution echoue erreur moins mars inactivite existait revanche
        entree administrateur possibilite encore""",
    "Spanish, Portuguese, Italian, Catalan": """
        el los las lo os um uma una uno gli este esta ese esa essa esse questo questa quel su nuestro nuestra nosso
        nossa nostro nostra ha han foi fue fuera sido stato stata essere ser estao sono se si ya ja gia aqui
        indicado indicada indicados solicitad* especificad* introducid* ingresad* proporcionad* mencionad* dado dada
        informad* digitad* fornecid* indicat indicato indicata richiest* specificato specificata inserit* fornito
        fornita usted voce lei che cual qual cui quien quem intenta* tentou enviar escribir escribio escreveu
        contactar electronic* eletronic* elettronic* com por per pelo pela da dal dalla para sobre desde presso nei
        nel nella sul sui sulla nombre nome empresa azienda organizacion escuela escola scuola universidad*
        universita ano anos anni mes meses mesi tiempo tempo hace fa ma oppure forma definitiv* definitivamente
        neste nesta nesse nostri nostre nossos nuestros nuestras archivi sistemi servidores lasciato entre assim tal
        noi piu alcun relativa porque perche sistema responde cosi mas mais estuvo esteve estaba era eram erano
        estava estavam estaban entrega envio consegna invio administrador amministratore dejo deixou erro errore al
        existio existiu existia esisteva posibilidad inactividad inatividade inattivita inutilizzo uso possivel
        possibile posible possibilidade possibilita""",
    "Dutch": """
        de het een deze dit dat onze ons wij zijn werd wordt heeft hebben reeds inmiddels definitief opgegeven
        ingevoerd* aangegeven bedoelde gevraagde probeert bereiken met onder bij van voor door op aan uit te naam
        bedrijf organisatie klant jaar jaren maanden tijd geleden sinds meer echter omdat mei jan bezorging voorgoed
        aflevering verzending fout bestond beheerder mogelijkheid inactiviteit""",
    "Polish, Czech, Slovak": """
        ta tego tej nas jest byl byla bylo zostal zostala zostalo juz tu tam tento tato jsou byt bol bola bolo uz
        zde tady podany* podane* podana wskazan* takiego taki taka takie takim takiej pod nazwa nazwy nazwie nazwe
        nazwisk* imieniu nasz* trwale lub albo wlasciciel* przez roku lat miesiecy pocztow* elektroniczn* tym
        zadany* zadane* zadana zadanou uveden* takov* taku takyto mailova postovni nasem nasom tomto tejto tymto
        jmeno jmena jmenu jmenem menom majitel* jiz dnes nebo alebo od serverem serveru systemu trvale protoze
        poniewaz powodu braku aktywnosci nieaktywnosci bezczynnosci neaktivity necinnosti neaktivite docelow*
        dostarczenie doreczenie doruceni dorucenie blad chyba mozliwosci moznosti""",
    "Swedish, Danish, Norwegian": """
        det ett et denna denne dette vart vores var har hade havde hadde ar blev ble blivit blevet blitt oss og och
        angiv* angav oppgitt* skrev med till til fra fran pa namn namnet navn navnet firma manader mer mere langre
        lenger længere eller sadan slik godt inaktivitet permanent* slutligt endeligt vi du eftersom fordi na nu
        leverans levering fel feil fejl""",
    "Estonian, Finnish": """
        tassa tama tata oli ole enaa see meil siin tallaista sellaista annetu* annett* antama* antamallasi tasta
        talta pysyvasti kaytosta eika sita tai nimelt* nimell* sellist tokio sada seda koska toks tada
        palvelimeltamme virhe""",
    "Hungarian, Romanian": """
        az ez ezen itt volt nalunk acest aceasta sunt fost aici mai megadott adott ilyen kert altal veglegesen lett
        vagy neven postai elektronikus introdus ati pe care unei cu nume dar sau mert deoarece hiba eroare
        rendszerben rendszerunkben mara kiszolgalon kiszolgalonkon""",
    "Slavic": """
        этот эта неактивности это его их он она был была было быть нас на здесь тут уже больше наш наша цей ця це
        був була було вже більше спершу назовсім тепер ovaj ova ovo taj bio bila bilo kod vec този тази това беше
        вече такого такои такая такое таким такою такоі такъв такава указанн* данный данная данное данного данной
        данном данному данную данным вы почтово* почтова* почтовы* почтову* поштов* пощенск* электронн* електронн*
        почты пошти нашем нашому нашеи нашего нашему нашия цьому этом именем адресом владельц* власник* навсегда
        окончательно либо или або але сожалению жаль год лет месяц* под со по от для за вказан* посочен* ім ям takav
        takva takvo takve takvog naveden* ovom trajno ime imenom elektronick* poste ili ali потому что так как
        оскільки без возможности из доставка доставки отправка isporuka ошибка ошибки greska""",
    "Turkish, Greek, Hebrew, Arabic, Persian, Vietnamese, Indonesian": """
        bu boyle burada bizde girdiginiz belirtilen istenen kalici olarak sahibinin istegiyle icin ama veya posta
        isimli adinda cunku simdi ise hata sistemimiz* sistemde το αυτος αυτη αυτο ειναι εχει εδω πλεον πια τετοι*
        που πληκτρολογησατε σε αυτον τον την μας εμας οριστικα με ονομα ηλεκτρονικ* זה זו הוא היא כבר כאן هذا هذه هو
        هي تم هنا این آن است شده הדואר האלקטרוני שהזנת במערכת בשרת בשם הזה الالكتروني الذي ادخلته على الخادم بهذا
        الاسم النظام ایمیل وارد duoc ini itu sudah telah di sini ban nhap cua chung toi tren yang anda masukkan tuju
        نهاييا dengan nama tersebut kami oleh pemilik* kepada dapat dikirim karena pesan secara permanen""",
    "Function words": """
        beim dabei dadurch dafur dagegen damit daran darauf daraus dazu doch eben eigene eigenen etwas euch gar
        gegen gewesen habe habt hatte hatten hierbei hinter ihm ihn innerhalb ins jede jeder jedes jener man nachdem
        neben nun sehr selbst somit sondern sowie trotz vorher waren wegen welche welcher wie wo wohin zwar zwischen
        unseren allen aller alles jetzt damals einst langst alle dasselbe daruber hierzu lassen lasst liess
        unsererseits seitens unseres eure deren dessen aucuns alors ainsi ailleurs auquel aussi autre avait bien
        cela celle celui ceux comme contre dehors desormais donc dont elles etre eux fait faits font furent hors
        leur leurs lors lui meme mien mon nul parmi pendant peu pourquoi qu quelle rien seul sien soit sommes suis
        tel telle tous tout toute toutes tres voici voila algo ante antes aquel aquella asi aun bajo cada contra
        cuyo donde durante eramos eso estan estos fueron fuimos haber habia hizo hacia mi mio muy nada otra otro
        pero poco pues quienes segun siempre sin somos soy tambien tanto tras unos ao aos aquele aquela como delas
        dele deles depois disso ela elas ele eles esses estas estes estou foram fomos havia isso isto lhe mesmo meu
        minha muito nossas num numa pelas pelos sao seus suas tambem tao tem temos teu tinha ad agli ai alla allo
        anche avere aveva ben coi come contro degli dei delle dentro dopo dove ecco ed hanno ho io loro molto negli
        nelle ogni propria proprio quale quando quanto quella quelli quello questi sei siamo sopra sotto state stati
        sue suoi sulle tra tutti tutto voi dan daar dus eens ge hem hij hoe hun iets ik kan kunnen maar men mij mijn
        naar nog om ook tegen toch toen tussen wat wel wezen zelf zich zij zo aby ale bez bo byc byli cala czy gdzie
        go ich jako jemu jestem jestesmy kto ktore ktorego ktorej mam mamy miedzy mnie moj nad nam nami ona oni oraz
        po przed przy swoj tak tez ty tych tylko wasz wszystkie wszystkich za ze ani co jak jejich jen ji jich jim
        jsem jsi jste kam kde kdo kdyz ke ktere ktereho mezi mne muj nasi nasich nase podle pri pro proc proto sve
        svuj ti toho tohoto tomu vam vsak vsech medzi att deras dess efter henne hon hur icke jag ju kom mellan mig
        min mot mycket nan nar nagot samma sig sina sitt skulle upp ut utan vad vara varit vem vid blandt blant dig
        ham hvad hvem hvis jeg kunne nogen noget ogsa vaere vaeret vore jo mina kun niin olla joka jonka meidan
        asiakkaidemme joukossa taman sen ovat olivat meg csak ezt azt akinek aki hogy ott kozott sem во они оно вас
        наши наших нашим нашими ко об при про через же ли бы были есть эти этого тот та те того том весь все всех
        которое которые которого своих еи им там где кто когда під він вона вони ми наші цього ці якии яка які якого
        іх си се със тои тя ние нашите тези което които която smo sam bili ovdje ovde nasih nasim medu izmedu iz
        koji koja ile ki biz bizim onun sizin olan unui prin pentru ca noastre dintre printre και τα οι του της των
        στην για απο ηταν μεταξυ dari pada untuk antara""",
}

_WRITTEN = folded(" ".join(SMALL.values())).split()
_WHOLE = NEGATIONS.union(NEUTRAL, (word.rstrip("*") for word in _WRITTEN))
_STEMS = frozenset(word[:-1] for word in _WRITTEN if word.endswith("*"))


def is_small(word: str) -> bool:
    """Whether a folded word tells nothing by itself."""
    if len(word) == 1 or word in _WHOLE:
        return True
    return word[:-1] in _STEMS or word[:-2] in _STEMS or word[:-3] in _STEMS
