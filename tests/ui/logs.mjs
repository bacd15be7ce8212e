// The logs of the appliance's programs: read, followed, searched, taken away.
import { readFileSync } from "node:fs";
import { axe, check, killRoom, open, out } from "./browser.mjs";

export async function logs() {
	const page = await open("#/appliance/logs?program=gate");

	await page.getByRole("log", { name: "Log of gate" }).locator(".output-line").first().waitFor();
	const found = await axe(page);
	check("axe: a log with lines", !found.length, found.join(" | "));
	await page.getByLabel("Program", { exact: true }).selectOption("tty");
	const log = page.getByRole("log", { name: "Log of tty" });
	await log.locator(".output-line").first().waitFor();
	check("the address names the program", page.url().endsWith("program=tty"), page.url());
	const before = await log.getByText("signal 9").count();
	killRoom("tty");
	await log.getByText("signal 9").nth(before).waitFor();
	check("a new line comes by itself", true);
	await page.getByLabel("Search the output").fill("signal 9");
	await page.getByRole("status").filter({ hasText: `1 of ${before + 1}` }).waitFor();
	check("and is found", true);
	const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Download", exact: true }).click()]);
	const text = readFileSync(await file.path(), "utf8");
	check("the file has the whole log, times first", file.suggestedFilename() === "tty.log" && /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{9} /.test(text) && text.includes("signal 9"), text.slice(0, 120));
	await page.screenshot({ path: `${out}/log-followed-light-1440.png` });
	await page.context().close();
}
