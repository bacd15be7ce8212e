// Counts steps and their latency: from the end of the step before (`ended`, when it asked for this one) to its begin.
const { performance } = require('perf_hooks');

exports.Meter = class Meter {
	constructor(warm, seconds) {
		this.steps = 0;
		this.latencies = [];
		this.on = false;
		this.done = new Promise((resolve) => {
			setTimeout(() => {
				console.log(JSON.stringify({ begin: true }));
				this.on = true;
				const began = performance.now();
				setTimeout(() => {
					this.on = false;
					resolve(this.result((performance.now() - began) / 1000));
				}, seconds * 1000);
			}, warm * 1000);
		});
	}

	step(ended) {
		if (!this.on) return;
		this.steps++;
		if (ended) this.latencies.push(performance.now() - ended);
	}

	result(seconds) {
		const l = this.latencies.sort((a, b) => a - b);
		return { steps: this.steps, seconds, p50_ms: l[l.length >> 1], p99_ms: l[Math.floor(l.length * 0.99)], max_ms: l[l.length - 1] };
	}
}

// What a step carries: the text a small task of ours has for its input.
exports.job = (before) => ({ chain: before.chain, n: before.n + 1, event: 'configure', box: 'a box of some kind', url: '/services/blobs/download/'.padEnd(160, 'x'), ended: performance.now() });
