// The console: set up, sign in, and the summary of the appliance.
// The session lives in a cookie that no script can read; the CSRF token only in this module's memory.

const $ = (id) => document.getElementById(id);

const PASSWORD_MIN = 10;	// as the verb table of the appliance
const REFRESH_MS = 60000;	// of the summary, besides what events tell
const RETRY_MS = 2000;		// while the appliance cannot be reached

let csrf = null;
let user = null;
let status = null;
let settings = null;		// as last read
let uptimeBase = null;		// performance time at which uptime was 0

class Refusal extends Error {
	constructor(code, message, retryAfter) {
		super(message);
		this.code = code;
		this.retryAfter = retryAfter;
	}
}

// ---- calls ----

async function send(method, path, body, headers = {}) {
	const init = { method, headers: { ...headers }, credentials: "same-origin", cache: "no-store", redirect: "error" };

	if (body !== undefined) {
		init.headers["Content-Type"] = "application/json";
		init.body = JSON.stringify(body);
	}
	if (csrf && method !== "GET")
		init.headers["X-CSRF-Token"] = csrf;
	let answer;
	try {
		answer = await fetch(path, init);
	} catch {
		throw new Refusal(0, "The appliance cannot be reached. Check the network and try again.");
	}
	const text = await answer.text();
	let value = null;
	try {
		value = text ? JSON.parse(text) : null;
	} catch {
		value = text;
	}
	if (!answer.ok)
		throw new Refusal(answer.status, (value && value.message) || `The appliance answered ${answer.status}.`,
			Number(answer.headers.get("Retry-After")) || 0);
	return value;
}

// A call of somebody signed in: when the session has ended, asks for the password over the page, and repeats it.
async function call(method, path, body) {
	for (;;) {
		try {
			return await send(method, path, body);
		} catch (e) {
			if (e.code !== 401)
				throw e;
			await signInAgain();
		}
	}
}

function signedIn(answer) {
	csrf = answer.csrf || null;
	user = answer.user || null;
	$("who").textContent = (user && (user.name || user.email)) || "";
}

async function signIn(email, password) {
	csrf = null;
	signedIn(await send("POST", "/services/security/token", { email, password }, { "X-CAM-Console": "1" }));
}

// ---- screens ----

const screens = ["loading", "setup", "signin", "home"];
const titles = { loading: "", setup: "Set up – ", signin: "Sign in – ", home: "" };

function show(name) {
	for (const s of screens)
		$(s).hidden = s !== name;
	$("account").hidden = name !== "home";
	document.title = titles[name] + "Cloud Application Manager";
	if (name === "setup" && !$("setup-code").value)
		$("setup-code").focus();
	else if (name === "signin")
		($("signin-email").value ? $("signin-password") : $("signin-email")).focus();
	else if (name !== "loading")
		$(`${name}-title`).focus();
}

function banner(text) {
	$("banner").textContent = text || "";
	$("banner").hidden = !text;
}

const pause = (ms) => new Promise((done) => setTimeout(done, ms));

// ---- forms ----

function fieldError(input, text) {
	const place = $(`${input.id}-error`);

	place.textContent = text;
	if (text)
		input.setAttribute("aria-invalid", "true");
	else
		input.removeAttribute("aria-invalid");
}

// Checks each input with its rule; the first wrong one gets the focus.
function valid(form, rules) {
	let first = null;

	form.querySelector(".form-error").textContent = "";
	for (const input of form.querySelectorAll("input")) {
		const rule = rules[input.name];
		const text = (rule && rule(input.value)) || "";

		fieldError(input, text);
		if (text && !first)
			first = input;
	}
	if (first)
		first.focus();
	return !first;
}

// Runs work while the form is busy; a refusal is shown, and what was typed stays.
async function submit(form, rules, work) {
	const button = form.querySelector("button[type=submit]");

	if (button.getAttribute("aria-busy") === "true" || !valid(form, rules))
		return;
	button.setAttribute("aria-busy", "true");
	try {
		await work();
	} catch (e) {
		if (!(e instanceof Refusal))
			throw e;
		form.querySelector(".form-error").textContent = e.code === 429 && e.retryAfter > 1
			? `${e.message} (in ${e.retryAfter} seconds)` : e.message;
	} finally {
		button.removeAttribute("aria-busy");
	}
}

