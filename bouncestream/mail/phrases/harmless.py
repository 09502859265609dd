# SPDX-License-Identifier: GPL-3.0-or-later
"""Words beside which "not there" keeps its meaning. Any other may turn it ("on this node", "SASL user", "not yet"),
so a clause that has one is no proof.

Written as in `abroad`; a stem ends with "*". The words of `composed` and `abroad` are known anyway. November 2026.
"""

from __future__ import annotations

from collections.abc import Mapping

SPACED: Mapping[str, str] = {
    "English": """
        the an this that these those any all each such there here it its he she they their his her we us our ours
        me my you which who whom one ones same is are was were be been being am has have had isn doesn ll re ve
        specified given requested indicated supplied provided named called intended desired mailed wrote write
        writing written sending typed used addressed contacted trying tried attempted attempting looking looked
        chosen mentioned entered reach reached delivered deliver delivery delivering deliveries failed failure
        failing fail fails error errors undeliverable undelivered rejected reject rejecting rejection refused
        bounced bounce returned permanent permanently fatal sorry unfortunately afraid anymore more longer ever ago
        already year years last good after local virtual valid active existing real final remote target electronic
        postal smtp esmtp lmtp imap pop exact correct known actual provider university school department office
        premises end under as marked because so thus therefore hence and or too also please action aborted
        following reason due code status diagnostic dsn rfc permfail perm said reply response exists found goes
        does points names gone left deleted just simply note namely hosted registered table tables recognized
        recognised mistyped know anybody available pm msexch mts original dd etc dictionary validrcptto spelling
        thank anyone somebody lives works long use using inactivity administrator admin corp ltd inc gmbh llc
        institution college team graduated since""",
    "German": """
        der die das den dem des ein eine einen einem einer dieser dieses diesen diesem diese ihnen es er sie wir
        uns unser unsere unserem unserer mit namen name fur hier dort ist sind war wurde wurden werden worden hat
        haben leider daher weil und oder server system systemen rechner angegebene* genannte* gesuchte* gewunschte*
        mehr dauerhaft endgultig fehler zustellung fehlgeschlagen lokale* von vor einiger zeit unternehmen firma
        haus konto mail adresse nachricht konnte zugestellt bei unter ihre ihr welche sich permanenter
        angeschriebene* angeschriebenen mailserver mailsystem erreichen schreiben namens postfachs benutzername*
        lautet nachricht* domane deren dessen eingegebene* gesendet senden adressierte* person zu nutzer gewahlte*
        angefragte* im vom seit langem eigentumer inhaber ausgeschieden tippfehler aus sein seine seinem seiner
        ihrem ihrer ihren zum zur als auch nun bereits jetzt euch euer nicht welcher gerichtet kontaktieren
        verschickt schrieben adressieren versuchen versucht eingegeben eingegebenen tippen gemass laut einrichtung
        schule universitat verein abteilung mailbox domain personen niemand fuhren fuhrt gefuhrt solche* derartige*
        lokal* benannte* verzeichnet hinterlegt sehr geehrte* guten tag gewisse* jener eingetragen institut
        hochschule behorde organisation buro stadt amt kollege kollegin mitarbeiterin jemand lange schon seither
        inzwischen somit deshalb denn da dass hiermit entfernt geworden bestehen besteht existent existenz
        namentlich zustellen zuzustellen zustellbar unzustellbar zuruck zuruckgesandt postmaster weder irgend*
        ausser betrieb betreiber grund ursache fehlercode meldung gegenstelle empfangende* zielserver zielsystem
        gegenseite antwort sagte lautete zugang kennung verlassen weg fort nie je niemals verwendet* eingegeben*
        angegeben* eingetippt* aufgefuhrt* bezeichnung bezeichnet* anschrift wunsch inhabers moglich gultige*
        vergeben* arbeitet arbeiten beschaftigt tatig frau herr herrn gekundigt absolut weiterhin korrekt*
        schreibweise buchstaben empfangeradresse* benutzt* erfasst* eigentumers auftrag anfrage kunden inhaberin
        hiesig* unbefristet vollstandig unwiderruflich adressen adressiert* eingeben postalisch* elektronisch*""",
    "French": """
        le la les un une ce cette cet ces notre nos il elle est sont etait ete plus avec nom nomme nommee sous
        serveur systeme indique* specifie* demande* mentionne* messagerie electronique courrier que qui vous avez
        essaye contacter desole erreur permanente definitive definitivement car et ou au aux dans hote ci dessus
        referencee moins votre ne lettres tentez joindre ecrit personne cherche* saisi saisie chez en auquel
        laquelle lequel adressee par son titulaire entreprise societe employe voulez deja depuis longtemps etre
        numero domaine existante proprietaire mon ma mes ton sa ses leur leurs aupres envoyer ecrire ecrivez envoye
        essayez tenter essayer atteindre contactez aucun service services etablissement ecole universite pour dont
        lesquels celle celui ici parmi messageries nous connaissons connait pas aucune quelqu quelque tel telle
        tels telles meme electroniques organisme administration bureau departement association collegue
        collaborateur toujours jamais donc ainsi puisque parce raison motif cause message lettre email remis
        remettre remise livrer livre distribue distribution impossible retour retourne renvoye serveurs distant
        distante destination machine domaines existe existant avoir avons avait ont eu fait faire non merci hors
        monsieur madame bonjour orthographe depart parti partie correspondant* correspondante dispose introduit*
        saisie* saisies entre* tape* utilise* recherche* destine* fourni* precise* demande demandeur cordialement
        plateforme hebergement boites travaille travaillent fonction fermeture inconnues valables valable ecrite
        ecrivons ayant etant""",
    "Spanish, Portuguese, Italian, Catalan": """
        sui sugli el los las lo una este esta ese esa dicho dicha con nombre nuestro nuestra servidor sistema usted
        ha indicad* especificad* solicitad* fue sido porque al correo electronico aqui mas ya se de forma
        definitivamente os um uma esse essa com nome neste nesta nosso nossa voce informad* foi sao por correio
        eletronico mais gli uno questo questa quel nostro nostra specificat* indicat* richiest* sono stato stata
        perche piu postale elettronica errore che nei nostri sistemi presso ed correu electronica aquest aquesta
        amb no teu seu sua in permanentemente elettronico dado dada intenta intento contactar escribio escrito
        escribe buscado buscada titular su tal ningun persona empresa cliente tentou tentando contatar pelo pela
        procurad* informado digitad* endereco pessoa usuario cui cercato cerca raggiungere contattare scritto
        scrivi azienda dal dalla nel sul sulla della quella posta definitivo definitiva definitivament indirizzata
        suo propietario proprietario ufficio desde anos hace temos tenemos tiene mensaje mensagem messaggio
        entregado llamad* enviar envia enviado escribir escrever escreveu enviou para qual quem quien cual noi voi
        loro suoi tuo mio nuestros nuestras nossos nossas sistemas servidores organizacion organizacao
        organizzazione escuela universidad universidade universita scuola istituto instituto trabaja trabalha
        lavora destinado destinata quale alla alle allo agli dallo dai nello nella negli dentro hacia sobre entre
        como si sino dels pel per dominio llamada mismo misma mesmo mesma ninguno digitado digitato inserito hai
        avete ti vi lei tus sus vuestro alli nadie ninguna nenhum nenhuma tales stesso stessa nosotros hemos han
        siendo estan estava foram era sia siano stati state essere escola institucion instituicao istituzione
        oficina escritorio departamento dipartimento colega collega empleado empregado dipendente funcionario
        motivo razon razao ragione causa codigo codice carta lettera entregar entregarse entrega consegnare
        consegnato consegna recapitare recapito devuelto devolvido restituito destino destinazione remoto remota
        usada usado utilizada utilizado dominios digitata inserita introducida escrita fornecido fornecida
        proporcionada facilitada mencionado mencionada mencionata citado citada correspondente correspondiente
        corrispondente lamentablemente desafortunadamente infelizmente purtroppo desculpe spiacenti spiacente
        siento mai nunca jamas ja gia entonces quindi pues pois entao dunque dagli dalle degli delle dei di do dos
        num numa desta deste nostre hi aquests quest aixo nostres vostre bustia existente existentes esistente todo
        toda tutto ni nem tanto introducid* introducido ingresad* utilizad* proporcionad* facilitad* escrit*
        anotad* tecleada requerid* pretendid* colaborador* desligou deixou dejo pero porem inserit* utilizzat*
        digitat* fornit* menzionat* cercat* titolare propietari* proprietari* intestatario queste questi lamentamos
        perdona disculpe scusate definitiv* permanentement* irreversiblemente peticion pedido richiesta trabajan
        lavorano abandono salio saiu lasciato cuales quienes colui correspond* pretende inviare inviato mandar
        enderec* tentar intentar trata tratando volevi voleva""",
    "Dutch": """
        het een deze dit dat met naam onze ons wij systeem opgegeven vermelde zijn werd meer omdat helaas fout
        wordt van of probeert bereiken schrijft bedrijf persoon door eigenaar definitief haar bericht zoekt
        ingevoerde genoemde te bij aan uit hun mijn jouw geen hebben heeft versturen sturen schrijven schreef
        gestuurd organisatie afdeling gevraagde wie welke waar naar over tot zulke zo'n zulk dezelfde daar op voor
        onder om instelling universiteit kantoor medewerker werkt werkzaam langer reeds inmiddels dus daarom want
        reden oorzaak brief bezorgd afgeleverd bezorgen kan kon niet geldig computer domein servers bestaand
        bestaande geadresseerde ingetypte jij onbestelbaar teruggestuurd ingevoerd* ingegeven gebruikt* gewenst*
        gevraagd* vermeld* vertrokken verzoek hebt onjuist* gegeven eigenaar* klant contactpersoon""",
    "Polish": """
        serwerowi ten ta to taki* takie* nazwie naszym serwerze systemie podan* jest byl byla zostal* lub tym juz
        blad poczty elektroniczn* pocztow* na nas ktorego piszesz podanej nazwy serwera naszej domenie domeny
        trwale wlasciciela adresem osoba osoby firmie pocztowy wiadomosc ktorym ktora ktore od dla przez ze oraz
        pod jego jej ich nasza nasz nasze systemu serwer szkoly wlasciciel wpisany wpisz wysylasz wyslac napisac
        odbiorcza odbiorczej docelowy docelowa pan pani taka takiej takim takich mamy tej tego temu naszego szkole
        uczelni uniwersytecie instytucji organizacji biurze pracownik dawno niestety przykro poniewaz wiec dlatego
        powod przyczyna kod bledu list dostarczyc dostarczona dostarczono zwrocona zwrot odbiorczy odbiorczym
        podany podana podane podanym wskazan* wpisan* wymienion* lokaln* zdalny istnieje zostala zostalo zostaly
        zostal tam tu tutaj nigdy wiecej ostatecznie definitywnie bezpowrotnie panstwo naszemu naszych naszymi
        zyczenie zyczenia wlasciciel* wprowadzon* zadan* szukan* uzyt* pracuje pracowal odszedl odeszla firmy ktory
        prosbe prosby elektronicznej elektroniczny""",
    "Czech, Slovak": """
        tento tato toto timto tymto menom nazvem nasem serveru uveden* jsou nebo zde jiz uz posty elektronicke
        postovni takov* bol bola tomto jmenem ktera ktery kteremu pisete domene serveri trvale natrvalo vlastnikem
        adresou firme zpravu spravu jmena pre pro jeho nase nasom tohto teto tejto cilova cielova prijemce posilate
        posielate skoly postu emailova mailova takyto takovou takoveho takove tohle tuto tomuto nemame mame zadny
        bohuzel zial lituji lutujeme protoze pretoze proto duvod dovod chyba zprava sprava dopis dorucit dorucena
        dorucene nelze vracena doruceni skole univerzite institucii organizacii kancelari oddeleni zamestnanec
        davno definitivne nikdy vice viac cilovy cielovy lokalni lokalny vzdaleny zadane zadana uvedena uvedene
        pozadovan* existuje byt bylo bolo boli jejich uvedli zadali hledan* pouzit* vlastnik* zadost ziadost odesel
        odisiel nasi nasej nasich adresari adresare kterou ktorou jste ste kterych vami""",
    "Swedish, Danish, Norwegian": """
        det ett denna detta denne dette med namnet namn navnet navn pa vart vores var som du angav angivet angitt
        ar har blev ble og och eller lenger langre laengere til for godt hos oss serveren systemet post forsoker
        skriver kontakta foretag virksomhet laengre mere mer eier agaren eget domanet længere kontoen dig deg hans
        hennes deres till fra av af ved via sin sit sitt dere mailadresse sender prover forsoger kontrollera
        angivna angitte angivne foretaget firmaet skolan skolen mottagarens fran ingen nagon noen nogen slik sadan
        sadana sadant sant saadan sliket derfor eftersom fordi darfor orsak arsag arsak grunn skal beskjed besked
        brev meddelande meddelandet melding meldingen levere levereras leveret levert retur returneras tyvarr
        desverre desvarre beklager beklagar skola universitet avdelning avdeling kontor kollega medarbetare ansatt
        ansat anstalld lengre allerede redan langsedan aldri aldrig endelig slutgiltigt varigt domanen domænet bruk
        brug blevet blitt hade havde hadde kunne kunde ikkje noe dej jer vad hvad hva oppgitte opgivne givna
        naevnte nevnte tastet indtastede skrevet fant fann fandt angiven indtastet inntastet skrev skrivit skickade
        sendte sokte sogte onskade onskede begaran anmodning foresporsel agare ejer ejeren eieren arbetar arbejder
        arbeider slutade vara vare""",
    "Turkish": """
        icin dolayi oldugu oldugundan bu bir boyle adli isimli sunucuda sistemde belirtilen girilen veya artik
        burada sunucumuzda belirttiginiz yazdiginiz kisi sistemimizde adinda adresine kalici olarak sahibi
        tarafindan sunucu adres adreste adresteki kime ait olan gonderdiginiz yazilan hesabin sirket okul ile
        sistem hicbir sirketimizde kurum kurumumuzda birim calisan kayitlarimizda nedeniyle neden sebep cunku mesaj
        iletiniz ileti teslim edilemedi iade hata maalesef uzgunuz zaten uzun zamandir bizde bizim sunucumuz alan
        e-posta elektronik istenen adi etmek hic degildir isimde girdiginiz aranan kullanilan sahibinin istegiyle
        isteginiz uzerine calismiyor ayrildi ayrilmis sunucularimizda sistemlerimizde kisiye""",
    "Hungarian": """
        az ez ezen ilyen nevu szerveren kiszolgalon megadott adott vagy itt mar ehhez azzal cimhez cimmel
        rendszerben rendszerunkben ceg neve nev elektronikus levelezo keresett irt ezzel nevvel cimen nalunk egy
        ezt azt ennek annak szerverunkon cegnel cegunknel iskola egyetem intezmeny szervezet osztaly munkatars
        dolgozo tobbe tobbet vegleg veglegesen sajnos mert ezert oka ok hiba uzenet level kezbesitheto kezbesites
        regen soha lett volt vannak hogy postai helyi tavoli kiszolgalo szerver letezo altal on megadta beirt kert
        kivant tulajdonos tulajdonosa keresere rendszerunk dolgozik kilepett elment""",
    "Romanian": """
        acest aceasta acesta cu numele nume pe serverul nostru specificat sunt sau aici postala fost definitiv
        sistemul care ati dumneavoastra pentru catre din compania serviciu scris introdus domeniul acel aceea
        astfel sub noastra companie scoala universitate institutie organizatie birou angajat persoana nu demult
        niciodata pacate regret deoarece ca motiv motivul cauza cod eroare mesajul scrisoare livrat livrare
        returnat indicat indicata indicate mentionat introdusa cautat destinatie exista avem ai ale va introduse
        furnizat furnizata solicitat folosit utilizat proprietar proprietarul cererea lucreaza plecat""",
    "Bosnian, Croatian, Serbian, Slovene": """
        takav takvog taj ovaj ovom tem posluzitelju strezniku tim imenom ali vise vec takva takvo takve takvu
        takvom ova ovo ove ovoj tog tom tega taksen taksnega taksna pri nasoj sistemu sustavu tvrtki firmi skoli
        univerzitetu sveucilistu ustanovi organizaciji zaposlenik nazalost zal zbog zato razlog greska poruka pismo
        isporuciti isporucena dostaviti navedena navedeni naveden zadani trazeni trajno konacno zauvijek nikad
        nikada bio bila bilo biti za iz domeni domenu imamo nimamo ima nisu elektronske poste postanski naveli
        unijeli uneli trazili vnesli vpisani zahtev zahtjev zahtevo vlasnika lastnika radi dela otisao napustio
        uneta unesena""",
    "Estonian, Finnish": """
        tama tata taman tallaista sellist see seda nimella palvelimella jarjestelmassa annettu tai taalla enaa
        sahkoposti serveris enam kaytosta eika sita ole talta silla jolle joka jonka kirjoitit yritys yrityksen
        palvelin palvelimelta palvelimelle jarjestelma meilla antamasi annettua nimi sellaista selline niisugust
        niisugune selle sellel nimega nimelist meil meie siin seal juures palvelimessa yrityksessa organisaatiossa
        koulussa yliopistossa laitoksessa henkilo tyontekija valitettavasti kahjuks koska seetottu sest syy pohjus
        virhe viga koodi kood viesti kiri toimittaa toimitettu palautettu tuli pysyvasti lopullisesti jaadavalt
        ammu ikina koskaan kohde paikallinen meidan tahan tallainen tuota antamaasi mainittu susteemis ettevottes
        koolis ulikoolis asutuses oli ollut olla olnud vastaavaa kirjoittamaasi syottamaasi etsimaasi kayttamaasi
        pyynnosta omistajan palvelimeltamme jarjestelmastamme tyoskentele tyoskentelee sisestatud antud soovitud
        omaniku""",
    "Latvian, Lithuanian": """
        toks tokio tads sis sads siame serveryje nera ir tokia tokios tokiu siuo sios sioje sistemoje musu mus
        imoneje mokykloje universitete istaigoje organizacijoje darbuotojas asmuo nes todel priezastis klaida kodas
        laiskas pristatyti negalima grazintas visam laikui galutinai seniai niekada nebe jau yra buvo vardu
        pavadinimu nurodyt* adresu tada tadu sadu sada pie mums uznemuma iestade organizacija darbinieks diemzel
        tapec iemesls kluda kods vestule piegadat nevar atgriezta neatgriezeniski sen nekad bija noradit*
        lietotajam vairs""",
    "Greek": """
        το οι αυτος αυτη αυτο με ονομα στον στο στη διακομιστη και ειναι που τετοιος τετοια τετοιο τετοιον τον την
        του της τα τις των ενας μια ενα αυτον αυτην μας σας συστημα διακομιστης εταιρεια σχολη πανεπιστημιο
        οργανισμος ιδρυμα γραφειο τμημα υπαλληλος ατομο δυστυχως λυπουμαστε επειδη διοτι γιατι λογος αιτια σφαλμα
        κωδικος μηνυμα επιστολη παραδοθει επιστροφη πλεον πια οριστικα μονιμα ηδη ποτε εχει εχουμε ηταν σε απο προς
        για οτι καθορισμεν* συγκεκριμεν* εδω τομεας ηλεκτρονικου ταχυδρομειου πληκτρολογησατε δωσατε εισαγαγατε
        ζητησατε αναφερατε ζητουμεν* δοθεισα χρησιμοποιησατε ιδιοκτητη ιδιοκτητης αιτημα εργαζεται""",
    "Russian": """
        этот эта это тот так* именем этом данном нашем сервере указан* или по больше нас на почтов* был была было
        владельцем электронн* почты вами указанному указанным адресом системе нашеи которому пишете сервера домене
        навсегда владелец компании сообщение письмо доставлено такому нем либо котор* вы отправляете письма
        организации школе системы сервер домена имени данныи данная данного электроннои нему ним сотрудник уже
        данному такои такая такого таким нету тут здесь там нами вас вам ему его ее их он она оно мы под от для из
        до при фирме университете институте учреждении отделе офисе лицо увы сожалению простите потому поэтому так
        как причина ошибка код сообщения доставить доставка невозможна возвращено окончательно безвозвратно давно
        никогда нигде местныи удаленныи целевои введенныи запрошенныи искомыи упомянутыи названныи которыи которая
        быть есть стал уволился назад более принадлежит просьбе просьбы владельцы владельца введенного запрашиваем*
        использованныи работает сервису сервисе заявке ввели обращаетесь учетных""",
    "Ukrainian": """
        цеи ця це іменем цьому сервері вказан* або поштов* адресою електронн* пошти вказаною вказаному системі
        нашіи домені назавжди власником котр* якии яка яке якому ви системи домену більше вже дании дана компаніі
        такии така такоі нема иого іі іх він вона ми під від організаціі фірмі школі університеті установі відділі
        працівник особа жаль вибачте тому помилка лист листа повідомлення доставити повернено остаточно
        безповоротно ніколи місцевии вказании зазначен* введен* був була належить імені прохання проханням власника
        введении введена запитуван* шукании працює звільнився звільнении надсилаєте""",
    "Bulgarian, Macedonian": """
        такъв този тази пощенск* това име таков сървър са няма такава такова такива тук ние нашия нашата нашият
        сървъра системата фирмата организацията училище университет институция служител лице съжаление за да със
        грешка писмо съобщение доставено върнато окончателно завинаги отдавна вече никога местен посочен* въведен*
        беше бил била има името пощенската пощенски кутия електронна поща овој оваа нашиот системот адреса
        въведохте търсен* посочихте собственик собственика работи напусна молба""",
    "Hebrew": """
        זה זו הזה הזו בשם בשרת של את כזה כזו זאת אצלנו שלנו במערכת השרת מערכת ארגון חברה בארגון בחברה אדם עובד
        לצערנו כי לכן סיבה שגיאה קוד הודעה מכתב למסור נמסרה הוחזר לצמיתות כבר מזמן יותר עוד מעולם כאן שם עם על אל
        הוא היא היה הייתה יש הזאת הדואר דואר אלקטרוני שצוין האלקטרוני שהזנת שהוזנה שהוקלדה המבוקש המבוקשת הרשומה
        לבקשת הבעלים""",
    "Arabic": """
        هذا هذه الخادم الذي على في بهذا بهذه الاسم باسم اسم لدينا عندنا هنا من الى عن مع النظام نظام الشركة الموسسة
        الجامعة المدرسة المنظمة شخص موظف للاسف عذرا لان لذلك السبب خطا رمز رسالة الرسالة تسليم تسليمها نهاييا دايم
        سابقا ابدا قد كان هو هي تم المحدد المذكور المطلوب البريد الالكتروني الكتروني اي ذلك بعد ادخلته ادخلتها
        المدخل المطلوبة طلب صاحب صاحبه الالكترونية""",
    "Persian": """
        این با نام در چنین هیچ است نیست از به که را ما شما سیستم سرور شرکت سازمان دانشگاه مدرسه متاسفانه زیرا دلیل
        کد پیام ایمیل نامه تحویل برگشت برای همیشه دیگر هرگز کارمند مورد نظر وارد اینجا نامی شده کردید ایمیلی
        الکترونیکی مقصد""",
    "Vietnamese": """
        nay tren chu thong trong cua ban duoc cho toi anh em dang gui thu dien may-chu cong nguoi hoac khong co
        chung ty chuc truong hoc nhan vien rat tiec nen ly loi tin chuyen tra lai vinh lau bao gio nao chi dinh
        nhap bi vao yeu cau huu lam viec nghi""",
    "Indonesian, Malay": """
        ini itu pada dengan nama yang anda kami mel tuju dituju kirim surat oleh milik pemilik perusahaan syarikat
        sudah lagi untuk ke dan atau pelayan telah tersebut demikian begitu kita dalam organisasi sekolah
        universitas universiti institusi kantor karyawan orang maaf sayangnya karena sebab alasan kesalahan ralat
        kode pesan terkirim dikirim dikembalikan pernah tujuan lokal dimaksud diberikan dimasukkan dari permanen
        selamanya pos masukkan tulis tertera permintaan bekerja diminta""",
}
"""Languages that put blanks between words."""

