/* Archives of files: written without compression, read with it (PKWARE APPNOTE 6.3: local headers, central directory). */
const LOCAL = 0x04034b50, CENTRAL = 0x02014b50, END = 0x06054b50;
const CRC = new Uint32Array(256).map((_, n) => { for (let k = 0; k < 8; k++) n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1; return n; });
/* What one archive may unpack to. */
const MOST = 64 << 20;

function crc(data: Uint8Array): number {
	let c = ~0;

	for (const b of data)
		c = CRC[(c ^ b) & 255] ^ (c >>> 8);
	return ~c >>> 0;
}

export function zip(files: { name: string; data: Uint8Array }[]): Blob {
	const parts: Uint8Array[] = [], directory: Uint8Array[] = [];
	let at = 0;

	for (const f of files) {
		const name = new TextEncoder().encode(f.name), head = new DataView(new ArrayBuffer(30)), entry = new DataView(new ArrayBuffer(46)), sum = crc(f.data);
		const common = (v: DataView, o: number) => { v.setUint16(o, 20, true); v.setUint16(o + 2, 0x800, true); v.setUint16(o + 8, 0x21, true); v.setUint32(o + 10, sum, true); v.setUint32(o + 14, f.data.length, true); v.setUint32(o + 18, f.data.length, true); v.setUint16(o + 22, name.length, true); };

		head.setUint32(0, LOCAL, true);
		common(head, 4);
		entry.setUint32(0, CENTRAL, true);
		entry.setUint16(4, 20, true);
		common(entry, 6);
		entry.setUint32(42, at, true);
		parts.push(new Uint8Array(head.buffer), name, f.data);
		directory.push(new Uint8Array(entry.buffer), name);
		at += 30 + name.length + f.data.length;
	}
	const size = directory.reduce((n, p) => n + p.length, 0), end = new DataView(new ArrayBuffer(22));
	end.setUint32(0, END, true);
	end.setUint16(8, files.length, true);
	end.setUint16(10, files.length, true);
	end.setUint32(12, size, true);
	end.setUint32(16, at, true);
	return new Blob([...parts, ...directory, new Uint8Array(end.buffer)] as BlobPart[], { type: "application/zip" });
}

async function inflate(data: Uint8Array, length: number): Promise<Uint8Array> {
	const out = new Uint8Array(await new Response(new Blob([data as BlobPart]).stream().pipeThrough(new DecompressionStream("deflate-raw"))).arrayBuffer());

	if (out.length !== length)
		throw new Error("The archive is damaged.");
	return out;
}

export async function unzip(blob: Blob): Promise<{ name: string; data: Uint8Array }[]> {
	const all = new Uint8Array(await blob.arrayBuffer()), v = new DataView(all.buffer), files: { name: string; data: Uint8Array }[] = [];
	let end = all.length - 22, total = 0;

	while (end >= 0 && v.getUint32(end, true) !== END)
		end--;
	if (end < 0)
		throw new Error("This is no zip archive.");
	for (let n = v.getUint16(end + 10, true), at = v.getUint32(end + 16, true); n > 0; n--) {
		if (at + 46 > all.length || v.getUint32(at, true) !== CENTRAL)
			throw new Error("The archive is damaged.");
		const method = v.getUint16(at + 10, true), packed = v.getUint32(at + 20, true), length = v.getUint32(at + 24, true), nameLength = v.getUint16(at + 28, true), local = v.getUint32(at + 42, true);
		const name = new TextDecoder().decode(all.subarray(at + 46, at + 46 + nameLength));
		if ((total += length) > MOST || local + 30 > all.length)
			throw new Error("The archive is too large or damaged.");
		const from = local + 30 + v.getUint16(local + 26, true) + v.getUint16(local + 28, true), raw = all.subarray(from, from + packed);
		if (!name.endsWith("/"))
			files.push({ name, data: method === 0 ? raw : method === 8 ? await inflate(raw, length) : (() => { throw new Error(`${name}: packed in a way that is not known here.`); })() });
		at += 46 + nameLength + v.getUint16(at + 30, true) + v.getUint16(at + 32, true);
	}
	return files;
}
