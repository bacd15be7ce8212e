/* A small line over time. What it shows is said in words beside it. */
export function Spark({ values, label }: { values: number[]; label: string }) {
	const most = Math.max(1, ...values), w = 100, h = 30, step = w / Math.max(1, values.length - 1);
	const points = values.map((v, i) => `${(i * step).toFixed(2)},${(h - (v / most) * (h - 2) - 1).toFixed(2)}`);

	return <svg class="spark" viewBox={`0 0 ${w} ${h}`} preserveAspectRatio="none" role="img" aria-label={label}>
		<path d={`M0,${h} L${points.join(" L")} L${w},${h}Z`} fill="var(--accent-soft)" />
		<polyline points={points.join(" ")} fill="none" stroke="var(--accent)" stroke-width="1.5" vector-effect="non-scaling-stroke" stroke-linejoin="round" />
	</svg>;
}

export function Bar({ part, of, label }: { part: number; of: number; label: string }) {
	const share = of > 0 ? Math.min(1, part / of) : 0;

	return <div class={`bar ${share > .9 ? "bad" : share > .75 ? "warn" : ""}`} role="meter" aria-label={label} aria-valuenow={Math.round(share * 100)} aria-valuemin={0} aria-valuemax={100}><div style={{ width: `${share * 100}%` }} /></div>;
}
