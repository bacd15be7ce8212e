/*
 * proto: every message between rooms.  Bodies are JSON objects unless marked
 * binary; [x] names the room that may send it.  "-> " is the reply.  Times are
 * integers, microseconds since 1970 UTC, unless said otherwise; binary values
 * inside JSON are base64url without padding (RFC 4648 §5).
 * A refused request is answered with IPC_ERROR and {"code":<HTTP status>,"message":"..."}.
 */
#ifndef CAM_PROTO_H
#define CAM_PROTO_H

enum proto_type {
	PROTO_INVALID = 0,

	/* ---- keyd ---- */

	/* [gate] binary: u8 leaf (enum proto_leaf), u8 hash (RFC 5246 §7.4.1.4.1:
	 * 4 sha256, 5 sha384, 6 sha512), then the hash value.
	 * -> binary: ECDSA signature, ASN.1 DER (RFC 3279 §2.2.3). */
	PROTO_KEYD_SIGN = 0x0101,
	/* [gate] {} -> the chains object; also sent as a notice to every connected gate
	 * when it changes:
	 * {"generation":n,"leaves":[{"leaf":1,"names":["host",...],"chain":["<DER base64url>",...]}, ...]}
	 * leaf 2 is chosen when the SNI equals one of its names, else leaf 1. */
	PROTO_KEYD_CHAINS = 0x0102,
	/* [core] {} -> {"appliance_id":"<16 hex>","fingerprint":"<SHA-256 of the server leaf, AA:BB:..>",
	 * "not_before":t,"not_after":t,"names":[...],"ca_pem":"...","crl":"<revocation list of that authority, DER, b64>",
	 * "agents_ca_pem":"...","agents_name":"<id>.agents.internal","activity_pem":"<public key of PROTO_KEYD_CHECKPOINT>",
	 * "agent":{"version":"...","sha256":"<64 hex>","signature":"<b64>"} or null, the agent of this image (docs/agent-protocol.md),
	 * "jwk":{<public key of PROTO_KEYD_JWT, RFC 7517>} or null,"uploaded":bool} : fingerprint, dates and names are those of the
	 * certificate that browsers see ; also a notice to core when it changes */
	PROTO_KEYD_IDENTITY = 0x0103,
	/* [core] {"names":["host or IP address",...]} : the names and addresses the appliance
	 * really has; issues a new server leaf when they differ -> the identity object */
	PROTO_KEYD_NAMES = 0x0104,
	/* [core] {"object":"...","field":"...","plain":"<b64>"} -> {"sealed":"<b64>"} */
	PROTO_KEYD_SEAL = 0x0105,
	/* [core] {"room":"core","object":"...","field":"...","lifetime":seconds} -> {"ticket":"<b64>"} */
	PROTO_KEYD_TICKET = 0x0106,
	/* [the ticket's room] {"object":"...","field":"...","sealed":"<b64>","ticket":"<b64>"} -> {"plain":"<b64>"} */
	PROTO_KEYD_UNSEAL = 0x0107,
	/* [sysd, core] {} : the wall clock stepped; leaves are checked and issued anew -> {} */
	PROTO_KEYD_CLOCK = 0x0108,
	/* [core] the claims of a user's or a service's token (src/lib/jwt) -> {"token":"<JWT, RS256>"}; 503 while the
	 * key is being made, 400 for other claims */
	PROTO_KEYD_JWT = 0x0109,
	/* [core] {"first":n,"prev":"<64 hex>","last":n,"hash":"<64 hex>","time":"<date>"} : the activity's chain from
	 * `first`, whose predecessor has the hash `prev`, to `last`, whose hash is `hash`
	 * -> {"statement":"<JSON text: the appliance and these members>","signature":"<base64 of ASN.1 DER, ECDSA with
	 * SHA-256 over the statement>"} */
	PROTO_KEYD_CHECKPOINT = 0x010a,
	/* [core] {"names":["host or IP address",...],"organization":"..."?,"country":"DE"?,"fresh":bool} : a request for a certificate
	 * by somebody else's authority (PKCS #10), with a key of its own (fresh) or the one in use -> as PROTO_KEYD_CERTIFICATE */
	PROTO_KEYD_REQUEST = 0x010b,
	/* [core] {"certificate":"<PEM: a certificate for one of our keys and those above it, in any order>","check":bool,
	 * "accept":bool,"seconds":n} : holds it against keys, signatures, dates and names; then, unless check, shows it: for
	 * good (seconds 0), or on trial: after that many seconds, or a restart, what was before comes back unless it is
	 * confirmed -> check: {"subject",..} as "certificate" below; else as PROTO_KEYD_CERTIFICATE. 400 for one that
	 * cannot be used, 409 for one with warnings unless accept */
	PROTO_KEYD_UPLOAD = 0x010c,
	/* [core] {"action":"show" | "confirm", "back" (the trial ends now; both 409: nothing is on trial) | "own" (the appliance's own again) | "forget" (the request)}
	 * -> {"source":"appliance"|"uploaded","seconds_left":n (on trial)?,"appliance_names":[...],
	 * "certificate":{"subject","issuer","fingerprint","not_before":"<date>","not_after":"<date>","names":[...],"rooted":bool,
	 * "chain":[{"subject","issuer","not_after"},...],"warnings":["..",...]},
	 * "request":{"created":"<date>","fresh":bool,"names":[...],"pem":"..."}?} */
	PROTO_KEYD_CERTIFICATE = 0x010d,

