# SPDX-License-Identifier: GPL-3.0-or-later
"""The phrases that `phrases.find` looks for: "reason: phrase; phrase; …". Extend by adding.

Above each group stands whose words these are: of servers (Postfix 3.7, Exim 4.96, Sendmail 8.17, qmail, Courier,
Dovecot 2.3), of mail services (Google, Microsoft, Yahoo, Apple, Orange, Tencent) or of a standard.
GROUPS: the first group with a hit wins; what speaks against a hard verdict stands before what speaks for it.
WEAK: wordings that servers use for several things; a code that says something clear is stronger.
"""

from __future__ import annotations

BARE = "?"
"""Behind a reason: its phrases need a second sign before they make a mail hard."""

Groups = tuple[str, ...]

GROUPS: Groups = (
    # Wordings that hold another group's words within them.
    # 552 quotas: Postfix virtual(8), Dovecot quota, Exim "appendfile", Exchange STOREDRV, Google OverQuota, RFC
    # 3463 x.2.2
    """mailbox_full:
mailbox full; mailbox is full; mailbox has exceeded; mailbox * is full; mailbox exceeds; mailbox size limit;
mailbox quota; mailbox * over quota; mail box full; mailfolder is full; inbox is full; inbox is out of storage;
over quota; overquota; over the quota; over its quota; over disk quota; over the allowed quota;
out of storage space; out of quota; quota exceeded; exceeded quota; exceeds quota; quota exceed; quota full;
quota violation; quota has been exceeded; exceeded * quota; exceeded storage allocation; exceeds * quota;
exceeded his quota; exceeded * storage; disk quota; quota for this user; not enough * quota; insufficient quota;
user quota; account is full; account full; folder is full; storage quota; mapiexceptionshutoffquotaexceeded;
not enough storage space; too much mail data; user has too many messages; too many messages in;
maximum * mailbox; boite du destinataire pleine; boîte * pleine; postfach ist voll; postfach * voll;
buzon * lleno; casella * piena; ящик переполнен; メールボックス*一杯; 容量*超え
""",
    # Postfix message_size_limit, Exim, Exchange RESOLVER.RST.*SizeLimit, Sendmail
    """too_big:
message size exceeds; message exceeds; message too large; message is too large; message too big;
message file too big; message size * too large; size limit exceeded; recipsizelimit; sendersizelimit;
message length exceeds; larger than the current system limit; larger than the maximum; exceeds * size limit;
exceeded * message size; maximum message size; message header size exceeds; exceeding size limit;
data size exceeds; max message size; maximum size of
""",
    # RFC 7208, 6376, 7489; RFC 7372; Google "Unauthenticated email", Microsoft 5.7.509, Yahoo
    """auth_failure:
dmarc; dkim; spf; unauthenticated email; unauthenticated mail; authentication information;
sender policy framework; openspf; does not designate; not authorized to send mail; not authorized to use * in;
not authenticated; sender id; arc validation
""",
    # Postfix reject_unknown_client_hostname, Exim, Google, AOL, RFC 7372 x.7.25
    """no_ptr:
reverse dns; reverse hostname; reverse host; rdns; ptr record; no ptr; ptr records; cannot find your hostname;
cannot find your reverse; unable to find your reverse; client host rejected cannot; cannot resolve your;
could not resolve your; fix reverse; fcrdns; inverse dns; mismatches client ip; without reverse;
does not resolve to * ip; helo * does not resolve
""",
    # Spamhaus, SpamCop, Barracuda, Microsoft 5.7.606, Postfix reject_rbl_client, Yahoo TSS
    """blocklisted:
spamhaus; spamcop; sorbs; barracudacentral; uceprotect; senderscore; blocked using; blacklisted; black listed;
blacklist; blocklist; blocklisted; block list; block listed; blackhole; dnsbl; rbl; rblsmtpd; rbldns;
banned sending ip; poor reputation; bad reputation; low reputation; reputation of; reputation for;
ip reputation; sender reputation; domain reputation; is listed; is listed by; blocked ip; ip * blocked;
ip address * blocked; your ip; ip address has been; your access to this mail system;
not accepting connections from; connections not accepted from; client host * blocked; server * blocked;
host * blocked; user complaints; complaint rate
""",
    # Sender addresses and domains: Postfix reject_unknown_sender_domain, Exim sender verify, Sendmail 5.1.8
    """sender_rejected:
sender address rejected; sender rejected; sender denied; sender is denied; sender domain;
sender address * not exist; sender address verify; sender verify; sender verification; sender callout;
sender unknown; sender not; sender address; sender * rejected; sender * not found; domain of sender;
envelope sender * rejected; invalid sender; unknown sender; unknown mail sender; unauthenticated senders;
mail from * not exist; mailfrom domain; mail from * rejected; from address; return path; return address;
unresolvable relay host; your domain; domain of * sender; your email address is not; your e mail address is not;
email address is not verified; backscatter; not permitted to send; not allowed to send; not authorized to send;
send as denied; sendas
""",
    # Rate limits: Google 4.2.1/5.2.1, Yahoo, Tencent, Orange LPN001, GoDaddy IB607
    """too_many:
too many connections; too many concurrent; too many sessions; too many recipients; too many messages;
too many errors; too many mails; too many emails; too many invalid recipients; too many bad; rate limit;
rate limited; ratelimit; frequency limited; throttled; throttling; receiving mail at a rate;
receiving mail too quickly; sent to too many; connection rate; exceeded the rate; exceeded * hourly;
exceeded * per hour; exceeded * per day; per hour; hourly limit; daily limit; daily sending; sending limit;
sending quota; sending rate; unusual rate; unusual sending; slow down; connection limit; connections exceeded;
exceeded * connection; recipient limit; unexpected volume; concurrency limit
""",
    # Greylisting: Postgrey, Exim greylistd, milter-greylist, RFC 6647
    """greylisted:
greylist; greylisted; greylisting; graylist; graylisted; graylisting; grey listed; gray listed; grey listing;
try again * greylist
""",
    # ClamAV, amavis, Exim malware ACL
    """virus:
virus; infected; malware; phishing; trojan; executable content; potential security issue; presents a potential
""",
    # SpamAssassin, rspamd, amavis, Google 5.7.1, Proofpoint, Mail.ru, Cloudmark
    """spam:
spam; antispam; anti spam; unsolicited; ube; junk mail; junk; bulk mail; bulk email; cloudmark; spamassassin;
suspected of being; looks like * advert; spamscore; spammers; spammer; advertising; unwanted
""",
    # RFC 5322 checks: Google, Exim header_syntax, amavis banned
    """not_rfc:
rfc compliant; rfc 5322; rfc 2822; rfc 822; rfc5322; rfc2822; not rfc; rfcs; duplicate header; bare lf;
bare linefeed; bare line; multiple from; multiple addresses in from; missing message id; missing from;
missing date; missing header; malformed header; invalid header; header error; headers contain illegal;
line too long; improper use of 8 bit
""",
    """content:
message content rejected; content rejected; content is not; attachment * not; attachment * rejected;
attachment * blocked; attachment type; attachments are not; rejected * content; message content; banned file;
file type; mime error; message contains; header checks; body checks; blocked by filter
""",
    # Local rules: Microsoft 5.7.x, Yahoo 5.7.9, Postfix "Denied by policy"
    """policy:
policy; local policy; policy violation; policy reasons; banned; prohibited; security reasons;
protocol violation; rejected for security; transport rules; resolver rst notauthorized; organization policy;
blocked by; message was blocked; message blocked; message has been blocked; client host rejected;
client rejected; helo command rejected; command rejected; access control; prohibited by administrator;
administratively denied; administrative prohibition; administratively prohibited; blocked message
""",
    # Sendmail "Relaying denied", Postfix "Relay access denied", Exim "relay not permitted", qmail rcpthosts
    """relaying:
relay access denied; relaying denied; relay denied; relay not permitted; relaying not permitted;
relaying not allowed; relaying prohibited; relaying is prohibited; unable to relay; not permitted to relay;
relay operation rejected; relay rejected; we do not relay; relaying blocked; relaying mail; relaying disallowed;
rcpthosts; authentication required; not a gateway; not a registered gateway; not local; insecure mail relay;
cannot relay
""",
    # Words of a hard group within a softer sentence: the resolver's TRY_AGAIN, qmail's #4.1.2, procmail's file
    # errors
    """network:
host not found try again; host not found * try again; no such domain try again;
couldn t find any host by that name; lookup gave temporary; lookup returned temporary
""",
    """delivery_program:
procmail; couldn t create; can t create output
""",
    # RFC 7505 null MX: Postfix "does not accept mail (nullMX)", Google "returned Null MX", Exim
    """no_mail_domain:
null mx; nullmx; does not accept mail; does not accept email; doesn t receive email; does not receive email;
doesn t accept email; not accept any mail; domain * never accept; mx record is null; indicated no smtp service;
no mx record found;
no mx records found; couldn t find a mail exchanger or ip address
""",
    # Names that do not exist (RFC 1035 RCODE 3), in the words of Postfix, Exim, Sendmail, qmail, Courier, Google
    """host_unknown:
host or domain name not found * host not found; host or domain name not found * no such domain;
host or domain name not found; host unknown; unknown host; host not found; no such domain; no such host;
domain name not found; domain not found; domain does not exist; domain doesn t exist; domain * does not exist;
domain * not exist; unknown domain; unrouteable mail domain; unrouteable domain; unroutable domain;
invalid domain; invalid domain name; invalid host name; non existent domain; nonexistent domain; nxdomain;
no such domain name; couldn t find any host named; could not find any host named; responded with code nxdomain;
unresolvable domain; not a valid domain; recipient address has a null mx;
domain mentioned in email address is unknown; bad destination host; bad destination system;
illegal host domain name found; has no mx; all relevant mx records point to non existent hosts;
deactivated domain; no mx or srv records
""",
    # Switched off: Google DisabledUser, Yahoo, RFC 3463 x.2.1, Dovecot. Before user_unknown: such an account is
    # there.
    """mailbox_disabled:
account * disabled; account is disabled; account disabled; account has been disabled;
account that you tried to reach is disabled; account that you tried to reach is inactive; account is inactive;
account inactive; account is locked; account locked; account * suspended; account suspended;
account is suspended; account * deactivated; account expired; account has expired; mailbox disabled;
mailbox is disabled; mailbox * disabled; mailbox is inactive; mailbox inactive; mailbox is locked;
mailbox locked; mailbox suspended; mailbox is suspended; mailbox is frozen; mailbox frozen; mailbox blocked;
user is inactive; user inactive; user is suspended; user suspended; user disabled; user is disabled;
user is locked; user * locked; user account disabled; user account is disabled; recipient suspended;
recipient * suspended; recipient disabled; recipient * disabled; recipient is disabled; recipient is inactive;
recipient inactive; disabled recipient; disabled account; disabled user; inactive user; inactive account;
inactive mailbox; suspended user; suspended account; domain is suspended; domain suspended; domain is disabled;
domain * inactive; temporarily locked; temporary locked; disabled or discontinued; not active; not activated;
message is being held; being held; invalid inactive user
""",
    # The recipient's own choice: Sieve reject (RFC 5429), challenge-response, docomo and au filters
    """user_filtered:
automatically rejected; recipient rejected this message; recipient has rejected; recipient refused;
refused by the recipient; rejected by recipient; recipient does not want; recipient has blocked;
blocked by the recipient; not accepting mail from; not accept mail from; only accepts mail from; whitelist;
white list; due to user filter; user filter; user has refused; message filtered; message rejected by user;
badrcptto; extended mail refused; authorized senders only; restricted sender
""",
    # Lists and groups: Google Groups, Exchange 5.7.133, Mailman
    """list_problem:
group * may not exist; groupe que vous avez essayé de contacter; permission to post; post messages to the group;
not a member of; members only; subscriber only; posting to; mailing list; delivery restriction;
restricted * group; distribution list
""",
    # RFC 3463 x.1.6, RFC 5321 551
    """moved:
user has moved; has moved to; user moved; mailbox has moved; recipient no longer on server; no longer on server;
no longer valid; no longer in use; no longer used; no longer exists; no longer exist; no longer works;
no longer employed; no longer has an account; not our customer; not our user; user not local please try
""",
    # No such mailbox: Postfix "User unknown in …", Sendmail "User unknown", Exim "Unrouteable address", qmail
    # #5.1.1,
    # Google NoSuchUser, Exchange RESOLVER.ADR.RecipNotFound, Yahoo "doesn't have a … account", Courier, Domino,
    # Zimbra
    """user_unknown:
user * unknown; recipient address rejected access denied; user unknown in * table; user unknown in;
recipient address rejected user unknown; recipient address rejected unknown user; no such user found;
no such user by that name; address rejected user unknown; unknown recipient; unknown recipients;
unknown local part; unknown local user; unknown local recipient; unknown mailbox; unknown account;
recipient unknown; recipient is unknown; recipient * unknown; recipient address unknown; mailbox unknown;
address unknown; addressee unknown; account unknown; no such mailbox; no such person; no such account;
no such local user; no such email; no such username; no such contact; no such virtual user;
no mailbox here by that name; no mailbox by that name; no mailbox; no user by that name;
no account by that name; no recipient; no valid recipients; no valid recipient; not a valid recipient;
not a valid mailbox; not a valid user; not a valid address; not a known user; not a local user; not valid user;
user was not found; user could not be found; user not known; user not exist; user does not exist;
user doesn t exist; user does not have; user didn t exist; user * does not exist; user * doesn t exist;
user * not found; user not listed; not listed in * directory; not listed in public name;
not found in * directory; not in directory; recipient not exist; recipient not exists; recipient does not exist;
recipient doesn t exist; recipient * does not exist; recipient * not found; recipient address not;
recipient not recognized; recipient not available; recipnotfound; recipientnotfound; recipient is not found;
mailbox not found; mailbox does not exist; mailbox doesn t exist; mailbox not exist; mailbox * does not exist;
mailbox * not found; mailbox unavailable or * not found; mailbox name not allowed * unknown; account not found;
account does not exist; account doesn t exist; account that you tried to reach does not exist;
account * does not exist; account * doesn t exist; account not available; address not found;
address does not exist; address doesn t exist; address * does not exist; address * doesn t exist;
address not exist; address unrecognized; address not recognized; address not known; address wasn t found;
address couldn t be found; address could not be found; email address * not found;
email address couldn t be found; email address could not be found; e mail address * could not be found;
unrouteable address; unroutable address; invalid recipient; recipient is invalid; recipient address is invalid;
invalid recipients; invalid mailbox; invalid users;
invalid email address; invalid final delivery user; invalid final delivery userid; adresse * n existe pas;
utilisateur * n existe pas; destinataire * n existe pas; compte * n existe pas; boîte * n existe pas;
dirección * no existe; cuenta * no existe; indirizzo * non esiste; usuário não existe; endereço * não existe;
adresse * existiert nicht; empfänger existiert nicht; postfach existiert nicht; mail local unknown user;
bad destination mailbox; bad destination address; nonexistent user; non existent user; nonexistent mailbox;
non existent mailbox; nonexistent address; non existent address; nonexistent account; nonexistent recipient;
non existent recipient; cannot find user; can t find user; could not find user; delivery to * address unknown;
email account * not exist; not existing; this address no longer accepts mail;
destinataire inconnu; destinataire invalide; adresse inconnue; utilisateur inconnu; adresse * invalide;
empfänger unbekannt; empfaenger unbekannt; empfaenger * unbekannt; empfänger * unbekannt; unbekannter empfänger;
benutzer unbekannt; unbekannter benutzer; usuario desconocido; usuario * no existe; utente sconosciuto;
usuário desconhecido; пользователь не найден; нет такого пользователя; ящик не существует; ディレクトリ*ありません;
リストにありません; 宛先*見つかりません; ユーザ*見つかりません; 宛先不明; あて先不明; アドレス*見つかりません
""",
    # The same in the fewest words. Gateways and mobile carriers say this after DATA as well, of addresses that
    # only refuse
    # the sender: classify asks for a second sign.
    """user_unknown?:
user unknown; user is unknown; unknown user; unknown users; unknown address; no such user; no such recipient;
no such address; no user; invalid user; invalid address; recipient not found; user not found; user doesn t have;
user * doesn t have; bad recipient; no account; not our; not a known; is not known;
does not exist; doesn t exist; not in my; not in our; requested action not taken mailbox unavailable;
mailbox unavailable no such
""",
    # Disk: RFC 3463 x.3.1, Sendmail 452 4.4.5, Postfix 452 4.3.1
    """system_full:
insufficient disk space; insufficient system storage; insufficient storage; no space left; disk full;
disk is full; not enough disk space; file system full; mail system full
""",
    # Programs behind an alias: Postfix pipe/local, Exim pipe transport, procmail, Sendmail prog mailer
    """delivery_program:
command died; command failed; child process; local configuration error; pipe to; exited with; returned exit;
exit status; exit code; mailer died; unable to run; command output; temporary failure
""",
    """loop:
too many hops; hop count; mail loop; loops back to myself; mail forwarding loop; forwarding loop; routing loop;
loop detected; loop count; looping; message loop; too many received
""",
    """tls:
starttls; tls; ssl; certificate; dane; mta sts; must issue a starttls; handshake failure
""",
    # Given up: Postfix bounce_queue_lifetime, Exim retry rules, Sendmail queuereturn, qmail queuelifetime,
    # Exchange QUEUE.Expired
    """expired:
message expired; queue expired; envelope expired; delivery time expired; retry time not reached;
retry timeout exceeded; retry limit; retry count; retries exceeded; been in the queue too long;
in queue too long; queue too long; too long on queue; stayed on the queue too long; expired * minutes;
message too old; could not be delivered for; cannot send message for; could not send message for;
could not deliver for the last; unable to deliver message after; delivery attempts; delivery timed out;
giving up on; not been able to deliver; has been delayed for; maximum retries; max retries
""",
    """network:
connection timed out; connection refused; connection reset; connection dropped; connection closed;
connection lost; connection failed; connection was; connection attempt; connection to * failed;
connection to * timed out; lost connection; conversation with * timed out; operation timed out; timed out;
timeout; time out; network is unreachable; network unreachable; network error; no route to host;
host is unreachable; host unreachable; host * unreachable; refused to talk to me; could not connect;
couldn t connect; cannot connect; can t connect; unable to connect; unable to contact;
establish an smtp connection; establish a connection; did not accept our requests; server did not respond;
did not respond; host not reachable; server unavailable; name service error; name server; nameserver; dns error;
dns failure; dns lookup; dns timeout; dns server; malformed or unexpected name server reply;
host name lookup failure; hostname lookup; lookup failure; temporary lookup failure;
temporarily unable to look up; try again * temporary; mail server * unavailable; unable to route;
bad file number
""",
    """protocol:
improper sequence; bad sequence; command not recognized; command unrecognized; command not implemented;
command out of sequence; unrecognized command; syntax error; unexpected response; lost synchronization;
need mail; need rcpt; helo first
""",
    """system_error:
internal system error; internal error; internal server error; system error; system not capable;
server configuration; server error; misconfigured; misconfiguration; configuration error; mail server error;
configuration problem; service unavailable; service currently unavailable; service not available;
service is unavailable; service refuse; service refused; server too busy; server busy; system busy;
insufficient system resources; resources temporarily unavailable; resources exceeded; resource temporarily;
local error; error in processing; error processing; could not load; unable to open; cannot open; can t create;
can t open; write error; i o error; read only file system; out of memory; not able to create;
queue file write error; mail system problem; database error; upstream error; ldap; interim mail exchange
""",
)

