// A client made with Node's ws: authenticates, subscribes, prints every message as a line.
// usage: node watch.js URL TOKEN header|message SUBSCRIPTION-JSON
"use strict";
const WebSocket = require("ws");
const [url, token, how, subscription] = process.argv.slice(2);
const options = { rejectUnauthorized: false };
if (how === "header")
	options.headers = { "ElasticBox-Token": token };
const socket = new WebSocket(url, options);
socket.on("open", () => {
	if (how === "message")
		socket.send(JSON.stringify({ type: "authenticate", token }));
});
socket.on("message", (data) => {
	const text = data.toString();
	console.log(text);
	if (JSON.parse(text).type === "hello")
		socket.send(subscription);
});
socket.on("close", (code, reason) => {
	console.log(JSON.stringify({ type: "closed", code, reason: reason.toString() }));
});
socket.on("error", (e) => {
	console.log(JSON.stringify({ type: "error", message: e.message }));
});
