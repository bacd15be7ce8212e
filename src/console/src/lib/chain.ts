/* Verifies the activity's chain in the browser, as docs/activity.md says: each line's hash, its predecessor's, the signed ends. */
export interface Verdict { good: boolean; text: string; lines: number }

const hex = (b: ArrayBuffer): string => [...new Uint8Array(b)].map((x) => x.toString(16).padStart(2, "0")).join("");
const bytesOf = (base64: string): Uint8Array => Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));

/* X9.62 signatures are a SEQUENCE of two INTEGERs; the browser wants both numbers, 32 bytes each. */
export function plainSignature(der: Uint8Array): Uint8Array {
	const out = new Uint8Array(64);
	let at = 2;

	for (const to of [32, 64]) {
		if (der[at] !== 2)
			throw new Error("The signature is malformed.");
		const n = der[at + 1], number = der.subarray(at + 2, at + 2 + n).subarray(Math.max(0, n - 32));
		out.set(number, to - number.length);
		at += 2 + n;
	}
	return out;
}

export async function verifyChain(text: string, pem: string, progress: (lines: number) => void): Promise<Verdict> {
	const lines = text.split("\n").filter(Boolean), bad = (why: string, n: number): Verdict => ({ good: false, text: why, lines: n });
	const head = JSON.parse(lines[0]), s = JSON.parse(head.statement);
	const key = await crypto.subtle.importKey("spki", bytesOf(pem.replace(/-----[^-]+-----|\s/g, "")) as BufferSource, { name: "ECDSA", namedCurve: "P-256" }, false, ["verify"]);

	if (!await crypto.subtle.verify({ name: "ECDSA", hash: "SHA-256" }, key, plainSignature(bytesOf(head.signature)) as BufferSource, new TextEncoder().encode(head.statement)))
		return bad("The signature of the statement is not of this appliance's key.", 0);
	let prev: string = s.prev, sequence: number = s.first;
	for (let i = 1; i < lines.length; i++) {
		const m = /^(.*),"hash":"([0-9a-f]{64})"\}$/.exec(lines[i]);
		if (!m)
			return bad(`Line ${i + 1} is not an entry.`, i);
		const canonical = `${m[1]}}`, row = JSON.parse(canonical);
		if (row.sequence !== sequence++)
			return bad(`Entry ${sequence - 1} is missing: ${row.sequence} stands in its place.`, i);
		if (row.prev !== prev)
			return bad(`Entry ${row.sequence} does not follow the one before.`, i);
		prev = hex(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(canonical)));
		if (prev !== m[2])
			return bad(`Entry ${row.sequence} was changed.`, i);
		if (i % 500 === 0)
			progress(i);
	}
	if (prev !== s.hash || sequence - 1 !== s.last)
		return bad("The end is not the one that was signed.", lines.length - 1);
	return { good: true, text: `Entries ${s.first} to ${s.last} are complete and unchanged, signed ${s.time} UTC.`, lines: lines.length - 1 };
}