WEAK: Groups = (
    # "mailbox unavailable" is the RFC 5321 text of both 450 and 550.
    """user_unknown?:
address rejected
""",
    """policy:
access denied; permission denied; not authorized; not allowed; refused; denied; rejected by; mail rejected;
message rejected; administrator
""",
    """rejected:
mailbox unavailable; recipient rejected; recipient refused; not accepted; mailbox not available;
transaction failed; rejected; not deliverable; unable to deliver; could not be delivered; cannot be delivered;
undeliverable; action not taken; unavailable
""",
    """undetermined:
try again later; try later; temporarily; deferred
""",
)

SHAPES: Groups = (
    # au (KDDI): with a colon where the address belongs, the address is there and its filter refuses.
    r"""user_filtered:
^\W*(?:smtp;\s*)?550:? *: user unknown
-> 550 : user unknown
""",
    # Outlook.com and Hotmail: numbers in brackets behind the words of RFC 5321. IMail: one line, "Unknown user:
    # address".
    r"""user_unknown:
^\W*(?:smtp;\s*)?(?:<\S+>: )?550:? <\S+@\S+>: user unknown
mailbox unavailable \(-?\d+:-?\d+:-?\d+\)
mailbox unavailable \(s\d{10}\)
^unknown user: \S+$
""",
)
"""The reason, then a regular expression a line: wordings whose punctuation tells. For where a phrase is BARE."""
