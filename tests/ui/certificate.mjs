// A certificate of another authority: request, check, trial, the way back, and what browsers really see.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { connect } from "node:tls";
import { api, axe, check, open, out, PATIENCE, pause, base } from "./browser.mjs";

// What a browser would be shown now.
const shown = () => new Promise((done, fail) => {
	const socket = connect({ host: new URL(base).hostname, port: 443, rejectUnauthorized: false }, () => { done(socket.getPeerCertificate().fingerprint256); socket.destroy(); });
	socket.on("error", fail);
});
async function comes(test) {
	for (const until = Date.now() + PATIENCE; !await test(); await pause(100))
		if (Date.now() > until)
			return false;
	return true;
}

export async function certificate() {
	const directory = mkdtempSync(`${tmpdir()}/cam-authority-`);
	const sign = (csr, what) => execFileSync("/usr/bin/python3", [new URL("../lib/authority.py", import.meta.url).pathname, directory, what], { input: csr, encoding: "utf8" });

	try {
		await walk(sign);
	} finally {
		rmSync(directory, { recursive: true, force: true });
	}
}

async function walk(sign) {
	const page = await open("#/appliance/certificate"), own = await shown();
	const card = page.getByRole("region", { name: "Certificate", exact: true }), upload = page.getByRole("region", { name: "Upload a certificate" });
	const pem = upload.getByLabel("Certificates (PEM)"), look = upload.getByRole("button", { name: "Check it" });
	const found = async (name) => { const v = await axe(page); check(`axe: ${name}`, !v.length, v.join(" | ")); await page.screenshot({ path: `${out}/${name.replaceAll(" ", "-")}-light-1440.png`, fullPage: true }); };
	const stands = (text) => card.getByText(text, { exact: true }).waitFor();

	await stands("the appliance's own");
	check("the fingerprint on the page is that of the handshake", (await card.locator(".fingerprint").innerText()) === own, own);
	await page.getByLabel("Organization").fill("Example Works");
	await page.getByLabel("Country").fill("de");
	await page.getByRole("button", { name: "Make a request" }).click();
	const csr = await page.getByLabel("Request (PKCS #10)").inputValue();
	const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Download", exact: true }).click()]);
	check("a request is made, and is a file to take away", csr.startsWith("-----BEGIN CERTIFICATE REQUEST-----") && file.suggestedFilename().endsWith(".csr"), `${file.suggestedFilename()} ${csr.slice(0, 60)}`);

	await pem.fill(sign(csr, "leaf root"));
	await look.click();
	await upload.getByRole("alert").filter({ hasText: "is missing" }).waitFor();
	check("an incomplete chain is refused with what is missing, and what was pasted stays", (await pem.inputValue()).includes("BEGIN CERTIFICATE"));
	await pem.fill(sign(csr, "leaf middle"));
	await look.click();
	await upload.getByText("It can be used, with 1 warning.").waitFor();
	const show = upload.getByRole("button", { name: "Show it" });
	check("with a warning it cannot be shown without a word", await show.getAttribute("aria-disabled") === "true");
	await pem.fill(sign(csr, "root leaf middle"));
	await look.click();
	await upload.getByText("It can be used.", { exact: true }).waitFor();
	check("a check changes nothing", await shown() === own);
	await found("certificate checked");

	await upload.getByLabel("Show it").selectOption("120");
	await show.click();
	await stands("on trial");
	const other = await card.locator(".fingerprint").innerText();
	check("on trial browsers see it", other !== own && await comes(async () => await shown() === other), other);
	await card.locator(".countdown").waitFor();
	await found("certificate on trial");
	await card.getByRole("button", { name: "Go back now" }).click();
	await stands("the appliance's own");
	check("the way back is at once", await comes(async () => await shown() === own));

	// somebody else's trial, that nobody keeps: this page follows
	await api(page, "POST", "/services/appliance/certificate", { certificate: sign(csr, "root leaf middle"), seconds: 3 });
	await stands("on trial");
	await page.getByText("Not kept in time: the former certificate is shown again").waitFor();
	check("a trial that is not kept ends by itself, and is told", await comes(async () => await shown() === own));

	await pem.fill(sign(csr, "root leaf middle"));
	await look.click();
	await upload.getByLabel("Show it").selectOption("600");
	await show.click();
	await stands("on trial");
	await card.getByRole("button", { name: "Keep it" }).click();
	await stands("of another authority");
	const kept = await card.locator(".fingerprint").innerText();
	check("kept it stays, and its request is done", await comes(async () => await shown() === kept) && kept !== own && await page.getByRole("button", { name: "Make a request" }).isVisible());
	await card.getByRole("button", { name: "Show the appliance's own again" }).click();
	await page.getByRole("dialog").getByRole("button", { name: "Show its own" }).click();
	await stands("the appliance's own");
	check("and the appliance's own comes back", await comes(async () => await shown() === own));
	await page.context().close();
}