	/* ---- hashd ---- */

	/* [core] {"password":"..."} -> {"hash":"$argon2id$..."}; 429 when the queue is full */
	PROTO_HASHD_HASH = 0x0201,
	/* [core] {"password":"...","hash":"$argon2id$..."} -> {"match":bool}; 429 as above */
	PROTO_HASHD_VERIFY = 0x0202,

	/* ---- core ---- */

	/* [api, tty, sysd] {"verb":"...","principal":{"token":"..."?,"session":"..."?,"peer":"address"},"args":{...}}
	 * -> {"status":200,"body":<any JSON>} or {"status":200,"text":"..."} or {"status":200,"bytes":"<b64>"} or {"status":204};
	 * a body that core has as a text comes behind that object: the object on one line, a newline, the text;
	 * with text or bytes optionally "content_type":"..." (else plain text, or octets) and "file":"name to be
	 * kept under";
	 * or {"status":200,"parts":[{"text":"..."} | {"segment":"<store's>","offset":n,"length":n},...]}: plain text put together
	 * from these, and {"log":"gate","first":n,"from":n,"to":n}, in this order (what store no longer has is left out);
	 * domain refusals are replies too: {"status":4xx,"body":{"message":"..."}}; optional
	 * "session":"<new cookie value>" ("" = clear the cookie), "csrf":"...",
	 * "retry_after":seconds. The peer room is known by SO_PEERCRED; only api speaks for tokens and sessions. */
	PROTO_CORE_VERB = 0x0301,
	/* [api] {"since":sequence or 0} -> {"tail":oldest,"head":newest}, then PROTO_CORE_EVENT notices */
	PROTO_CORE_EVENTS = 0x0302,
	/* notice to api: {"sequence":n,"time":t,"kind":"...","object":"...","data":{...}}; kinds used by api itself:
	 * "token.revoked" {"hash":"<sha256 hex of the token or session>"} drops it from the cache */
	PROTO_CORE_EVENT = 0x0303,
	/* [sysd, demo, cloud] {"worker":"<the room's name>","slots":tasks at once (1 without it),
	 * "running":[{"task":n,"fence":n},...]} -> {} : first message of each connection; what it does not name is given out
	 * again. With "sysd" and no slots: one. */
	PROTO_CORE_WORKER = 0x0304,
	/* notice to a worker: {"task":n,"fence":n,"attempt":n,"deadline":<seconds left>,"kind":"...",
	 * "key":"<idempotency key: the same over all attempts>","input":{...}}; kinds and inputs: docs/workflows.md. Of a
	 * machine.create also "definite":bool: nothing that was tried before may still take effect */
	PROTO_CORE_TASK = 0x0305,
	/* [worker] {"task":n,"fence":n,"outcome":"done"|"failed"|"refused"|"cancelled"|"again","message":"...","output":{...}}
	 * -> {"accepted":bool}; failed = may be tried again, refused = never, again = the output has endpoints[] that the worker did not
	 * know: soon given out anew with them, without an attempt being over. accepted is also true when the very same
	 * result had been taken before; false: the fence is an old one, the result has no effect */
	PROTO_CORE_RESULT = 0x0306,

	/* [api] as PROTO_CORE_VERB, with "cursor":"" at first: one chunk of a list. -> binary: a JSON object
	 * {"status":200,"next":"<cursor>"} on one line ("next":"" = this was the last), a newline, then the chunk: JSON
	 * texts of objects, comma-separated, without brackets. A refusal has its status and body in that first line,
	 * as PROTO_CORE_VERB. api asks for the next chunk when its client has taken the last. */
	PROTO_CORE_LIST = 0x0307,
	/* notice to a worker: {"task":n,"fence":n} : stop it; a result (outcome cancelled, or what it came to) still follows.
	 * Sent again after a reconnect while the worker names the task. */
	PROTO_CORE_CANCEL = 0x0308,
	/* [worker] {"task":n,"fence":n,"level":"info|warning|error","text":"..."} -> {} : a line for the operation's activity or
	 * the provider's log; 409 for an old fence */
	PROTO_CORE_PROGRESS = 0x0309,

