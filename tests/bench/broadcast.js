// The peer: a WebSocket server on TLS that sends each line of its standard input to all its clients.
// usage: broadcast.js KEY CERT   first line on stdout: {"port": n}
'use strict';
const fs = require('fs');
const https = require('https');
const readline = require('readline');
const WebSocket = require('ws');

const server = https.createServer({ key: fs.readFileSync(process.argv[2]), cert: fs.readFileSync(process.argv[3]), maxVersion: 'TLSv1.2' });
const all = new WebSocket.Server({ server, perMessageDeflate: false });

all.on('connection', (ws) => ws.send('{"type":"hello","sequence":0}'));
const lines = readline.createInterface({ input: process.stdin });
lines.on('line', (line) => {
	for (const ws of all.clients)
		ws.send(line);
});
lines.on('close', () => process.exit(0));
server.listen(0, '127.0.0.1', 8192, () => process.stdout.write(JSON.stringify({ port: server.address().port }) + '\n'));
