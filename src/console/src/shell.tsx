/* What is around every page: where one can go, where one is, how things are. */
import { effect, signal } from "@preact/signals";
import type { ComponentType } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { boxes, instances, providers } from "./lib/data";
import { shown } from "./lib/lifecycle";
import { connection, lostFor } from "./lib/live";
import { route, to } from "./lib/route";
import { scheme, type Scheme } from "./lib/scheme";
import { choose, costcenters, favorites, same, type Scope, scope, scopeName, scopeWord, toggleFavorite, workspaces } from "./lib/scope";
import { isAdministrator, isOwner, organization, signOut, status, user } from "./lib/session";
import { Button, Empty, PageHead } from "./parts/basic";
import { Dialog, Menu } from "./parts/dialog";
import { Icon } from "./parts/icon";
import { openSearch, Search } from "./search";
import { ActivityPage } from "./pages/activity";
import { Appliance } from "./pages/appliance";
import { BoxPage } from "./pages/box";
import { Boxes } from "./pages/boxes";
import { CostCenters } from "./pages/costcenters";
import { Firewall } from "./pages/firewall";
import { InstancePage } from "./pages/instance";
import { Instances } from "./pages/instances";
import { Me } from "./pages/me";
import { Overview } from "./pages/overview";
import { ProviderPage, Providers } from "./pages/providers";
import { Roles } from "./pages/roles";
import { Tokens } from "./pages/tokens";
import { Users } from "./pages/users";
import { WorkspacePage, Workspaces } from "./pages/workspaces";

interface Place { id: string; label: string; icon: string; page: ComponentType<any>; count?: () => number; when?: () => boolean; one?: ComponentType<any> }

const manage: Place[] = [
	{ id: "", label: "Overview", icon: "overview", page: Overview },
	{ id: "instances", label: "Instances", icon: "instances", page: Instances, one: InstancePage, count: () => instances.all.value.length },
	{ id: "boxes", label: "Boxes", icon: "boxes", page: Boxes, one: BoxPage, count: () => boxes.all.value.length },
	{ id: "providers", label: "Providers", icon: "providers", page: Providers, one: ProviderPage, count: () => providers.all.value.length },
];
const administer: Place[] = [
	{ id: "workspaces", label: "Workspaces", icon: "workspaces", page: Workspaces, one: WorkspacePage },
	{ id: "costcenters", label: "Cost centers", icon: "costcenters", page: CostCenters, when: () => isOwner.value || costcenters.value.length > 0 },
	{ id: "users", label: "Users", icon: "users", page: Users, when: () => isOwner.value },
	{ id: "roles", label: "Roles", icon: "roles", page: Roles },
	{ id: "tokens", label: "Tokens", icon: "tokens", page: Tokens },
];
const machine: Place[] = [
	{ id: "appliance", label: "Appliance", icon: "appliance", page: Appliance, when: () => isAdministrator.value },
	{ id: "firewall", label: "Firewall", icon: "firewall", page: Firewall, when: () => isAdministrator.value },
	{ id: "activity", label: "Activity", icon: "activity", page: ActivityPage, when: () => isAdministrator.value },
];
/* Places that the search offers, too. */
export const places = [...manage, ...administer, ...machine];
const hidden: Place[] = [{ id: "me", label: "Your account", icon: "user", page: Me }];

const drawer = signal(false);

function Group({ title, list }: { title?: string; list: Place[] }) {
	const at = route.value.path[0] ?? "";
	const open = list.filter((p) => !p.when || p.when());

	return open.length ? <>{title && <h2>{title}</h2>}<nav aria-label={title ?? "Main"}>{open.map((p) =>
		<a class="nav" key={p.id} href={to(p.id)} aria-current={at === p.id ? "page" : undefined} onClick={() => { drawer.value = false; }}><Icon name={p.icon} />{p.label}
			{p.count && p.count() > 0 && <span class="count">{p.count().toLocaleString("en")}</span>}</a>)}</nav></> : null;
}