	/* ---- agents: api carries their WebSockets, core is who they talk to (docs/agent-protocol.md) ---- */

	/* [api] {"channel":n,"token_hash":"<sha256 hex of the machine's token>","peer":"address"} : n is api's number, unique in api's
	 * life -> {"machine":"m-..","instance":"i-.."}; 401 for a token that is unknown or revoked. After core has been away
	 * api opens every living channel again. */
	PROTO_CORE_AGENT_OPEN = 0x030a,
	/* [api] {"channel":n,"message":{...}} -> {}; an error ends the channel. Notice to api: the same, a text frame to be sent,
	 * with "close":<WebSocket code> when the channel is to end after it. The message {"type":"again"} asks for a new hello. */
	PROTO_CORE_AGENT = 0x030b,
	/* [api] notice {"channel":n} : the channel has ended */
	PROTO_CORE_AGENT_CLOSED = 0x030c,
	/* [api] {"channel":n,"task":n,"fence":n,"length":n,"cut":true?} : store's segment "out-<task>" has this length, durably;
	 * with length 0 before the first piece is kept, then at most once a second -> {"limit":bytes?}; 409 for a task that is
	 * unknown, has another fence or is not of the channel's machine: then nothing of it is kept. cut: what follows is
	 * dropped (the limit, no space). Event "task.output". */
	PROTO_CORE_OUTPUT = 0x030d,

	/* ---- store ---- */

	/* [api] {} -> {"upload":n} + descriptor of an unnamed temporary file, read and write */
	PROTO_STORE_BEGIN = 0x0401,
	/* [api] {"upload":n} : syncs, hashes, links by digest -> {"digest":"<sha256 hex>","length":n}; 507 when the
	 * budget or disk is full. Uploads of a lost connection vanish. */
	PROTO_STORE_COMMIT = 0x0402,
	/* [api, core] {"digest":"..."} -> {"length":n} + descriptor, read only; 404 */
	PROTO_STORE_GET = 0x0403,
	/* [core] {"digest":"..."} -> {}; 404; 409 when it was committed (again) within the last hour */
	PROTO_STORE_DROP = 0x0404,
	/* [api, core] {"segment":"name","offset":n,"data":"<b64>"} : appends at offset, which must be the present
	 * length (409 with {"code","message","length"} otherwise; the same bytes again at an older offset are accepted
	 * silently) -> {"length":n}; durable only after STORE_SYNC */
	PROTO_STORE_APPEND = 0x0405,
	/* [api, core] {"segment":"name"} -> {"length":n} after fdatasync */
	PROTO_STORE_SYNC = 0x0406,
	/* [api, core] {} -> {"bytes":n,"budget":n,"objects":n} */
	PROTO_STORE_STATUS = 0x0407,
	/* [api, core] {"segment":"name"} -> {"length":n} + descriptor, read only; 404 */
	PROTO_STORE_READ = 0x0408,
	/* [api] {"upload":n} : gives an upload up -> {}; 404 */
	PROTO_STORE_FORGET = 0x0409,
	/* [core] {"shard":0..255} -> {"digests":["..",...]}: the objects whose digest begins with that byte, at most 4096 */
	PROTO_STORE_LIST = 0x040a,
	/* [core] {"segment":"name"} : takes it away -> {}, also when there is none; 503 while it is being synced */
	PROTO_STORE_ERASE = 0x040b,
	/* [core] {"at":0 or what the answer before said is next} -> {"segments":["name",...],"next":n}: the names, at most
	 * 1024 at a time; "next":0 = these were the last */
	PROTO_STORE_SEGMENTS = 0x040c,
	/* [core] {} -> {"logs":[{"log":"gate","first":n,"length":n},...]}: the files of the programs' logs, each program's oldest first;
	 * `first` is the moment of a file's first line, nanoseconds since 1970 UTC, by which it is known */
	PROTO_STORE_LOGS = 0x040d,
	/* [api] {"log":"gate","at":<first>} -> {"length":n} + descriptor, read only; 404 */
	PROTO_STORE_LOG = 0x040e,

	/* ---- sysd ---- */

