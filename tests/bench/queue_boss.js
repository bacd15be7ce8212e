// The same with pg-boss. Its work() looks for jobs every half second at the most, so jobs are fetched as soon as some are there, eight at a
// time by eight loops, and inserted and completed eight at a time.
// usage: queue_boss.js SOCKET-DIRECTORY FLIGHT WARM SECONDS
const PgBoss = require('pg-boss');
const { Meter, job } = require('./queue_meter.js');

const BATCH = 8;

async function loop(boss, meter) {
	for (;;) {
		const jobs = await boss.fetch('step', { batchSize: BATCH });
		if (!jobs.length) {
			await new Promise((r) => setTimeout(r, 1));
			continue;
		}
		for (const j of jobs) meter.step(j.data.ended);
		await boss.insert(jobs.map((j) => ({ name: 'step', data: job(j.data) })));
		await boss.complete('step', jobs.map((j) => j.id));
	}
}

async function main([host, flight, warm, seconds]) {
	const boss = new PgBoss({ host, user: 'postgres', database: 'postgres', max: 24, supervise: false, schedule: false });
	boss.on('error', (e) => { throw e });
	await boss.start();
	await boss.createQueue('step');
	const meter = new Meter(Number(warm), Number(seconds));
	await boss.insert(Array.from({ length: Number(flight) }, (_, i) => ({ name: 'step', data: job({ chain: i, n: 0 }) })));
	for (let i = 0; i < Number(flight) / BATCH; i++) loop(boss, meter).catch((e) => { console.log(String(e.stack)); process.exit(111) });
	console.log(JSON.stringify(await meter.done));
}

main(process.argv.slice(2)).catch((e) => { console.log(String(e.stack)); process.exit(111) });