const needed = (what) => (v) => v.trim() ? "" : `Enter ${what}.`;
const email = (v) => /^[^\s@]+@[^\s@]+$/.test(v.trim()) ? "" : "Enter an e-mail address, for example ada@example.com.";
const hostname = (v) => /^(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/i.test(v.trim())
	? "" : "Letters, digits and hyphens, in parts separated by dots.";

// The code is read from a screen: case, blanks and the hyphen do not matter.
const codeOf = (v) => v.toUpperCase().replace(/[^A-Z0-9]/g, "").replace(/^(.{4})(.+)$/, "$1-$2");

// Rough measure of a password: length first, then variety. 0 to 4.
function strength(v) {
	const length = [...v].length;
	const kinds = [/[a-z]/, /[A-Z]/, /[0-9]/, /[^A-Za-z0-9]/].filter((k) => k.test(v)).length;
	const different = new Set(v).size;

	if (length < PASSWORD_MIN)
		return length ? 1 : 0;
	if (different < 5)
		return 1;
	return Math.min(4, 2 + (length >= 14) + (length >= 18 || kinds >= 3));
}

function passwordHint() {
	const v = $("setup-password").value, length = [...v].length;
	const words = ["", "weak", "acceptable", "good", "strong"];

	$("setup-meter").value = strength(v);
	$("setup-password-hint").textContent = !length ? "At least 10 characters. Several words are easier to keep than symbols."
		: length < PASSWORD_MIN ? `${PASSWORD_MIN - length} more needed.`
		: strength(v) < 2 ? "Too uniform: use more different characters." : `This password is ${words[strength(v)]}.`;
}

const passwordRule = (v) => [...v].length < PASSWORD_MIN ? `At least ${PASSWORD_MIN} characters.`
	: strength(v) < 2 ? "Too uniform: use more different characters." : "";

// ---- setting up and signing in ----

function onSetup(event) {
	event.preventDefault();
	const form = $("setup-form");

	submit(form, {
		code: (v) => codeOf(v).length === 9 ? "" : "Enter the eight characters of the code.",
		organization: needed("the name of your organization"),
		email,
		password: passwordRule,
		again: (v) => v === $("setup-password").value ? "" : "The two passwords differ.",
	}, async () => {
		signedIn(await send("POST", "/services/appliance/setup", {
			code: codeOf($("setup-code").value),
			organization: $("setup-organization").value.trim(),
			email: $("setup-email").value.trim(),
			password: $("setup-password").value,
		}, { "X-CAM-Console": "1" }));
		form.reset();
		passwordHint();
		await openHome();
	});
}

function onSignIn(event) {
	event.preventDefault();
	const form = $("signin-form");

	submit(form, { email, password: needed("your password") }, async () => {
		await signIn($("signin-email").value.trim(), $("signin-password").value);
		$("signin-password").value = "";
		await openHome();
	});
}

let again = null;	// one dialog for however many calls found the session ended

function signInAgain() {
	if (again)
		return again.promise;
	again = {};
	again.promise = new Promise((resolve, reject) => Object.assign(again, { resolve, reject }));
	const back = document.activeElement;

	$("again-email").value = (user && user.email) || "";
	$("again-password").value = "";
	$("again-form").querySelector(".form-error").textContent = "";
	$("again").showModal();
	$("again-email").value ? $("again-password").focus() : $("again-email").focus();
	return again.promise.finally(() => {
		again = null;
		$("again").close();
		if (back && back.isConnected)
			back.focus();
	});
}

function onAgain(event) {
	event.preventDefault();
	submit($("again-form"), { email, password: needed("your password") }, async () => {
		await signIn($("again-email").value.trim(), $("again-password").value);
		again.resolve();
	});
}

function onLeave(event) {
	event.preventDefault();
	if (again)
		again.reject(new Refusal(401, "You are no longer signed in."));
	leave();
}

function leave() {
	csrf = null;
	user = null;
	show("signin");
	unfollow();
}

async function onSignOut() {
	try {
		await send("POST", "/services/security/signout", {});
	} catch (e) {
		if (e.code !== 401) {
			banner(`You are still signed in: ${e.message}`);
			return;
		}
	}
	banner("");
	leave();
}

// ---- the summary ----

function fact(name, value, className) {
	if (value === undefined || value === null || value === "")
		return [];
	const dt = document.createElement("dt"), dd = document.createElement("dd");

	dt.textContent = name;
	if (Array.isArray(value)) {
		const list = dd.appendChild(document.createElement("ul"));

		for (const one of value)
			list.appendChild(document.createElement("li")).textContent = one;
		if (!value.length)
			dd.textContent = "none";
	} else {
		dd.textContent = value;
	}
	if (className)
		dd.className = className;
	return [dt, dd];
}

function duration(seconds) {
	const s = Math.max(0, Math.floor(seconds));
	const parts = [[Math.floor(s / 86400), "d"], [Math.floor(s / 3600) % 24, "h"], [Math.floor(s / 60) % 60, "min"], [s % 60, "s"]];
	const first = parts.findIndex(([n]) => n > 0);

	return parts.slice(first < 0 ? 3 : first).slice(0, 2).map(([n, unit]) => `${n} ${unit}`).join(" ");
}

function tick() {
	const place = $("uptime");

	if (place && uptimeBase !== null)
		place.textContent = duration((performance.now() - uptimeBase) / 1000);
}

const states = { ready: "Ready", starting: "Starting", full: "Storage is full: nothing new can be written" };

function showSettings(s) {
	const state = s.state || status.state;
	const up = fact("Up for", s.uptime === undefined ? null : duration(s.uptime));

	if (up.length)
		up[1].id = "uptime";
	uptimeBase = s.uptime === undefined ? null : performance.now() - s.uptime * 1000;
	$("facts").replaceChildren(
		...fact("State", states[state] || state, state === "ready" ? "state-ready" : "state-other"),
		...fact("Version", (s.version || status.version) + (s.development || status.development ? " (development build)" : "")),
		...fact("Appliance", s.appliance_id || s.id || status.id),
		...fact("Organization", typeof s.organization === "object" && s.organization ? s.organization.name : s.organization),
		...fact("Host name", s.hostname),
		...fact("Addresses", s.addresses),
		...up);
	// Lines break between groups of eight, as on the appliance's screen.
	$("fingerprint").replaceChildren(...((s.fingerprint || "–").match(/.{1,24}/g)).map((group) => {
		const span = document.createElement("span");

		span.textContent = group;
		return span;
	}));
	$("copy").hidden = !s.fingerprint || !navigator.clipboard;
	settings = s;
	showField($("hostname"), s.hostname || "");
	showField($("ntp"), (s.ntp || []).join(" "));
}

// What somebody is typing stays.
function showField(input, value) {
	if (document.activeElement !== input && (input.value === "" || input.value === input.dataset.known))
		input.value = value;
	input.dataset.known = value;
}

async function loadSettings() {
	showSettings(await call("GET", "/services/appliance/settings"));
}

async function openHome() {
	status = await send("GET", "/services/appliance/status");
	await loadSettings();
	show("home");
	follow();
}

// The settings are written as a whole: what this form does not show goes back as it came.
function changeSetting(event, name, rule, valueOf) {
	event.preventDefault();
	$(`${name}-done`).textContent = "";
	submit($(`${name}-form`), { [name]: rule }, async () => {
		const { hostname: host, ntp } = settings;

		await call("POST", "/services/appliance/settings", { hostname: host, ntp, [name]: valueOf($(name).value) });
		$(name).dataset.known = $(name).value;
		await loadSettings();
		$(`${name}-done`).textContent = "Changed.";
	});
}

const listOf = (v) => v.split(/[\s,]+/).filter(Boolean);
const servers = (v) => listOf(v).length > 4 ? "At most four time servers." : "";
const onHostname = (event) => changeSetting(event, "hostname", hostname, (v) => v.trim());
const onServers = (event) => changeSetting(event, "ntp", servers, listOf);

async function onCopy() {
	try {
		await navigator.clipboard.writeText($("fingerprint").textContent);
		$("copied").textContent = "Copied.";
	} catch {
		$("copied").textContent = "The browser did not allow it; mark the text and copy it.";
	}
}

function onReveal(event) {
	const shown = event.target.getAttribute("aria-pressed") !== "true";

	event.target.setAttribute("aria-pressed", String(shown));
	event.target.textContent = shown ? "Hide" : "Show";
	for (const id of event.target.dataset.reveal.split(" "))
		$(id).type = shown ? "text" : "password";
}

async function refresh() {
	if (document.hidden || $("home").hidden || again)
		return;
	try {
		await loadSettings();
		banner("");
	} catch (e) {
		if (e.code !== 401)
			banner(e.code ? e.message : "Connection lost. Trying again…");
	}
}

// ---- events: the summary follows what happens, here or in another browser ----

let live = null;

function follow() {
	if (live || $("home").hidden)
		return;
	live = new WebSocket(`wss://${location.host}/services/events`);
	// The first message says that following has begun: what happened before it may have been missed.
	live.addEventListener("message", refresh);
	live.addEventListener("close", () => {
		live = null;
		if ($("home").hidden)
			return;
		refresh();
		setTimeout(follow, RETRY_MS + Math.random() * RETRY_MS);
	});
}

function unfollow() {
	if (live)
		live.close();
}

// ---- start ----

async function start() {
	for (;;) {
		try {
			status = await send("GET", "/services/appliance/status");
			break;
		} catch (e) {
			banner(e.code ? e.message : "The appliance cannot be reached. Trying again…");
			await pause(RETRY_MS);
		}
	}
	banner("");
	$("badge").hidden = !status.development;
	if (!status.setup) {
		show("setup");
		return;
	}
	try {
		signedIn(await send("GET", "/services/security/session"));
		await openHome();
	} catch (e) {
		if (e.code && e.code !== 401)
			banner(e.message);
		show("signin");
	}
}

$("setup-form").addEventListener("submit", onSetup);
$("signin-form").addEventListener("submit", onSignIn);
$("again-form").addEventListener("submit", onAgain);
$("again-cancel").addEventListener("click", onLeave);
$("again").addEventListener("cancel", onLeave);
$("hostname-form").addEventListener("submit", onHostname);
$("ntp-form").addEventListener("submit", onServers);
$("signout").addEventListener("click", onSignOut);
$("copy").addEventListener("click", onCopy);
$("setup-password").addEventListener("input", passwordHint);
for (const button of document.querySelectorAll("[data-reveal]"))
	button.addEventListener("click", onReveal);
setInterval(tick, 1000);
setInterval(refresh, REFRESH_MS);
document.addEventListener("visibilitychange", refresh);
start();