	/* [net] a typed fact: {"kind":"lease4","interface":"eth0","event":"bound|renew|deconfig","address":"10.0.2.15",
	 * "prefix":24,"router":"10.0.2.2","dns":["..."],"ntp":["..."],"domain":"...","lease":seconds}
	 * | {"kind":"lease6",...} | {"kind":"ntp","event":"step|periodic","offset":seconds} -> {} */
	PROTO_SYSD_FACT = 0x0501,
	/* [net, tty] {} -> {"hostname":"..","mode":"dhcp|static","interfaces":[{"name":"eth0","up":bool,"carrier":bool,"mac":"..",
	 * "advice":"none|other|managed","addresses":["10.0.2.15/24",..]}],"router":"..","dns":[..],"ntp":[..],
	 * "static":{"interface":"..","address":"10.0.0.5/24","router":"..","dns":[..]}?,
	 * "services":[{"name":"gate","pid":n or 0,"starts":n,"since":t}]};
	 * advice: what the link's routers say about DHCPv6. Also sent as a notice on connecting and when it changes */
	PROTO_SYSD_STATE = 0x0502,
	/* [tty] {"mode":"dhcp"} | {"mode":"static","interface":"eth0","address":"10.0.0.5/24","router":"..","dns":["..",".."]}
	 * -> {} ; 400 with a message; kept in /data/sysd and applied at once */
	PROTO_SYSD_NETWORK = 0x0503,
	/* [tty] {"action":"reboot"|"poweroff"|"factory-reset"} -> {} */
	PROTO_SYSD_POWER = 0x0504,

	/* ---- api ---- */

	/* [gate] notice + descriptor: {"peer":"address","port":n,"leaf":1|2}: one connection, plain bytes of TLS */
	PROTO_API_CONN = 0x0601,

	/* ---- net ---- */

	/* [net: its clients' script dhcp-event] {"applet":"udhcpc|udhcpc6|ntpd","event":"...","env":{"CAM_CHILD":"n","ip":"..",...}}
	 * -> {} ; CAM_CHILD is the number net gave the client's run */
	PROTO_NET_EVENT = 0x0701,

	/* ---- yard: machines of the Test Provider.  A machine is named "m-" and 1 to 16 of [a-z0-9]. ---- */

	/* [demo] {"machine":"..","slot":0..7,"name":"host name","memory":MiB,"conf":"<its elasticbox.conf>","ca":"<PEM>"}
	 * -> {"running":true}; the same when it runs already. 409: the slot is another's; 507: no space for its disk */
	PROTO_YARD_START = 0x0d01,
	/* [demo] {"machine":".."} -> {} once none of its processes is left; its disk stays. Also when there is none. */
	PROTO_YARD_STOP = 0x0d02,
	/* [demo] {"machine":".."} : stops it and deletes its disk -> {}; also when there is none */
	PROTO_YARD_REMOVE = 0x0d03,
	/* [demo] {} -> {"machines":[{"machine":"..","running":bool,"disk":bool}]} : whatever there is of any */
	PROTO_YARD_LIST = 0x0d04,
	/* notice to demo: {"machine":".."} : its first process has ended by itself */
	PROTO_YARD_ENDED = 0x0d05,

	/* ---- fwd ---- */

	/* [core] {} -> {"state":"standing|waiting|applied|unconfirmed","generation":n,"lines":n,"applied":t,"seconds_left":n?,
	 * "drifts":n,"drifted":t?,"error":"..","in_place":bool,"foreign":["ip nat",..],"counters":[{"chain","comment","packets",
	 * "bytes"}],"names":[{"peer","name","addresses":[..],"ports":[n,..]?,"error":".."}],"drops":[{"time","reason","from","to","protocol","sport","dport"}]} */
	PROTO_FWD_STATUS = 0x0f01,
	/* [core] {"generation":n} : keeps a change that waits -> {}; 409 when there is none, or no connection came in since */
	PROTO_FWD_CONFIRM = 0x0f02,
	/* [core] {"peer":"vcenter|openstack","names":["host",..],"ports":{"host":[n,..]}?,"hold":seconds} | [net] {"names":["time server",..],"hold":seconds} :
	 * the peer's addresses (of a host in ports: these ports alone), which the packet filter lets the peer's room reach from now on: until the names' time is over,
	 * `hold` seconds at least, and no longer than the peer is registered
	 * -> {"names":{"host":{"addresses":["10.0.0.5",..]} or {"message":"does not exist"}}} */
	PROTO_FWD_RESOLVE = 0x0f03,

	/* ---- names ---- */

	/* [fwd] {"name":"host"} -> {"addresses":["10.0.0.5","fd00::5",..],"ttl":seconds}; 404: it does not exist or has no address;
	 * 503: no name server can say */
	PROTO_NAMES_RESOLVE = 0x1001
};

/* Which certificate: browsers' and clients', or the agents' (stable name). */
enum proto_leaf { PROTO_LEAF_NONE = 0, PROTO_LEAF_SERVER = 1, PROTO_LEAF_AGENTS = 2 };

#endif
