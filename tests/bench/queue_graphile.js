// Chains of jobs of graphile-worker: each job adds the next one, as a step of an operation leads to the next.
// usage: queue_graphile.js SOCKET-DIRECTORY FLIGHT WARM SECONDS; prints what engine.c prints, then waits to be killed
const { Pool } = require('pg');
const { run, runMigrations } = require('graphile-worker');
const { Logger } = require('@graphile/logger');
const { Meter, job } = require('./queue_meter.js');

async function main([host, flight, warm, seconds]) {
	flight = Number(flight);
	const pool = new Pool({ host, user: 'postgres', database: 'postgres', max: flight + 4 });
	const logger = new Logger(() => () => {});
	await runMigrations({ pgPool: pool, logger });
	const meter = new Meter(Number(warm), Number(seconds));
	const runner = await run({
		pgPool: pool, logger, concurrency: flight, noHandleSignals: true,
		taskList: {
			step: async (payload, helpers) => {
				meter.step(payload.ended);
				await helpers.addJob('step', job(payload));
			},
		},
	});
	for (let i = 0; i < flight; i++) await runner.addJob('step', job({ chain: i, n: 0 }));
	console.log(JSON.stringify(await meter.done));
}

main(process.argv.slice(2)).catch((e) => { console.log(String(e.stack)); process.exit(111) });
