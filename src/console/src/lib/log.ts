/* A text of any length by its lines, without a string for each: the bytes stay in pieces, lines are places in them. */
const NEWLINE = 10;
const GROW = 2;

/* Colours and moves of a terminal mean nothing here: they are left out; other control characters are shown as pictures. */
export const plainText = (s: string): string => s.replace(/\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[@-Z\\-_]/g, "")
	.replace(/\r$/, "").replace(/[\x00-\x08\x0b-\x1f\x7f]/g, (c) => String.fromCharCode(c === "\x7f" ? 0x2421 : 0x2400 + c.charCodeAt(0)))
	.replace(/[\u202a-\u202e\u2066-\u2069]/g, "�");

export class Log {
	private bytes = new Uint8Array(1 << 16);
	private starts = new Float64Array(1 << 12);
	private readonly decoder = new TextDecoder();
	length = 0;
	lines = 0;
	/* Longest line, bytes: for the width. */
	widest = 0;
	private partial = 0;	// where the last line begins

	append(piece: Uint8Array): void {
		if (this.length + piece.length > this.bytes.length) {
			const more = new Uint8Array(Math.max(this.bytes.length * GROW, this.length + piece.length));
			more.set(this.bytes.subarray(0, this.length));
			this.bytes = more;
		}
		this.bytes.set(piece, this.length);
		if (!this.lines && piece.length)
			this.start(0);
		const base = this.length;
		for (let at = piece.indexOf(NEWLINE); at >= 0; at = piece.indexOf(NEWLINE, at + 1)) {
			this.widest = Math.max(this.widest, Math.min(base + at - this.partial, 4000));
			this.start(base + at + 1);
		}
		this.length += piece.length;
		this.widest = Math.max(this.widest, Math.min(this.length - this.partial, 4000));
	}

	private start(at: number): void {
		if (this.lines === this.starts.length) {
			const more = new Float64Array(this.starts.length * GROW);
			more.set(this.starts);
			this.starts = more;
		}
		this.starts[this.lines++] = at;
		this.partial = at;
	}

	/* An empty line at the end is not one. */
	get count(): number { return this.lines && this.starts[this.lines - 1] === this.length ? this.lines - 1 : this.lines; }

	line(n: number): string {
		const from = this.starts[n], to = n + 1 < this.lines ? this.starts[n + 1] - 1 : this.length;

		return plainText(this.decoder.decode(this.bytes.subarray(from, Math.min(to, from + 4000)))) + (to - from > 4000 ? " …" : "");
	}

	clear(): void { this.length = 0; this.lines = 0; this.widest = 0; this.partial = 0; }
	blob(): Blob { return new Blob([this.bytes.subarray(0, this.length) as BlobPart], { type: "text/plain" }); }

	/* Lines that contain the text, in slices so that the page goes on; at most `most`. */
	async find(text: string, most: number, stop: () => boolean, found: (lines: number[]) => void): Promise<void> {
		const word = text.toLowerCase(), hits: number[] = [];
		let until = performance.now() + 12;

		for (let n = 0; n < this.count && hits.length < most; n++) {
			if (this.line(n).toLowerCase().includes(word))
				hits.push(n);
			if ((n & 63) === 0 && performance.now() > until) {
				await new Promise((done) => setTimeout(done));
				if (stop())
					return;
				until = performance.now() + 12;
			}
		}
		found(hits);
	}
}
