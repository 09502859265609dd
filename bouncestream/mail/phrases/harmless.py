# SPDX-License-Identifier: GPL-3.0-or-later
"""Words beside which "not there" keeps its meaning. Any other may turn it ("on this node", "SASL user", "not yet"),
so a clause that has one is no proof.

Written as in `abroad`; a stem ends with "*". The words of `composed` and `abroad` are known anyway. November 2026.
"""

from __future__ import annotations

from collections.abc import Mapping

SPACED: Mapping[str, str] = {
    "English": """
        the a an this that these those any all each such there here it its he she they their his her we us our
        ours i me my you which who whom one ones same is are was were be been being am has have had s t isn
        doesn d m ll re ve specified given requested indicated supplied provided named called intended desired
        mailed wrote write writing written sending typed used addressed contacted trying tried attempted
        attempting looking looked chosen mentioned entered reach reached delivered deliver delivery delivering
        deliveries failed failure failing fail fails error errors undeliverable undelivered rejected reject
        rejecting rejection refused bounced bounce returned permanent permanently fatal sorry unfortunately
        afraid anymore more longer ever ago already year years last good after local virtual valid active
        existing real final remote target electronic e postal smtp esmtp lmtp imap pop exact correct known
        actual provider university school department office premises end under as marked because so thus
        therefore hence and or too also please action aborted following reason due code status diagnostic dsn
        rfc permfail perm said reply response exists found goes does points names gone left deleted just
        simply note namely hosted registered table tables recognized recognised mistyped know anybody
        available pm msexch mts original dd etc dictionary validrcptto spelling thank""",
    "German": """
        der die das den dem des ein eine einen einem einer dieser dieses diesen diesem diese ihnen es er sie
        wir uns unser unsere unserem unserer mit namen name fur hier dort ist sind war wurde wurden werden worden
        hat         haben leider daher weil und oder server system systemen rechner angegebene* genannte* gesuchte*
        gewunschte* mehr dauerhaft endgultig fehler zustellung fehlgeschlagen lokale* von vor einiger zeit
        unternehmen firma haus konto mail e adresse nachricht konnte zugestellt bei unter ihre ihr welche sich
        permanenter angeschriebene* angeschriebenen mailserver mailsystem erreichen schreiben namens postfachs
        benutzername* lautet nachricht* domane deren dessen eingegebene* gesendet senden permanent
        adressierte* person zu nutzer gewahlte* angefragte* am im vom seit langem eigentumer inhaber
        ausgeschieden tippfehler
        aus sein seine seinem seiner ihrem ihrer ihren an zum zur als auch nun bereits jetzt euch euer nicht
        welcher gerichtet kontaktieren verschickt schrieben adressieren versuchen versucht eingegeben
        eingegebenen tippen gemass laut einrichtung schule universitat verein abteilung mailbox domain
        personen niemand""",
    "French": """
        le la les l un une ce cette cet ces notre nos il elle est sont etait a ete plus avec nom nomme nommee
        sous serveur systeme indique* specifie* demande* mentionne* messagerie electronique courrier que qui
        vous avez essaye contacter desole erreur permanente definitive definitivement car et ou au aux dans
        hote ci dessus referencee moins mail votre adresse ne d lettres tentez joindre ecrit personne cherche*
        saisi saisie nommé chez en auquel laquelle lequel adressee par son titulaire entreprise societe
        employe voulez deja depuis longtemps etre numero local domaine existante
        proprietaire mon ma mes ton sa ses leur leurs aupres envoyer ecrire ecrivez envoye essayez tenter
        essayer atteindre contactez aucun service services organisation etablissement ecole universite pour
        dont lesquels celle celui ici parmi messageries""",
    "Spanish, Portuguese, Italian, Catalan": """
        el la los las lo un una este esta ese esa dicho dicha con nombre nuestro nuestra servidor sistema que
        usted ha indicad* especificad* solicitad* es son fue sido porque y o al error permanente correo
        electronico aqui mas ya postal se le de forma definitivamente a os as um uma esse essa com nome neste
        nesta nosso nossa voce informad* foi sao por correio eletronico mais existe il gli i uno questo questa
        quel nostro nostra specificat* indicat* richiest* sono stato stata perche qui piu postale elettronica
        errore che nei nostri sistemi presso e ed mail correu electronic electronica aquest aquesta amb nom no
        teu seu sua in permanentemente elettronico dado dada intenta intento contactar escribio escrito
        escribe buscado buscada titular su en tal ningun persona empresa cliente tentou tentando contatar pelo
        pela procurad* informado digitad* endereco pessoa usuario cui cercato cerca raggiungere contattare
        scritto scrivi azienda dal dalla nel sul sulla della quella posta definitivo definitiva definitivament
        indirizzata suo propietario proprietario ufficio jamais desde anos hace temos tenemos tiene mensaje
        mensagem messaggio entregado llamad*
        enviar envia enviado escribir escrever escreveu enviou para qual quem quien cual noi voi loro suoi tuo mio
        nuestros nuestras nossos nossas sistemas servidores organizacion organizacao organizzazione escuela
        universidad universidade universita scuola istituto instituto trabaja trabalha lavora destinado
        destinata quale alla alle allo agli dallo dai nello nella negli dentro hacia sobre entre como si sino
        dels pel per dominio llamada mismo misma mesmo mesma ninguno digitado digitato inserito hai avete avez
        ti vi lei tus sus vuestro""",
    "Dutch": """
        de het een deze dit dat met naam onze ons wij systeem server opgegeven vermelde is zijn was werd meer
        omdat helaas fout e mail hier er wordt van en of u probeert bereiken schrijft mailserver bedrijf
        persoon door eigenaar permanent definitief haar bericht zoekt ingevoerde genoemde
        te bij aan uit hun mijn jouw geen hebben heeft had mailbox versturen sturen schrijven schreef gestuurd
        organisatie school afdeling gevraagde wie welke waar naar over tot""",
    "Polish": """
        ten ta to taki* takie* o nazwie naszym serwerze systemie podan* jest sa byl byla zostal* lub z tym juz
        blad poczty elektroniczn* pocztow* w na u nas i a ktorego piszesz podanej nazwy serwera system naszej
        domenie domeny trwale wlasciciela adresem osoba osoby firmie e pocztowy wiadomosc
        ktorym ktora ktore do od dla przez ze oraz pod jego jej ich nasza nasz nasze systemu serwer szkoly
        wlasciciel wpisany wpisz wysylasz wyslac napisac odbiorcza odbiorczej docelowy docelowa firma pan pani""",
    "Czech, Slovak": """
        tento tato toto s timto tymto menom nazvem nasem u nas serveru systemu zadan* uveden* je jsou nebo v
        zde jiz uz posty elektronicke postovni takov* byla byl bol bola na tomto jmenem ktera ktery kteremu
        pisete domene serveri systeme trvale natrvalo vlastnikem adresou osoba firme zpravu spravu jmena
        pod pre pro od do ze jeho jej ich nase nasom tohto teto tejto cilova cielova prijemce posilate
        posielate firmy skoly postu emailova mailova""",
    "Swedish, Danish, Norwegian": """
        den det en ett denna detta denne dette med namnet namn navnet navn pa vart vores var som du angav
        angivet angitt er ar har blev ble og och eller her lenger langre laengere til for godt hos oss os i
        server serveren systemet e post forsoker na skriver kontakta firma foretag virksomhet person permanent
        laengre mere mer eier agaren eget domanet
        længere kontoen
        vi dig deg dem hans hennes deres till fra av af ved via sin sit sitt dere adresse adressen mail
        mailadresse sender prover forsoger forsøker kontrollera angivna angitte angivne foretaget firmaet
        skolan skolen personen mottagarens""",
    "Turkish": """
        bu bir boyle adli isimli sunucuda sistemde belirtilen girilen ve veya posta artik burada sunucumuzda e
        belirttiginiz yazdiginiz kisi sistemimizde adinda adresine kalici olarak sahibi tarafindan sunucu
        adres adreste adresteki kime ait olan gonderdiginiz yazilan hesabin sirket okul icin ile da de den
        sistem""",
    "Hungarian": """
        az a ez ezen ilyen nevu szerveren kiszolgalon megadott adott van es vagy itt mar e mail
        ehhez azzal cimhez cimmel rendszerben rendszerunkben ceg neve nev elektronikus levelezo keresett irt""",
    "Romanian": """
        acest aceasta acesta cu numele nume pe serverul nostru specificat este sunt si sau aici mai postala a
        fost
        definitiv definitiva permanent serverul sistemul in
        care cui ati dumneavoastra pentru catre la de din o un compania firma serviciu scris introdus domeniul""",
    "Bosnian, Croatian, Serbian, Slovene": """
        takav takvog taj ovaj ta na ovom tem serveru posluzitelju strezniku s tim imenom je su ali in i u vise
        vec""",
    "Estonian, Finnish": """
        tama tata taman tallaista sellist see seda nimella palvelimella jarjestelmassa annettu ja tai taalla
        enaa sahkoposti serveris enam on
        kaytosta eika sita ole
        talta silla jolle joka jonka kirjoitit yritys yrityksen palvelin palvelimelta palvelimelle jarjestelma
        meilla antamasi annettua nimi sellaista""",
    "Latvian, Lithuanian": """
        toks tokio toda tads sis sads siame serveryje serveri nera ar un ir""",
    "Greek": """
        ο η το οι αυτος αυτη αυτο με ονομα στον στο στη διακομιστη και ειναι που""",
    "Russian": """
        этот эта это тот так* с именем этом данном нашем сервере указан* и или в по больше у нас на почтов*
        был была было владельцем электронн* почты вами указанному указанным адресом системе нашей которому
        пишете сервера домене навсегда владелец компании сообщение письмо доставлено такому нем
        либо котор* вы отправляете письма организации школе системы сервер домена имени данный данная данного
        электронной нему ним сотрудник уже""",
    "Ukrainian": """
        цей ця це так* з іменем цьому сервері вказан* і або у в поштов* адресою на електронн* пошти вказаною
        вказаному системі нашій сервера домені назавжди власником
        котр* який яка яке якому ви пишете системи сервер домену більше вже даний дана компанії""",
    "Bulgarian, Macedonian": """
        такъв този тази пощенск* в на с това име таков сървър и сервер са е""",
    "Hebrew": """
        זה זו הזה הזו בשם בשרת של את""",
    "Arabic": """
        هذا هذه الخادم الذي على في""",
    "Persian": """
        این با نام در""",
    "Vietnamese": """
        nay o tren chu he thong trong voi ten cua ban da duoc email mail
        cho ma toi anh em dang gui den thu dien tu may-chu cong nguoi la va hoac van""",
    "Indonesian, Malay": """
        ini itu di pada dengan nama yang anda kami server sistem e mel
        tuju dituju kirim surat elektronik oleh milik pemilik perusahaan syarikat sudah lagi untuk ke dan atau
        pelayan telah""",
}
"""Languages that put blanks between words."""

