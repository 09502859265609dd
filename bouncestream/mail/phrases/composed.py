# SPDX-License-Identifier: GPL-3.0-or-later
"""What a clause says: whose thing (subject) is how (state). Only the recipient's mailbox or domain that is not
there, or gone, is hard. The English tables; `abroad` has those of other languages, `tagging` finds both in a text.

Sources: RFC 5321 section 4.2.2 and RFC 3463 section 3.2, in as many words as servers have for them; November 2026.
A word that ends with "*" may go on ("recipient*" is "recipients" too).
"""

from __future__ import annotations

from collections.abc import Mapping

from bouncestream.mail.phrases.clauses import listed

ENGLISH: Mapping[str, str] = {
    # Subjects
    "mailbox": """
        letterbox, letter box, pigeonhole, pupil*, user, users, box, rcpt, username, mailbox*, recipient*,
        addressee*, account, accounts, address, addresses, email, e mail, inbox, people, customer*, subscriber*,
        alias, aliases, destination, local part, login, mail drop, maildrop, userid, reader*, member*, employee*,
        name, id, owner, student, delivery point, tenant, principal, holder, user record*, account record*, mailbox
        record*, recipient record*""",
    "domain": """
        domain*, host, host name, hostname, mail domain, destination system, destination server, mail exchanger, mx
        record*, domain name, domain part""",
    "sender": """
        it is you, you who, reply path, reverse path, bounce path, sending application, sending program, sending
        system, from which you, from where you, from whom you, which you use, you wrote from, you send from, you
        mail from, does not know you, do not know you, not known to you, you are unknown, you are an unknown, you
        gave, you claim, you use, you announce*, you log in, you connect, you come from, you presented, sender*,
        return path, return address, reply address, from address, reply to, mail from, envelope from, originator*,
        header from, sent from, send from, sending from, writing from, write from, wrote from, mailing from, you
        sent, su direccion, su cuenta, su correo, su dominio, su buzon, from header, bounce address, sending
        address, sending domain, sending host, sending user, mailfrom, you are not, you are no, you have no, you do
        not have, from user, author, source address, originating""",
    "client": """
        password*, sieve, fileinto, ourhost, callback, callout, client, clients, helo, ehlo, ptr, rdns, reverse, ip,
        ips, connecting, remote host, sending server, mta, peer, my name, your side, sasl, auth, authentication,
        credentials, smarthost, relay user, logging in, login failed, setuid, setgid, getpwnam, chown, uid, gid,
        vmail, system user, unix user, called vmail, called nobody, called root, called postfix, called dovecot,
        called cyrus, called daemon, called exim, called amavis, called vscan, called clamav, called mailman, called
        spamd, called mail""",
    "yours": "your",
    "elsewhere": "otherhost, otheraddress, elsewhere, upstream",
    "list": """
        distribution list, list, lists, group, groups, newsgroup, groupe, grupo, gruppe*, gruppo, groep, группа""",
    "content": """
        message*, mail, mails, header*, body, content*, subject, file type, signature, contains, mime type, spam,
        virus, letter, letters""",
    "record": """
        virtual host*, contact, forwarding address*, forward address, forwarding, forward, forwards, redirect*,
        expands, expand, subscription*, path, folder*, page, pages, licence*, license*, node*, replica*, cluster*,
        partition*, region*, shard*, data centre*, data center*, billing, contacts, contact list, token*, office,
        snapshot*, copy, route, script*, agent, directory, directories, database*, file, files, table*, record*,
        ldap, key*, cache, selector*, certificate*, lookup, look up, dns, map, maps, backend*, entry point, balance,
        policy, schema, home directory, address book, spool, query, count*, threshold*, format*, rate, rates,
        class*, profile*, attribute*, template*, rule*, store*, volume*, module*, plugin*, object*,
        benutzerdatenbank, active directory, relation, row, rows, maildir*, resolver*, accounting, accountant*,
        datenbank, verzeichnis, annuaire, base de donnees, redirect target user""",
    "system": """
        migration*, migrac*, migraz*, synchroni*, backup*, sicherung*, post office, server, servers, serveren,
        serverul, system*, service*, connection*, session*, disk*, queue*, device*, host key, process*, method*,
        program*, time, limit*, machine*, site, sites, organisation*, organization*, company, rechner*, maquina,
        macchina, sitio, empresa, entreprise, firma, firmie, firmy, foretag*, skola, skolan, line, lines, type,
        port, encoding, serveur*, servidor*, serveris, сервер*, sunucu*, szerver*, may chu, palvelin*, charset,
        transport*, network, gateway*, relay, relaying, serwer*, mailserver*, mailsystem*, poslu*, sustav*, tjener*,
        jarjestelm*, palvelim*, систем*, διακομιστ*, συστημα*, сървър*, he thong, error*, request*, компани*,
        организац*, cipher*, mechanism*, relay domain*, sistema, sistemi, sistemul*""",
    "part": """
        attachment*, link*, url*, refers, mentions, message id, website*, embedded, in signature, header*, field*,
        signature, im from, im header, im betreff, in to, in from, in subject, in the subject, in the message, in
        body, in the body, header to, user agent, in your letter, in your message, in your mail, in your text, in
        ihrer nachricht, in ihrer mail, dans votre message, en su mensaje, na sua mensagem, nel vostro messaggio, in
        uw bericht""",
    "protocol": "command*, parameter*, syntax, sequence, triplet*, protocol*, option*, argument*, verb",
    # What is not there, by where its subject stands: before it, behind it, on either side.
    "not there <": """
        belongs to nobody, belong to anybody, belong to anyone, not one of the, not among our, not among the, not
        among its, not among their, does not exist, do not exist, not exist, not exists, not existing, no exist, no
        exists, dosn t exist, does not appear to exist, does not seem to exist, never existed, not found, no found,
        notfound, could not be found, cannot be found, could not be located, cannot be located, not located, could
        not be identified, could not be resolved, cannot be resolved, does not resolve, could not be matched, cannot
        be matched, is missing, went missing, is not hosted on, not known, not recognized, not recognised, not
        registered, not listed, not on file, is not ours, are not ours, not present, not here, not on this server,
        not on this system, not on this machine, not on our system, not at this site, not defined, not configured,
        not assigned, not allocated, does not have an account, does not live here, does not reside, no longer there,
        not hosted here, not served here, not handled here, not hosted on this, not in our, not in the, not in my,
        not part of this, not in directory, not in recipient, not in user, not matched, not provisioned, does not
        match any, do not match any, did not match, does not belong to any, does not belong to a, does not belong to
        this, does not belong to our, was unknown, not valid, not a user, not been created, misspelled, mismatched,
        incorrectly addressed, not in name directory, not one of our, not one we have, is dead, went away, never
        known, unlisted, never created, never set up, never assigned, never opened, never issued, never registered,
        never allocated, never configured, never provisioned, never been created, never been set up, never been
        assigned, not set up, is not there, not been set up, not to be found, nowhere to be found, not an employee,
        no longer an employee, must exist, does not have a valid, does not point to""",
    "not there >": """
        was never a, was never an, no trace of, no sign of, never been a, never had a, never had an, never had any,
        have never had, has never had, no, no such, no valid, no active, no known, no local, no existing, no entry
        for, no record of, no match for, no matching, not any, not any known, bad, wrong, illegal, incorrect, not a,
        not an, not a valid, not an existing, not a known, not a registered, not a recognized, not valid, cannot
        find, unable to find, not find, cannot locate, unable to locate, not locate, cannot identify, could not
        identify, has no, has no such, does not have a, do not have a, not have any, do not have, does not have, do
        not know, does not know, do not recognize, does not host, do not host, not handle mail for, not user of,
        does not contain""",
    "not there =": """
        imaginary, fictitious, made up, phantom, bogus, void, dead, unknown, non existent, non existing,
        nonexistent, nonexisting, unallocated, invalid, undefined, unrecognized, unrecognised, unroutable,
        unrouteable, unresolvable""",
    "gone <": """
        closed for lack, closed for ever, closed for inactivity, was shut, been shut, shut for good, account ended,
        has ended, destroyed, shredded, obliterated, scrapped, struck off, been axed, went with, thrown out, torn
        out, done away with, no more, wound up, is not used, no longer exist*, no longer valid, no longer available,
        no longer in use, no longer used, no longer active, no longer here, no longer on, no longer with, no longer
        at, no longer employed, no longer work*, no longer associated, no longer part of, no longer accepts mail, no
        longer accepts email, no longer has, no longer in service, no longer supported, no longer in operation, not
        in use, not used any more, not exist any more, not exist any longer, has gone away for good, is closed,
        closed for good, been discontinued, was given up, been given up, given up by, been abandoned, been dropped,
        left the company, left our, left the school, left the firm, left the business, left the institution, left
        the college, left company, left the organization, left the organisation, left this company, left the
        university, is deceased, passed away, has departed, left us, was wiped, been wiped, taken down, was
        destroyed, been destroyed, was shut down, been shut down, been withdrawn, was withdrawn, been dissolved, was
        dissolved, was abandoned, was discontinued, no longer registered, no longer hosted, no longer known, no
        longer assigned, no longer listed, no longer served, ceased to exist, ceased to be, out of existence""",
    "gone =": """
        abolished, expunged, liquidated, annulled, withdrawn, deleted, closed, removed, cancelled, canceled,
        terminated, purged, retired, decommissioned, erased, gone""",
    "nobody": """
        nothing is known, nothing known, nobody by, nobody here by, nobody here with, nobody here called, nobody
        here named, nobody here is called, nobody is called, who goes by, goes by the name, is nobody at, s nobody
        at, nobody with, nobody called, nobody named, nobody here of, nobody has, nobody at this address, anyone
        called, anyone named, anyone by, not our customer, not one of our customers, no mail account, no mail user,
        no mail address, no mail box, not one of ours, none of ours, there is nobody at this address, there s nobody
        at this address, not our user, not one of our users, nobody uses, nobody reads, unrouteable address,
        unroutable address, nosuchuser, userunknown, unknownuser, recipnotfound, recipientnotfound, vanished from
        here, not anyone we know, nobody we know, do not know anybody, do not know anyone, know nobody""",
    "no such domain": """
        nxdomain, unrouteable mail domain, unrouteable domain, unroutable domain, no such domain, all relevant mx
        records point to non existent hosts, bad destination host, bad destination system, name or service not
        known""",
    "null mx": """
        null mx, nullmx, indicated no smtp service, could not find a mail exchanger or ip address, no mx record*,
        has no mail exchanger*, have no mail exchanger*""",
    "takes no mail": """
        does not accept mail, does not accept email, does not receive mail, does not receive email, never accepts
        mail, accepts no mail, takes no mail, never takes mail, does not take mail, does not take any mail, not
        accept any mail, never accept mail, never receives mail""",
    # Other states
    "full": """
        free space, full, has no room, has no space, has no more, has no storage, have no room, overquota, out of
        space, storage, no space, no room, exhausted, used up, too much mail, over the limit, over its limit,
        exceeded, overflow*, no free space, disk space""",
    "off": """
        has no owner, have no owner, disabled, suspended, locked, frozen, deactivated, expired, on hold, dormant,
        blocked, not active, not activated, held""",
    "unpaid": "unpaid, not paid, non payment, nonpayment, invoice*, overdue, debt, arrears, until paid",
    "refuses": """
        has permission, is allowed, is permitted, is authorised, is authorized, friends only, does not wish, has
        chosen, chosen not, chose not, choices, choice, preferences, preference, settings, filter*, personal, user
        request, has refused, whitelist*, white list, allow list, only accepts, only takes, takes only, closed to,
        unwanted, opted, not known to accept, blocklist*, blacklist*, listed, refuses, not interested, has blocked,
        declined, not want, not subscribed, not a subscriber, as a subscriber, as subscriber, as a member, not a
        member, non member*""",
    "unreachable": """
        timed out, timeout, not reachable, unreachable, did not respond, not responding, not answering, did not
        answer, does not answer, be reached, is down, cannot connect, offline, servfail, connection lost, crashed,
        corrupt, corrupted, out of order""",
    "temporary": """
        for the summer, for the winter, for the season, for the holidays, for the weekend, for the night, for an
        hour, for a day, for a week, to be deleted, to be removed, to be closed, being activated, being set up,
        being prepared, being repaired, being migrated, being transferred, being renamed, being worked on, pending,
        yet, closed for, opens again, moved to, was moved, moved away, under review, on the move, at present, just
        now, at this time, currently, soon, shortly, in progress, will be deleted, will be closed, will be removed,
        will be terminated, will be purged, will be erased, will be disabled, in the meantime, being moved, being
        created, for the moment, at the moment, at this moment, until, vacation, holiday*, away, busy, being
        rebuilt, not yet, later, for now, right now, maintenance, try again, out of office, retry, on leave,
        greylist*, today, tomorrow, monday, for a while, while we, while our, while it, while this, as long as,
        going to be, about to be, due to be, gone to, gone over to, restor*, reinstat*, recovered, recovering,
        recovery, undelet*, put back, put it back, putting it back, brought back, bring it back, come back, comes
        back, coming back""",
    "unverified": """
        could not verify, cannot verify, unable to verify, failed to verify, verification failed, verify failed,
        could not be verified, cannot be verified""",
    "perhaps": """
        stale, outdated, may be, may have, might be, might have, might not, may also, perhaps, possibly, probably,
        maybe, allegedly, reportedly, supposedly, presumably, angeblich, on nous dit, on dit, supuestamente,
        supostamente, naar verluidt, podobno, якобы, нібито, or no access, either, usually, typically, whether, such
        as, vielleicht, moglicherweise, eventuell, einige, mehrere, certain*, plusieurs, algunos, alguns, alcuni,
        sommige, niektorzy, nektere, nekteri, nagra, nogle, noen, некоторые, деякі, unii, peut etre, quizas, talvez,
        forse, misschien, mozliwe, ייתכן, יתכן, ربما, belki, mungkin, asi, zrejme, kanske, maaske, ehka, talan,
        seemingly, offenbar, anscheinend, scheinbar, vermutlich, apparemment, aparentemente, apparentemente,
        blijkbaar, zdaje sie, wydaje sie, tydligen, tilsyneladende, видимо, кажется, похоже, вероятно, возможно, one
        of the recipients, one of the addresses, some of, some recipients, another recipient, other recipients,
        several recipients""",
    "chance": """
        wrongly, accident, by accident, by mistake, mistakenly, in error, inadvertent*, erroneously, unintentional*,
        faulty, due to an error, by an error, through an error, due to a bug""",
    "limited": """
        for outsiders, to outsiders, for strangers, to strangers, for the public, as far as, are concerned, point of
        view, from outside, from the outside, to the outside, outside of, in your eyes, officially, on paper""",
    "exists": "exists, does exist, is real, found but",
    "loop": "loop, loops, looping, mail loop*, message loop*",
    "too many": """
        of your recipients, of your addresses, many unknown, many invalid, many nonexistent, many non existent, many
        non existing, numerous, limit for, limit of, limit on, our limit, too many, excessive, harvest*, attack*,
        spammer*, session terminated, session closed, more than, at most, per session, limit reached, number of
        messages, number of recipients, number of connections, number of unknown, number of invalid, number of
        errors, number of mails, no valid recipients, no valid recipient left, no recipients, too much""",
    # What stands between, and what has another meaning than its parts.
    "of": """
        of, for, de, di, du, des, der, del, della, dell, do, da, dos, van, von, dello, d, at, in, to, on, by, with,
        within, among, inside, para, pour, voor, dla, from the, per, zum, im, am, auf, bei, sur, chez, en, em, nel,
        su, op, bij, w, na, в, на, у, til, av, v, ve, στο, στη, في, trong""",
    "from": "from, fra, fran, od, от, від",
    "failure": """
        not delivered, not be delivered, could not deliver, not accepted, not available, not be accepted, cannot
        receive mail, unable to receive mail, is currently available, will not be reopened, will not be restored,
        could be identified""",
    "nothing": """
        moved to another company, moved to another provider, moved to another firm, moved to another employer, moved
        to another town, moved to another job, a temporary one, temporary ones, in relay recipient map*, in relay
        recipient table*, dear sender, sehr geehrter absender, lieber absender, gentile mittente, spettabile
        mittente, caro mittente, cher expediteur, estimado remitente, apreciado remitente, prezado remetente, caro
        remetente, geachte afzender, beste afzender, szanowny nadawco, vazeny odesilateli, vazeny odosielatel, basta
        avsandare, kaere afsender, kjaere avsender, hyva lahettaja, tisztelt felado, stimate expeditor, sayin
        gonderen, уважаемыи отправитель, шановнии відправник, postovani posiljaoce, postovani posiljatelju, αγαπητε
        αποστολεα, owner s request, user s request, customer s request, holder s request, family s request, owners
        request, auf wunsch, im auftrag, a la demande, sur demande, sur la demande, a peticion, a solicitud, por
        solicitud, a pedido, su richiesta, op verzoek, na zyczenie, na prosbe, na wniosek, na zadost, na prani, pa
        begaran, etter onske, etter onsket, efter onske, la cererea, по просьб*, по желани*, на прохання, по
        искане*, not unknown, que usted, may not exist, might not exist, may be invalid, may have been, may no
        longer exist, no longer than, unknown reason, unknown error, unknown mailer error, invalid characters, no
        reason, no reply, no further, no more, no need, no problem, no errors, no mail, no other, unknown cause,
        known user, now or later, full details, full report, full text, full log, full transcript, no forwarding
        address""",
}  # fmt: skip
"""By subject or state, the words for it."""