JOINED: Mapping[str, str] = {
    "Chinese": """
        輸入 並 并 所 您所 輸 入 於 於本 填写 填寫 使用的 永久地 要求 应 應 拥有者 所有者
        的 在 此 本 该 該 这 這 个 個 上 中 里 内 系统 系統 服务器 伺服器 您 你 所 请 请核对 是 已 被 了 我们
        与 和 或 收 目标 对方 原因 退信 投递 失败 邮件 郵件 发送 到 域 网 拼写 电子 電子 件 地 指定 输入 中的
        于 于是 请检查 不 有 无 名 为 一个 任何 箱 人 者 户 用 信 尝试 联系 收件方 查询 系 统 主 永久 已经 經
        已經 员 的邮件 发往 寄往 发至 发给 因 因为 由于 退回 回 送 寄 往 给 發 給 被退
        理由 状态 狀態 结果 回复 以下 如下
        要 想 你们 您们 正确的 写 正 式 公司 学校 单位 離職 离职""",
    "Japanese": """
        済み 送り いただい お送り の為 記載 ご入力 お探し 希望
        この その あの に には は が を の も と で では へ から まで です ます した しました ました
        されました ください お客様 ご 指定 入力 された 先 宛 メール 電子 サーバ サーバー サーハ ー 様 者 ため
        ので または および 等 該当 が、 て い る り れ ん せ ま し た つ か さ き な ら こ ち 上 内 中 存在
        送信 配信 配送 エラー 名 ご利用 御 よう そ う ディレクトリ リスト 探し 当 弊社 現在 使用 え け げ お
        同 又 へ方 方 ユーザー 理由 原因 状態 結果 事由 次 下記 以下
        よりあ お送り いただ 送 弊 会社 退職 貴""",
    "Korean": """
        므로 이므로 전달 배달 못 못했 했 때문에 되어 보내 신
        의 를 을 이 가 은 는 에 에서 와 과 로 으로 해당 그런 이런 그 저희 서버 시스템 메일 이메일 전자 우편
        습니다 니다 음 입니다 다 하지 되지 지 않 았 었 님 귀하 입력 하신 지정 된 한 존재 등록 수 없 있 주소
        찾으시는 입력하신 당사 습 니 고객 님의 메일서버 찾 사유 이유 원인 결과 다음
        회원 탈퇴한
        보내 려는 하려는 회사 주인 소유자 것 입니 하는 시""",
    "Thai": """
        ระบุ เรา คุณป้อน ที่คุณ กรอก ป้อน ต้องการ
        ที่ นี้ ใน บน ของ เซิร์ฟเวอร์ ระบบ อีเมล ชื่อ ไม่ ได้ ถูก แล้ว ดังกล่าว คุณ จะ""",
    "Hindi": """
        यह इस में पर है हैं का की के सर्वर ईमेल नहीं""",
}
"""Languages that put none, or endings to their words."""