const Side = () => <aside class="side" aria-label="Places">
	<a class="brand" href="#/"><img src="/icon.svg" alt="" /><span>Cloud Application Manager<small>Dedicated Edition</small></span></a>
	<Group list={manage} />
	<Group title="Administration" list={administer} />
	<Group title="This machine" list={machine} />
	<p class="foot">Version {status.value?.version}{status.value?.development && " (development build)"}</p>
</aside>;

/* ---- where one is ---- */

function ContextList({ onDone }: { onDone: () => void }) {
	const [text, set] = useState("");
	const [at, setAt] = useState<"all" | "favorites">("all");
	const fits = (s: string) => s.toLowerCase().includes(text.toLowerCase());
	const entries: Scope[] = [
		...(isOwner.value && organization.value ? [{ type: "organization" as const, id: organization.value.name }] : []),
		...costcenters.value.map((c) => ({ type: "costcenter" as const, id: c.id })),
		...workspaces.value.map((w) => ({ type: "workspace" as const, id: w.id })),
	];
	const shownEntries = (at === "favorites" ? favorites.value : entries).filter((s) => fits(scopeName(s)));

	return <>
		<div class="row">
			<input class="input grow" type="search" aria-label="Find a place" placeholder="Find a place" value={text} autofocus onInput={(e) => set(e.currentTarget.value)} />
			<span class="group"><Button pressed={at === "all"} onClick={() => setAt("all")}>All</Button><Button pressed={at === "favorites"} onClick={() => setAt("favorites")}>Favorites</Button></span>
		</div>
		<div class="stack tight">{(["organization", "costcenter", "workspace"] as const).map((type) => {
			const list = shownEntries.filter((s) => s.type === type);
			return list.length > 0 && <section key={type}><h3 class="faint small">{scopeWord[type]}{list.length > 1 ? "s" : ""}</h3><ul>{list.map((s) =>
				<li class="row" key={s.id}><button type="button" class="button quiet grow context-entry" aria-current={same(s, scope.value) ? "true" : undefined} onClick={() => { choose(s); onDone(); }}>
					{same(s, scope.value) && <Icon name="check" />}<span class="cut">{scopeName(s)}</span>
					{type === "workspace" && <span class="faint small">{workspaces.value.find((w) => w.id === s.id)?.type === "personal" ? "personal" : "team"}</span>}
				</button><Button kind="quiet" icon="star" label={`Favorite: ${scopeName(s)}`} pressed={favorites.value.some((f) => same(f, s))} onClick={() => toggleFavorite(s)} /></li>)}</ul></section>;
		})}{shownEntries.length === 0 && <p class="muted">{at === "favorites" ? "Mark a place with the star to find it here." : "No place of this name."}</p>}</div>
	</>;
}

function Context() {
	const [open, set] = useState(false);

	return <>
		<Button class="context" expanded={open} onClick={() => set(true)} kind="quiet"><span class="cut">{scopeName(scope.value)}</span> <small>{scopeWord[scope.value.type]}</small><Icon name="down" /></Button>
		{open && <Dialog title="Where to look" onClose={() => set(false)} modeless><div class="body"><ContextList onDone={() => set(false)} /></div></Dialog>}
	</>;
}

/* ---- how things are ---- */

function Live() {
	const lost = connection.value !== "live";

	return <span class={`live ${connection.value === "lost" ? "lost" : ""}`} role="status" title={lost ? "" : "Changes show as they happen"}>{connection.value === "live" ? "Live" : connection.value === "lost" ? "Reconnecting" : "Connecting"}</span>;
}

/* Short losses pass without a word: the dot says it at once, the bar after a second. */
const Lost = () => connection.value === "lost" && lostFor.value >= 1
	? <div class="banner" role="alert"><span class="spin" />Connection lost, reconnecting. What is shown is from {lostFor.value < 60 ? `${lostFor.value} s` : `${Math.floor(lostFor.value / 60)} min`} ago.</div> : null;

