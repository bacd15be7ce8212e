// Holds many WebSockets and says when the last of them has heard of a change.
// usage: sockets.js URL COUNT TOKEN   lines on stdout: {"open": n, "ms": t}, then for each event that reached all of them
// {"sequence": n, "kind": k, "first": ns, "last": ns} (CLOCK_MONOTONIC), {"lost": n} when one ends. Ends with its standard input.
'use strict';
const WebSocket = require('ws');

const [url, countText, token] = process.argv.slice(2);
const count = Number(countText);
const AT_ONCE = 64;
const seen = new Map();
let started = 0, open = 0, began = process.hrtime.bigint();

function say(value) {
	process.stdout.write(JSON.stringify(value) + '\n');
}

function told(text) {
	const now = process.hrtime.bigint();
	const message = JSON.parse(text);
	if (message.type === 'hello') {
		if (++open === count)
			say({ open: count, ms: Number(now - began) / 1e6 });
		else
			start();
		return;
	}
	const at = seen.get(message.sequence) || { n: 0, first: now };
	at.n++;
	seen.set(message.sequence, at);
	if (at.n === count) {
		say({ sequence: message.sequence, kind: message.kind, first: Number(at.first), last: Number(now) });
		seen.delete(message.sequence);
	}
}

function start() {
	if (started === count)
		return;
	started++;
	const ws = new WebSocket(url, { headers: { 'ElasticBox-Token': token }, rejectUnauthorized: false, perMessageDeflate: false });
	ws.on('message', (data) => told(data.toString()));
	ws.on('error', (e) => say({ error: e.message }));
	ws.on('close', (code) => say({ lost: code }));
}

process.stdin.on('end', () => process.exit(0));
process.stdin.resume();
for (let i = 0; i < AT_ONCE; i++)
	start();