JOINED: Mapping[str, str] = {
    "Chinese": """
        的 在 此 本 该 該 这 這 个 個 上 中 里 内 系统 系統 服务器 伺服器 您 你 所 请 请核对 是 已 被 了 我们
        与 和 或 收 目标 对方 原因 退信 投递 失败 邮件 郵件 发送 到 域 网 拼写 电子 電子 件 地 指定 输入 中的
        于 于是 请检查 不 有 无 名 为 一个 任何 箱 人 者 户 用 信 尝试 联系 收件方 查询 系 统 主 永久 已经 經
        已經 员 的邮件 发往 寄往 发至 发给 因 因为 由于 退回 回 送 寄 往 给 發 給 被退
        理由 状态 狀態 结果 回复 以下 如下
        要 想 你们 您们 正确的 写 正 式 公司 学校 单位 離職 离职""",
    "Japanese": """
        この その あの に には は が を の も と で では へ から まで です ます した しました ました
        されました ください お客様 ご 指定 入力 された 先 宛 メール 電子 サーバ サーバー サーハ ー 様 者 ため
        ので または および 等 該当 が、 て い る り れ ん せ ま し た つ か さ き な ら こ ち 上 内 中 存在
        送信 配信 配送 エラー 名 ご利用 御 よう そ う ディレクトリ リスト 探し 当 弊社 現在 使用 え け げ お
        同 又 へ方 方 ユーザー 理由 原因 状態 結果 事由 次 下記 以下
        よりあ お送り いただ 送 弊 会社 退職 貴""",
    "Korean": """
        의 를 을 이 가 은 는 에 에서 와 과 로 으로 해당 그런 이런 그 저희 서버 시스템 메일 이메일 전자 우편
        습니다 니다 음 입니다 다 하지 되지 지 않 았 었 님 귀하 입력 하신 지정 된 한 존재 등록 수 없 있 주소
        찾으시는 입력하신 당사 습 니 고객 님의 메일서버 찾 사유 이유 원인 결과 다음
        회원 탈퇴한
        보내 려는 하려는 회사 주인 소유자 것 입니 하는 시""",
    "Thai": """
        ที่ นี้ ใน บน ของ เซิร์ฟเวอร์ ระบบ อีเมล ชื่อ ไม่ ได้ ถูก แล้ว ดังกล่าว คุณ จะ""",
    "Hindi": """
        यह इस में पर है हैं का की के सर्वर ईमेल नहीं""",
}
"""Languages that put none, or endings to their words."""