/* Failures among running things, in the browser's tab. */
effect(() => {
	const link = document.querySelector<HTMLLinkElement>("link[rel=icon]");

	if (link)
		link.title = instances.all.value.some((i) => shown(i)[1] === "bad") ? "Something failed" : "";
});

function Account() {
	const next: Record<Scheme, Scheme> = { system: "dark", dark: "light", light: "system" };

	return <Menu label="Account" kind="quiet" icon="user" text={<span class="who-name cut">{user.value?.name || user.value?.email}</span>} items={[
		{ label: "Your account", icon: "user", href: to("me") },
		{ label: "Tokens", icon: "tokens", href: to("tokens") },
		{ label: `Colours: ${scheme.value === "system" ? "as the system" : scheme.value}`, icon: "sun", act: () => { scheme.value = next[scheme.value]; } },
		{ line: true },
		{ label: "Sign out", icon: "lock", act: () => void signOut() },
	]} />;
}

function Page() {
	const { path } = route.value;
	const place = [...places, ...hidden].find((p) => p.id === (path[0] ?? ""));

	if (!place || (place.when && !place.when()))
		return <><PageHead title="Nothing here" /><div class="card"><Empty icon="search" title="There is no such page" action={<Button href="#/">Overview</Button>} /></div></>;
	const One = place.one, All = place.page;
	return path[1] && One ? <One key={path[1]} id={path[1]} tab={path[3] ?? ""} /> : <All tab={path[1] ?? ""} />;
}

const FILL = new Set(["instances", "boxes"]);

export function Shell() {
	const main = useRef<HTMLElement>(null);
	const { path } = route.value;
	const where = `${path[0] ?? ""}/${path[1] ?? ""}`;

	useEffect(() => {
		const keys = (e: KeyboardEvent) => {
			if ((e.metaKey || e.ctrlKey) && e.key.toLowerCase() === "k") {
				e.preventDefault();
				openSearch();
			}
		};
		addEventListener("keydown", keys);
		return () => removeEventListener("keydown", keys);
	}, []);
	// Another page begins at its top, with the focus on its heading.
	const first = useRef(true);
	useEffect(() => {
		if (!first.current) {
			scrollTo(0, 0);
			main.current?.querySelector<HTMLElement>("h1")?.focus({ preventScroll: true });
		}
		first.current = false;
	}, [where]);
	return <div class="shell">
		<a class="skip" href="#main" onClick={(e) => { e.preventDefault(); main.current?.focus(); }}>Skip to the content</a>
		<Side />
		{drawer.value && <Drawer />}
		<div class="stage">
			<header class="top">
				<Button class="only-small" kind="quiet" icon="menu" label="Menu" onClick={() => { drawer.value = true; }} />
				<Context />
				<button type="button" class="button search-button" aria-keyshortcuts="Control+K Meta+K" onClick={openSearch}><Icon name="search" /><span class="words">Search</span><kbd aria-hidden="true">{/Mac/.test(navigator.platform) ? "⌘K" : "Ctrl K"}</kbd></button>
				<Live />
				<Account />
			</header>
			<Lost />
			<main id="main" ref={main} tabIndex={-1} class={`${FILL.has(path[0] ?? "") && !path[1] ? "fill" : ""} ${connection.value === "lost" && lostFor.value > 5 ? "stale" : ""}`}><Page /></main>
		</div>
		<Search />
	</div>;
}

function Drawer() {
	const ref = useRef<HTMLDialogElement>(null);

	useEffect(() => { ref.current?.showModal(); return () => ref.current?.close(); }, []);
	return <dialog class="drawer" ref={ref} aria-label="Menu" onCancel={() => { drawer.value = false; }} onClick={(e) => { if (e.target === ref.current) drawer.value = false; }}><Side /></dialog>;
}
