// Two browsers, one change; rooms that are killed under them.
import { api, busy, check, killRoom, note, open, pause } from "./browser.mjs";

// A change in one until it shows in the other, on cores that are free.
const BOUND_MS = 200;
const ROUNDS = 8;

export async function live(world) {
	const one = await open(""), two = await open("#/boxes");
	await one.getByRole("heading", { name: "Overview" }).waitFor();
	await two.getByText("Hello", { exact: true }).waitFor();
	await two.locator(".live").filter({ hasText: "Live" }).waitFor();
	const times = [];
	for (let n = 0; n < ROUNDS; n++) {
		const name = `Hello ${n} ${"x".repeat(n)}`;
		const seen = two.evaluate((want) => new Promise((done) => {
			const look = () => [...document.querySelectorAll(".grid-row b")].some((e) => e.textContent === want);
			const watch = new MutationObserver(() => { if (look()) { watch.disconnect(); done(performance.timeOrigin + performance.now()); } });
			watch.observe(document.body, { subtree: true, childList: true, characterData: true });
		}), name);
		const began = await one.evaluate(async ([id, want]) => {
			const s = await (await fetch("/services/security/session")).json(), box = await (await fetch(`/services/boxes/${id}`)).json(), at = performance.timeOrigin + performance.now();
			await fetch(`/services/boxes/${id}`, { method: "PUT", headers: { "Content-Type": "application/json", "X-CSRF-Token": s.csrf }, body: JSON.stringify({ ...box, name: want }) });
			return at;
		}, [world.hello, name]);
		times.push(Math.round(await seen - began));
	}
	times.sort((a, b) => a - b);
	note(`a change in one browser shows in the other after ms: ${times.join(" ")}`);
	check(`a change shows in another browser, median ${times[times.length >> 1]} ms`, times[times.length >> 1] <= BOUND_MS * busy(), times.join(" "));

	for (const room of ["api", "gate"]) {
		killRoom(room);
		await two.locator(".live.lost").waitFor();
		const began = Date.now();
		await two.locator(".live").filter({ hasText: /^Live$/ }).waitFor();
		note(`${room} killed: live again after ${Date.now() - began} ms`);
		const name = `After ${room}`;
		for (let n = 0; ; n++)
			try {
				await api(one, "PUT", `/services/boxes/${world.hello}`, { ...await api(one, "GET", `/services/boxes/${world.hello}`), name });
				break;
			} catch (e) {
				if (n > 50)
					throw e;
				await pause(100);
			}
		await two.getByText(name, { exact: true }).waitFor();
		check(`${room} killed: said at once, recovered by itself, and what happened since is shown`, true);
	}
	// what happens while a browser is away is shown when it is back
	await two.context().setOffline(true);
	await two.getByRole("alert").filter({ hasText: "Connection lost, reconnecting" }).waitFor();
	await api(one, "PUT", `/services/boxes/${world.hello}`, { ...await api(one, "GET", `/services/boxes/${world.hello}`), name: "Hello" });
	check("nothing old is shown as new: the loss is said with its age", /from \d+ s ago/.test(await two.getByRole("alert").filter({ hasText: "Connection lost" }).innerText()));
	await two.context().setOffline(false);
	await two.getByText("Hello", { exact: true }).waitFor();
	await two.getByRole("alert").filter({ hasText: "Connection lost" }).waitFor({ state: "hidden" });
	check("what happened while a browser was away is shown when it is back", true);
	await one.context().close();
	await two.context().close();
}