#: Words that name no cause: a code beside them is all that tells.
NEUTRAL = listed("""
    mailbox mail box unavailable recipient recipients address addresses rejected reject rejection user users
    account error errors failed fail failure failing permanent permanently fatal delivery delivering deliver
    delivered undeliverable undelivered not cannot could can t be to the a an of for this that is was are were
    at in by on and or host remote mta smtp said message email e sorry requested action taken aborted routing
    dsn diagnostic code status local reply response bounce bounced it your some has have been with no available
    destination bad following problem unable reason because due x its does i m afraid esmtp lmtp invalid perm
    permfail hard rcpt forwarding gg ip id unknown names name
""")

NOT_THERE = {
    "sender": "sender_rejected", "client": "policy", "elsewhere": "network", "list": "list_problem",
    "content": "content", "record": "system_error", "thing": "system_error", "system": "system_error",
    "protocol": "protocol", "part": "content",
}  # fmt: skip
"""What it means that one of these is not there."""

STATES = {
    "full": "mailbox_full", "off": "mailbox_disabled", "unpaid": "mailbox_disabled", "refuses": "user_filtered",
    "unreachable": "network", "temporary": "system_error", "chance": "system_error", "too many": "too_many",
    "loop": "loop", "exists": "rejected", "perhaps": "undetermined", "limited": "undetermined",
    "unverified": "undetermined", "other": "rejected",
}  # fmt: skip
"""What the other states mean."""
