/* How the appliance itself is, for those who may know. */
import { type Loaded, useRead } from "../lib/data";
import { useEffect } from "preact/hooks";
import { isAdministrator } from "../lib/session";

export interface Health {
	uptime: number; full: boolean; storage?: { used: number; size: number; free: number };
	certificate?: { not_after?: string; not_before?: string; names?: string[]; fingerprint: string };
	services: { name: string; running: boolean; started: string; restarts: number; memory?: number; memory_peak?: number }[];
}
const EVERY_MS = 10000;

export function health(): Loaded<Health> {
	const read = useRead<Health>(isAdministrator.value ? "/services/appliance/health" : null, (e) => e.kind.startsWith("appliance."));

	useEffect(() => {
		const timer = setInterval(() => { if (!document.hidden) read.reload(); }, EVERY_MS);
		return () => clearInterval(timer);
	}, []);
	return read;
}
