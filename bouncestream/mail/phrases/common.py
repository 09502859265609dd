# SPDX-License-Identifier: GPL-3.0-or-later
"""Wordings that many servers share, by reason; what only one of them says stands in that vendor's file."""

from __future__ import annotations

from bouncestream.mail.phrases.entry import Vendor, Weight, Wording

COMMON = Vendor(
    "common",
    "RFC 5321 section 4.2, RFC 3463 section 3, RFC 5248; texts that several servers send alike; November 2026",
    (
        Wording("mailbox_full",
             "mailbox full; full mailbox; mailbox is full; mailbox has exceeded; mailbox * is full; "
             "mailbox exceeds; "
             "mailbox size limit; mailbox quota; mailbox * over quota; mail box full; mailfolder is full; "
             "inbox is full; inbox is out of storage; over quota; overquota; over the quota; over its quota; "
             "over disk quota; over the allowed quota; out of storage space; out of quota; quota exceeded; "
             "exceeded quota; exceeds quota; quota exceed; quota full; quota violation; "
             "quota has been exceeded; exceeded * quota; exceeded storage allocation; exceeds * quota; "
             "exceeded his quota; exceeded * storage; disk quota; quota for this user; not enough * quota; "
             "insufficient quota; user quota; account is full; account full; folder is full; storage quota; "
             "not enough storage space; user has too many messages; too many messages in; maximum * mailbox; "
             "mailbox over quota; storage allocation exceeded; exceeded mailbox storage; reached its maximum; "
             "mailbox limit exceeded; insufficient mailbox storage; no space left in mailbox; mailbox storage; "
             "out of space in the mailbox; user s mailbox full; recipient overquota; exceeded mailbox quota; "
             "blocks limit exceeded; inode limit exceeded; mailbox space; over its storage; over storage limit; "
             "over the storage limit; "
             "storage limit exceeded; exceeded its storage"),
        Wording("too_big",
             "message size exceeds; message exceeds; message too large; message is too large; message too big; "
             "message file too big; message size * too large; size limit exceeded; message length exceeds; "
             "larger than the current system limit; larger than the maximum; exceeds * size limit; "
             "exceeded * message size; maximum message size; message header size exceeds; "
             "exceeding size limit; "
             "exceeded mailsize limit; data size exceeds; max message size; maximum size of; size exceeds; "
             "exceeds the maximum message size; exceeds maximum; maximum allowed size; exceeds the size"),
        Wording("auth_failure",
             "dmarc; dkim; spf; unauthenticated email; unauthenticated mail; authentication information; "
             "sender policy framework; openspf; does not designate; not authorized to send mail; "
             "not authorized to use * in; not authenticated; arc validation; valid dkim signature; no dkim; "
             "dkim signature; fails authentication; fail authentication checks; dns authentication"),
        Wording("no_ptr",
             "reverse dns; reverse hostname; reverse host; rdns; ptr record; no ptr; ptr records; "
             "cannot find your hostname; cannot find your reverse; unable to find your reverse; "
             "client host rejected cannot; cannot resolve your; could not resolve your; fix reverse; fcrdns; "
             "inverse dns; mismatches client ip; without reverse; does not resolve to * ip; "
             "helo * does not resolve; reverse lookup; reverse name; reverse dns lookup; "
             "ip name lookup failed; "
             "no reverse; missing ptr; ptr lookup; has no ptr; valid ptr"),
        Wording("blocklisted",
             "blacklisted; black listed; blacklist; blocklist; blocklisted; block list; block listed; "
             "blackhole; poor reputation; bad reputation; low reputation; reputation of; reputation for; "
             "sender reputation; domain reputation; is listed; is listed by; blocked ip; ip * blocked; "
             "ip address * blocked; your ip; ip address has been; your access to this mail system; "
             "not accepting connections from; connections not accepted from; client host * blocked; "
             "server * blocked; host * blocked; user complaints; complaint rate; block list service; "
             "ip in blacklist; on our blacklist; in our blacklist; in a black list; on a block list; "
             "is blocked because; blocked due to; ip is blocked; ip blocked; ip address blocked; "
             "blocked from sending; blocked for spam; we don t accept mail from; refuse mail from; "
             "not accept mail from your; bad sender ip; dynamic address; dialup; dial up; residential ip; "
             "ip * refused"),
        Wording("sender_rejected",
             "sender rejected; sender denied; sender is denied; sender domain; sender address * not exist; "
             "sender address verify; sender verify; sender verification; sender callout; sender unknown; "
             "sender not; sender address; sender * rejected; sender * not found; domain of sender; "
             "envelope sender * rejected; invalid sender; unknown sender; unknown mail sender; "
             "unauthenticated senders; mail from * not exist; mailfrom domain; mail from * rejected; "
             "from address; return path; return address; unresolvable relay host; your domain; "
             "domain of * sender; your email address is not; your e mail address is not; "
             "email address is not verified; backscatter; not permitted to send; not allowed to send; "
             "not authorized to send; send as denied; sendas; sender was rejected; domain of the sender; "
             "sender s domain; sender s address; mail from domain; invalid mail from; sender address has; "
             "possible forgery; sender ip must; sender not allowed; your address listed"),
        Wording("too_many",
             "too many connections; too many concurrent; too many sessions; too many recipients; "
             "too many messages; too many errors; too many mails; too many emails; too many bad; "
             "too many unknown; rate limit; "
             "rate limited; frequency limited; throttled; throttling; receiving mail at a rate; "
             "sent to too many; connection rate; exceeded the rate; exceeded * hourly; exceeded * per hour; "
             "exceeded * per day; per hour; hourly limit; daily limit; daily sending; sending limit; "
             "sending quota; sending rate; unusual rate; unusual sending; slow down; connection limit; "
             "connections exceeded; exceeded * connection; recipient limit; unexpected volume; "
             "concurrency limit; quota for sending; too fast; mail too quickly; too quickly; "
             "connection frequency; exceeded rate; exceeded * limit of messages; message limit; "
             "max message per; come back later * rate"),
        Wording("greylisted",
             "greylist; greylisted; greylisting; graylist; graylisted; graylisting; grey listed; gray listed; "
             "grey listing; try again * greylist; greylisted see; please come back in; delayed by greylisting; "
             "greylist policy; you have been greylisted"),
        Wording("virus",
             "virus; malware; phishing; trojan; executable content; potential security issue; "
             "presents a potential"),
        Wording("spam",
             "spam; antispam; anti spam; unsolicited; ube; junk mail; junk; bulk mail; bulk email; cloudmark; "
             "spamassassin; suspected of being; looks like * advert; spamscore; spammers; spammer; "
             "advertising; "
             "unwanted; spamminess; spam like; bayesian; spam filter; looks like spam; detected as spam; "
             "rejected as spam; high spam; spam score; message scored; bounce address tag validation; batv"),
        Wording("not_rfc",
             "rfc compliant; rfc 5322; rfc 2822; rfc 822; rfc5322; rfc2822; not rfc; rfcs; duplicate header; "
             "bare lf; bare linefeed; bare line; multiple from; multiple addresses in from; "
             "missing message id; "
             "missing from; missing date; missing header; malformed header; invalid header; header error; "
             "headers contain illegal; line too long; improper use of 8 bit"),
        Wording("content",
             "message content rejected; content is not; attachment * not; attachment * rejected; "
             "attachment * blocked; attachment type; attachments are not; rejected * content; message content; "
             "banned file; file type; mime error; message contains; header checks; body checks; "
             "blocked by filter; body contains; blocked content; forbidden content"),
        Wording("policy",
             "policy; local policy; policy violation; policy reasons; banned; prohibited; security reasons; "
             "rejected for security; security policies; organization policy; blocked by; message was blocked; "
             "message blocked; "
             "message has been blocked; client host rejected; client rejected; command rejected; "
             "access control; prohibited by administrator; administratively denied; "
             "administratively prohibited; blocked message; domain was registered; registered too recently; "
             "newly registered; refused by local; policy rejection; security policy; content policy; "
             "helo name; "
             "invalid helo; bad helo; ehlo name; forged helo; helo argument; denied by policy"),
        Wording("relaying",
             "relay access denied; relay denied; relay not permitted; relaying not permitted; "
             "relaying not allowed; relaying prohibited; relaying is prohibited; not permitted to relay; "
             "relay operation rejected; relay rejected; relaying blocked; relaying mail; relaying disallowed; "
             "authentication required; not a gateway; not a registered gateway; not local; "
             "insecure mail relay; "
             "cannot relay; relay is denied; relaying is not allowed; relay not allowed; relay access; "
             "sorry that domain isn t in; you must authenticate; smtp auth required; "
             "authentication is required; must be authenticated; must authenticate; "
             "client was not authenticated"),
        Wording("no_mail_domain",
             "null mx; nullmx; does not accept mail; does not accept email; doesn t receive email; "
             "does not receive email; doesn t accept email; not accept any mail; domain * never accept; "
             "mx record is null; indicated no smtp service; no mx record found; no mx records found; "
             "couldn t find a mail exchanger or ip address"),
        Wording("host_unknown",
             "host or domain name not found * host not found; host or domain name not found * no such domain; "
             "host unknown; unknown host; host not found; no such host; domain name not found; "
             "domain not found; domain doesn t exist; domain * does not exist; domain * not exist; "
             "unknown domain; unroutable domain; invalid domain; invalid domain name; invalid host name; "
             "non existent domain; nonexistent domain; nxdomain; no such domain name; "
             "could not find any host named; responded with code nxdomain; unresolvable domain; "
             "not a valid domain; recipient address has a null mx; "
             "domain mentioned in email address is unknown; bad destination host; bad destination system; "
             "illegal host domain name found; has no mx; deactivated domain; no mx or srv records; "
             "domain unknown; domain is unknown; recipient domain not found; recipient domain does not exist; "
             "domain is not valid; domain has no mx; domain is not hosted here; "
             "mail domain mentioned in email address is unknown; domain name does not exist; "
             "domain has expired; name or service not known"),
        Wording("mailbox_disabled",
             "account * disabled; account is disabled; account disabled; account has been disabled; "
             "account that you tried to reach is disabled; account that you tried to reach is inactive; "
             "account inactive; account is locked; account locked; account * suspended; account suspended; "
             "account is suspended; account * deactivated; account expired; account has expired; "
             "mailbox disabled; mailbox * disabled; mailbox inactive; mailbox is locked; mailbox locked; "
             "mailbox suspended; mailbox is suspended; mailbox is frozen; mailbox frozen; mailbox blocked; "
             "user is inactive; user inactive; user is suspended; user disabled; user is disabled; "
             "user is locked; user * locked; user account disabled; user account is disabled; "
             "recipient suspended; recipient * suspended; recipient disabled; recipient * disabled; "
             "recipient is disabled; recipient is inactive; recipient inactive; disabled recipient; "
             "disabled account; disabled user; inactive user; inactive account; inactive mailbox; "
             "suspended user; suspended account; domain is suspended; domain suspended; domain is disabled; "
             "domain * inactive; temporarily locked; temporary locked; disabled or discontinued; not active; "
             "not activated; message is being held; being held; invalid inactive user; account * is disabled; "
             "mailbox temporarily disabled; mailbox has been suspended; mailbox has been disabled; "
             "mailbox has been deactivated; mailbox deactivated; account is deactivated; "
             "account has been suspended; account has been locked; user has been suspended; "
             "user has been disabled; recipient account * suspended; disabled for incoming; "
             "inactive for * days; has been inactive; unused for; mailbox is dormant; address is disabled; "
             "disabled address; address has been disabled; addressee disabled; user account is suspended; "
             "account is on hold"),
        Wording("user_filtered",
             "automatically rejected; recipient rejected this message; recipient has rejected; "
             "recipient refused; refused by the recipient; rejected by recipient; recipient does not want; "
             "recipient has blocked; blocked by the recipient; not accepting mail from; not accept mail from; "
             "not accepting mail with attachments; "
             "only accepts mail from; whitelist; white list; due to user filter; user filter; "
             "user has refused; "
             "message rejected by user; authorized senders only; restricted sender; "
             "recipient only accepts mail from; only accepts mail from known; recipient has blocked your; "
             "has blocked your address; blocked by user; blocked senders; not on the allow list; "
             "our allow list; recipient has not opted; personal blacklist; personal filter; "
             "recipient s filter; "
             "recipient s own; challenge response; mailbox access for * refused; rule imposed mailbox access"),
        Wording("list_problem",
             "group * may not exist; permission to post; post messages to the group; not a member of; "
             "members only; subscriber only; posting to; mailing list; restricted * group; distribution list"),
        Wording("user_unknown",
             "client host rejected user * not known to us; client host rejected user not known to us",
             Weight.SURE),
        Wording("tls", "certificate not found; must be encrypted; no certificate", before="user_unknown"),
        Wording("user_unknown", "not a member of domain; not a member of this domain", before="list_problem"),
        Wording("moved",
             "user has moved; has moved to; user moved; mailbox has moved; recipient no longer on server; "
             "no longer on server; no longer valid; no longer in use; no longer used; no longer exists; "
             "no longer exist; no longer works; no longer employed; no longer has an account; not our user; "
             "user not local please try"),
        Wording("user_unknown",
             "no such user found; no such user by that name; address rejected user unknown; unknown recipient; "
             "unknown recipients; unknown local part; unknown local user; unknown local recipient; "
             "unknown mailbox; unknown account; recipient unknown; recipient is unknown; recipient * unknown; "
             "recipient address unknown; mailbox unknown; address unknown; account unknown; no such mailbox; "
             "no such person; no such account; no such local user; no such email; no such username; "
             "no such contact; no such virtual user; no mailbox by that name; no mailbox; "
             "no user by that name; "
             "no account by that name; no recipient; not a valid mailbox; not a valid user; "
             "not a valid address; not a known user; not a local user; not valid user; user was not found; "
             "user could not be found; user not known; user does not exist; user does not have; "
             "user didn t exist; user * does not exist; user * doesn t exist; user * not found; "
             "not found in ldap; not found in the ldap; user not listed; not found in * directory; "
             "not in directory; recipient not exist; "
             "recipient not exists; recipient does not exist; recipient doesn t exist; "
             "recipient * does not exist; recipient * not found; recipient address not; "
             "recipient not recognized; recipient not available; recipient is not found; "
             "mailbox doesn t exist; "
             "mailbox not exist; mailbox * does not exist; mailbox * not found; "
             "mailbox unavailable or * not found; mailbox name not allowed * unknown; account not found; "
             "account does not exist; account doesn t exist; account that you tried to reach does not exist; "
             "account * does not exist; account * doesn t exist; account not available; address not found; "
             "address doesn t exist; address * does not exist; address * doesn t exist; address not exist; "
             "address unrecognized; address not recognized; address not known; address wasn t found; "
             "address could not be found; email address * not found; email address couldn t be found; "
             "email address could not be found; e mail address * could not be found; recipient is invalid; "
             "recipient address is invalid; invalid mailbox; invalid users; invalid email address; "
             "invalid final delivery user; invalid final delivery userid; mail local unknown user; "
             "bad destination mailbox; bad destination address; nonexistent user; non existent user; "
             "nonexistent mailbox; non existent mailbox; nonexistent address; non existent address; "
             "nonexistent account; nonexistent recipient; non existent recipient; cannot find user; "
             "can t find user; could not find user; delivery to * address unknown; email account * not exist; "
             "not existing; user you are trying to contact does not exist; no longer an active address; "
             "recipient does not exist here; unknown or illegal alias; unknown or illegal user; illegal user; "
             "illegal alias; unknown address error; invalid mailbox name; user is not known; "
             "mailbox is not known; no one by that name; no such alias; no such user exists; no such user in; "
             "no mailbox for; no mailbox found; mailbox * not known; account is not known; "
             "account you tried to reach does not exist; invalid account; is not a valid mailbox; "
             "is not a valid user; is not a valid recipient; is not a valid address; "
             "is not a valid email address; not a valid email address; address is not valid; "
             "address is not known; address not known to us; not known to us; unknown here; is unknown here; "
             "email address does not exist; does not exist at this domain; does not exist on this server; "
             "does not exist on this system; does not exist here; address no longer exists; no email account; "
             "user name is not known; not a recognized user; not recognised; is not recognised; "
             "user not recognised; recipient is not registered; not registered here; isn t a user here; "
             "is not a user here; recipient not on file; no known recipient; recipient address does not exist; "
             "does not have a final email delivery point; no final email delivery point; "
             "could not be found in the directory; is not in the directory; not found in our directory; "
             "not in the recipient list; not in recipient list; not in recipient table; "
             "not in * recipient list; "
             "not in recipient database; not in user database; not in user list; not in * user database; "
             "address deleted; user deleted; account deleted; "
             "account has been deleted; mailbox deleted; mailbox has been deleted; account closed; "
             "account has been closed; permanently closed; mailbox closed; mailbox has been closed; "
             "account has been terminated; account terminated; account has been removed; "
             "mailbox has been removed; user has been removed; no longer active at this; left the company; "
             "no longer an employee; rcpt does not exist; rcpt not exist; rcpt unknown; "
             "has left the company; no longer works here; no longer with the company; no longer with us; "
             "no longer at this address; mailbox name invalid; mailbox is invalid; invalid mailbox address; "
             "mailbox * is not a valid; user id is not found; cannot find recipient; "
             "recipient could not be found; recipient was not found; address was not found; "
             "address was misspelled; e mail address not found; mailbox is unknown; unknown alias; "
             "5 1 1 invalid recipient; recipient is not known; recipient not known; not known here"),
        Wording("user_unknown",
             "user unknown; user is unknown; unknown user; unknown users; unknown address; no such user; "
             "no such recipient; no such address; no user; invalid user; invalid address; recipient not found; "
             "user not found; user doesn t have; user * doesn t have; bad recipient; no account; not our; "
             "not a known; is not known; does not exist; doesn t exist; not in my; not in our; "
             "requested action not taken mailbox unavailable; "
             "requested action not taken mailbox not available; "
             "mailbox unavailable no such; unknown addressee; incorrectly addressed; does not have an account; "
             "no valid recipients; "
             "doesn t have an account; restricted characters in address; "
             "recipient cannot be verified please check; has no account here; have no account here",
             bare=True),
        Wording("system_full",
             "insufficient disk space; insufficient system storage; insufficient storage; no space left; "
             "disk full; disk is full; not enough disk space; file system full; mail system full"),
        Wording("delivery_program",
             "command died; command failed; child process; local configuration error; pipe to; exited with; "
             "returned exit; exit status; exit code; mailer died; unable to run; command output; "
             "temporary failure"),
        Wording("delivery_program", "procmail; couldn t create; can t create output", before="no_mail_domain"),
        Wording("loop",
             "hop count; mail loop; loops back to myself; mail forwarding loop; forwarding loop; routing loop; "
             "loop detected; loop count; looping; message loop; too many received; received headers; "
             "redirect loop; mail looping; possible loop; possible mail loop; too many received headers; "
             "delivery loop"),
        Wording("tls",
             "starttls; tls; ssl; certificate; dane; mta sts; must issue a starttls; handshake failure; "
             "encryption required; encryption needed; requires tls; require encryption; "
             "certificate verification; sts policy"),
        Wording("expired",
             "message expired; delivery time expired; retry limit; retry count; retries exceeded; "
             "been in the queue too long; in queue too long; queue too long; too long on queue; "
             "stayed on the queue too long; expired * minutes; message too old; could not be delivered for; "
             "cannot send message for; could not send message for; unable to deliver message after; "
             "delivery attempts; delivery timed out; not been able to deliver; "
             "has been delayed for; maximum retries; max retries; delivery expired; exceeded time; "
             "max time in queue; queue lifetime; queue time; maximum time in queue; remained in the queue; "
             "timed out in queue; not been able to; undelivered for"),
        Wording("network",
             "connection timed out; connection refused; connection reset; connection dropped; "
             "connection closed; connection lost; connection failed; connection was; connection attempt; "
             "connection to * failed; connection to * timed out; lost connection; "
             "conversation with * timed out; operation timed out; timed out; timeout; time out; "
             "network is unreachable; network unreachable; network error; no route to host; "
             "host is unreachable; host unreachable; host * unreachable; refused to talk to me; "
             "could not connect; couldn t connect; cannot connect; can t connect; unable to connect; "
             "unable to contact; establish an smtp connection; establish a connection; "
             "did not accept our requests; server did not respond; did not respond; host not reachable; "
             "server unavailable; name service error; name server; nameserver; dns error; dns failure; "
             "dns lookup; dns timeout; dns server; malformed or unexpected name server reply; "
             "host name lookup failure; lookup failure; temporary lookup failure; "
             "temporarily unable to look up; try again * temporary; mail server * unavailable; "
             "unable to route; "
             "bad file number; host is down; network problem; no answer from host; connection reset by peer; "
             "connection unexpectedly; unexpectedly closed; remote host closed; could not resolve; "
             "no servers could be reached; service not reachable; temporarily unreachable; all hosts * failed; "
             "no hosts"),
        Wording("network",
             "host not found try again; host not found * try again; no such domain try again; "
             "lookup gave temporary; lookup returned temporary", before="no_mail_domain"),
        Wording("protocol",
             "improper sequence; bad sequence; command not recognized; command unrecognized; "
             "command not implemented; command out of sequence; unrecognized command; syntax error; "
             "unexpected response; lost synchronization; need mail; need rcpt; helo first; pipelining; "
             "missing argument; not implemented; bad syntax; invalid command; out of sequence; "
             "invalid address syntax; helo required; smtp protocol"),
        Wording("system_error",
             "internal system error; internal error; internal server error; system error; system not capable; "
             "server configuration; server error; misconfigured; misconfiguration; configuration error; "
             "mail server error; configuration problem; service unavailable; service currently unavailable; "
             "service not available; service is unavailable; service refuse; service refused; server too busy; "
             "server busy; system busy; insufficient system resources; resources temporarily unavailable; "
             "resources exceeded; resource temporarily; local error; error in processing; error processing; "
             "could not load; unable to open; cannot open; can t create; can t open; write error; i o error; "
             "read only file system; out of memory; not able to create; queue file write error; "
             "mail system problem; database error; upstream error; ldap error; ldap lookup; "
             "ldap server unavailable; ldap timeout; ldap failure; ldap unavailable"),
        Wording("mailbox_full", "storage limit", Weight.WEAK),
        Wording("too_big", "too large; too big; size limit", Weight.WEAK),
        Wording("auth_failure", "authentication failed", Weight.WEAK),
        Wording("no_ptr", "hostname lookup", Weight.WEAK),
        Wording("blocklisted",
             "sending server; temporarily blocked; has been blocked; dynamic ip; mail from * refused see",
             Weight.WEAK),
        Wording("sender_rejected", "sender is not; bad sender", Weight.WEAK),
        Wording("too_many", "rate exceeded; throttle; limit reached", Weight.WEAK),
        Wording("greylisted", "try again in; come back later; temporary reject; first time sender", Weight.WEAK),
        Wording("spam", "content filter; scored", Weight.WEAK),
        Wording("content", "attachment; malicious; suspicious; url in message; link in message", Weight.WEAK),
        Wording("policy",
             "does not meet; compliance; local rule; denied by; access denied; permission denied; "
             "not authorized; not allowed; refused; denied; rejected by; mail rejected; message rejected; "
             "administrator", Weight.WEAK),
        Wording("relaying", "relaying to; not hosted here", Weight.WEAK),
        Wording("mailbox_disabled",
             "temporarily disabled; temporarily suspended; temporarily inactive; not allowed to receive; "
             "dormant", Weight.WEAK),
        # Postfix puts any reason behind these words.
        Wording("rejected", "recipient address rejected", Weight.WEAK, before="user_unknown"),
        Wording("user_unknown", "address rejected", Weight.WEAK, bare=True),
        Wording("tls", "secure connection", Weight.WEAK),
        Wording("expired", "time limit; delivery time; retry time; giving up; gave up", Weight.WEAK),
        Wording("network",
             "no route; could not be reached; server not responding; not responding; try again; no connection",
             Weight.WEAK),
        Wording("protocol", "bad address syntax", Weight.WEAK),
        Wording("system_error",
             "queue file; try later; local problem; local configuration; cannot process; processing error; "
             "temporarily unavailable; not available; system problem; mail system; server problem; "
             "temporary system problem; temporary error; temporary problem; temporary local problem; "
             "mailbox busy; mailbox temporarily", Weight.WEAK),
        Wording("rejected",
             "mailbox unavailable; recipient rejected; not accepted; mailbox not available; "
             "transaction failed; "
             "rejected; not deliverable; unable to deliver; could not be delivered; cannot be delivered; "
             "undeliverable; action not taken; unavailable; refused by; mail refused; message refused; "
             "not delivered; cannot deliver; can t deliver; could not deliver; delivery failed; "
             "delivery failure", Weight.WEAK),
        Wording("undetermined", "try again later; temporarily; deferred", Weight.WEAK),
    ),
)  # fmt: skip
