"use strict";
// The pages of `dialtone console`.  Whatever comes from the site is put in as text, never as markup.
(() => {
const EVERY = 2000;
const main = document.getElementById("main"), notice = document.getElementById("notice");
let timer = 0, shown = 0, sort = {key: null, down: false}, filter = "";

// ---- the site -----------------------------------------------------------------------------------------------

async function ask(name, word) {
	const answer = await fetch("api/" + name + (word === undefined ? "" : "?name=" + encodeURIComponent(word)), {cache: "no-store"});
	return read(answer);
}

async function order(name, word) {
	const token = location.pathname.split("/")[1];
	const answer = await fetch("api/" + name, {method: "POST", headers: {"X-Dialtone": token, "Content-Type": "application/x-www-form-urlencoded"},
		body: "name=" + encodeURIComponent(word)});
	return read(answer);
}

async function read(answer) {
	const text = await answer.text();
	let said;
	try {
		said = JSON.parse(text);
	} catch (e) {
		throw new Error(text.trim() || "The console did not answer.");
	}
	if (!answer.ok)
		throw new Error(said.error || "The verb failed.");
	return said;
}

// ---- elements -----------------------------------------------------------------------------------------------

function el(name, attributes, ...children) {
	const e = document.createElement(name);
	for (const [k, v] of Object.entries(attributes || {}))
		if (k.startsWith("on"))
			e.addEventListener(k.slice(2), v);
		else if (v !== null && v !== undefined && v !== false)
			e.setAttribute(k, v === true ? "" : v);
	e.append(...children.filter(c => c !== null && c !== undefined).map(c => c instanceof Node ? c : String(c)));
	return e;
}

function svg(name, attributes, text) {
	const e = document.createElementNS("http://www.w3.org/2000/svg", name);
	for (const [k, v] of Object.entries(attributes))
		e.setAttribute(k, v);
	if (text !== undefined)
		e.textContent = text;
	return e;
}

const ago = time => {
	if (!time)
		return "";
	const s = Math.max(0, Math.round((Date.now() - Date.parse(time)) / 1000));
	return s < 90 ? s + " s" : s < 5400 ? Math.round(s / 60) + " min" : s < 172800 ? Math.round(s / 3600) + " h" : Math.round(s / 86400) + " d";
};
const days = time => time ? Math.floor((Date.parse(time) - Date.now()) / 86400000) : null;
const day = time => time ? time.slice(0, 10) : "";
const yes = b => b ? "yes" : "no";

// columns: [head, function of a row giving text or an element, class or function of a row giving one, what it is sorted by]
function table(rows, columns, nothing) {
	if (!rows.length)
		return el("p", {class: "faint"}, nothing);
	const by = columns.find(c => c[0] === sort.key);
	if (by) {
		const value = by[3] || by[1];
		rows = rows.slice().sort((a, b) => {
			const x = value(a) ?? "", y = value(b) ?? "";
			return (typeof x === "number" && typeof y === "number" ? x - y : String(x).localeCompare(String(y))) * (sort.down ? -1 : 1);
		});
	}
	const heads = columns.map(([head]) => el("th", {scope: "col", "aria-sort": sort.key === head ? (sort.down ? "descending" : "ascending") : null},
		el("button", {type: "button", onclick: () => {
			sort = {key: head, down: sort.key === head && !sort.down};
			show(true);
		}}, head)));
	const body = rows.map(row => el("tr", {}, ...columns.map(([, what, style]) =>
		el("td", {class: typeof style === "function" ? style(row) : style || null}, what(row) ?? ""))));
	return el("div", {class: "wide"}, el("table", {}, el("thead", {}, el("tr", {}, ...heads)), el("tbody", {}, ...body)));
}

// ---- phones -------------------------------------------------------------------------------------------------

const STATES = {registered: "good", refused: "bad", silent: "bad", "under-way": "warn", "signed-off": "faint"};

function phoneLink(p) {
	const name = p.mac || p.address;
	return name ? el("a", {href: "#phone/" + encodeURIComponent(name)}, name) : "";
}

async function phones() {
	const items = (await ask("phones")).items;
	const counts = {};
	for (const p of items)
		counts[p.state] = (counts[p.state] || 0) + 1;
	const wanted = filter.toLowerCase();
	const rows = items.filter(p => !wanted || [p.mac, p.model, p.user, p.extension, p.address, p.state, p.code, p.cause].some(v => v && v.toLowerCase().includes(wanted)));
	const field = el("input", {id: "filter", type: "search", value: filter, oninput: e => { filter = e.target.value; show(true); }});
	return [
		el("h2", {}, "Phones"),
		el("ul", {class: "counts"}, ...Object.keys(STATES).map(s => el("li", {class: counts[s] ? STATES[s] : "faint"}, el("b", {}, counts[s] || 0), " " + s))),
		el("label", {}, "Filter ", field),
		table(rows, [
			["MAC", phoneLink, "code", p => p.mac],
			["model", p => p.model],
			["user", p => p.user],
			["extension", p => p.extension, "number"],
			["address", p => p.address, "code"],
			["stage", p => p.stage ? p.stage : "", "number"],
			["state", p => p.state, p => STATES[p.state]],
			["since", p => ago(p.since), "number", p => -Date.parse(p.since)],
			["code", p => p.code === "ok" ? "" : p.code, "code"],
			["cause", p => p.cause],
		], items.length ? "No phone is like that." : "No phone was seen yet."),
	];
}

function waterfall(steps) {
	const line = 22, left = 170, wide = 860, right = 150;
	const whole = Math.max(1, ...steps.filter(s => s.step !== "sign-off").map(s => s.at_ms + s.ms));
	const x = ms => left + Math.min(1, ms / whole) * (wide - left - right);
	const picture = svg("svg", {class: "picture", viewBox: `0 0 ${wide} ${line * (steps.length + 1) + 4}`, role: "img", "aria-label": "The times of the phone's way"});
	for (let i = 0; i <= 4; i++) {
		picture.append(svg("line", {class: "grid", x1: x(whole * i / 4), x2: x(whole * i / 4), y1: 16, y2: line * (steps.length + 1)}));
		picture.append(svg("text", {class: "faint", x: x(whole * i / 4), y: 12, "text-anchor": "middle"}, Math.round(whole * i / 4) + " ms"));
	}
	steps.forEach((s, i) => {
		const y = line * (i + 1), bad = s.outcome === "refused" ? " bad" : "";
		picture.append(svg("text", {x: 0, y: y + 14}, `${s.stage}  ${s.step}`));
		picture.append(svg("rect", {class: "bar" + bad, x: x(s.at_ms), y: y + 4, height: 13, width: Math.max(2, x(s.at_ms + s.ms) - x(s.at_ms))}));
		picture.append(svg("text", {class: "faint", x: Math.min(x(s.at_ms + s.ms), wide - right) + 6, y: y + 14}, `${s.ms} ms, ${s.outcome}`));
	});
	return picture;
}

const PEERS = ["phone", "DHCP", "Web Services", "Registrar"];
const peerOf = step => step === "dhcp" ? 1 : ["register", "sip-tls", "sign-off"].includes(step) ? 3 : 2;

function ladder(steps) {
	const line = 34, wide = 860, at = i => 90 + i * 220;
	const high = line * (steps.length + 1) + 8;
	const picture = svg("svg", {class: "picture", viewBox: `0 0 ${wide} ${high}`, role: "img", "aria-label": "Who asked whom, in the order of time"});
	PEERS.forEach((name, i) => {
		picture.append(svg("text", {x: at(i), y: 14, "text-anchor": "middle"}, name));
		picture.append(svg("line", {class: "grid", x1: at(i), x2: at(i), y1: 22, y2: high}));
	});
	steps.forEach((s, i) => {
		const y = line * (i + 1) + 8, to = at(peerOf(s.step)), bad = s.outcome === "refused" ? " bad" : "";
		picture.append(svg("line", {class: "arrow" + bad, x1: at(0), x2: to, y1: y, y2: y}));
		picture.append(svg("path", {class: "head" + bad, d: `M${to} ${y}l-8 -4v8z`}));
		picture.append(svg("text", {x: at(0) + 8, y: y - 5}, s.step));
		picture.append(svg("text", {class: "faint", x: at(0) - 8, y: y + 4, "text-anchor": "end"}, "+" + s.at_ms + " ms"));
		picture.append(svg("text", {class: "faint", x: to + 8, y: y + 4}, s.outcome));
	});
	return picture;
}

async function phone(name) {
	const items = (await ask("phone", name)).items;
	return [el("p", {}, el("a", {href: "#phones"}, "All phones")), ...items.flatMap(p => [
		el("h2", {}, [p.model, p.mac || p.address].filter(Boolean).join(" ")),
		el("dl", {}, ...[
			["state", el("span", {class: STATES[p.state]}, p.state + (p.since ? " for " + ago(p.since) : ""))],
			["stage", p.stage || null],
			["cause", p.cause ? `${p.cause} (${p.code})` : null],
			["user", p.user ? p.user + (p.proved ? "" : " (claimed, not proved)") : null],
			["extension", p.extension],
			["address", p.address + (p.outside ? ", outside" : ", inside")],
			["firmware", p.firmware],
			["last failure", p.last_failure ? `${p.last_failure}, ${ago(p.last_failure_at)} ago` : null],
			["registered until", p.expires],
		].filter(([, v]) => v).flatMap(([k, v]) => [el("dt", {}, k), el("dd", {}, v)])),
		el("h3", {}, "Times"), waterfall(p.steps || []),
		el("h3", {}, "Ladder"), ladder(p.steps || []),
	])];
}

// ---- users --------------------------------------------------------------------------------------------------

async function users() {
	const [list, pins] = await Promise.all([ask("users"), ask("pins")]);
	const pin = new Map(pins.items.map(p => [p.address, p]));
	const state = u => {
		const p = pin.get(u.address);
		if (!p)
			return ["", ""];
		if (p.locked_out)
			return ["locked out" + (p.locked_until ? " until " + p.locked_until.slice(11, 16) + " UTC" : ""), "bad"];
		if (!p.pin_set)
			return ["not set", "warn"];
		const left = days(p.pin_expires);
		return left === null ? ["set", "good"] : left < 0 ? ["expired", "bad"] : [`set, ${left} days left`, left < 14 ? "warn" : "good"];
	};
	return [el("h2", {}, "Users"), table(list.items, [
		["user", u => u.address],
		["name", u => u.display],
		["number", u => u.number, "number"],
		["extension", u => u.extension, "number"],
		["kind", u => u.kind],
		["enabled", u => yes(u.enabled), u => u.enabled ? null : "bad"],
		["outside", u => yes(u.remote)],
		["PIN", u => state(u)[0], u => state(u)[1]],
		["home pool", u => u.home_pool],
	], "There are no users yet: dialtone user add.")];
}

// ---- certificates -------------------------------------------------------------------------------------------

async function certificates() {
	const [status, list] = await Promise.allSettled([ask("status"), ask("certificates")]);
	if (list.status === "rejected")
		throw list.reason;
	const left = until => {
		const n = days(until);
		return n === null ? ["", ""] : n < 0 ? ["ended", "bad"] : [n + " days", n < 30 ? "warn" : "good"];
	};
	const servers = status.status === "fulfilled" ? status.value.certificates || [] : [];
	const soon = list.value.items.slice().sort((a, b) => String(a.expires).localeCompare(String(b.expires)));
	return [
		el("h2", {}, "Certificates of the servers"),
		table(servers, [["file", c => c.file, "code"], ["until", c => day(c.until)], ["left", c => left(c.until)[0], c => left(c.until)[1], c => days(c.until)],
			["what is wrong", c => c.why, "bad"]], "They are shown when the site runs."),
		el("h2", {}, "Certificates of users, nearest end first"),
		table(soon, [["user", c => c.address], ["device", c => c.device_id, "code"], ["published", c => day(c.published)], ["until", c => day(c.expires)],
			["left", c => left(c.expires)[0], c => left(c.expires)[1], c => days(c.expires)], ["thumbprint", c => c.thumbprint, "code"]], "No phone has one yet."),
	];
}

// ---- updates ------------------------------------------------------------------------------------------------

function orderButton(name, label, rule, question) {
	return el("button", {type: "button", onclick: async e => {
		if (!window.confirm(question))
			return;
		e.target.disabled = true;
		try {
			await order(name, rule);
			say(`${label}: done for ${rule}.`, true);
		} catch (error) {
			say(error.message);
		}
		show(true);
	}}, label);
}

async function updates() {
	const items = (await ask("updates")).items;
	const rule = r => r.rule || [r.brand, r.model].filter(Boolean).join("/") || r.guid;
	return [el("h2", {}, "Updates"), table(items, [
		["rule", rule],
		["approved", r => r.approved, "code"],
		["before", r => r.restore, "code"],
		["pending", r => r.pending, "code"],
		["", r => el("span", {},
			r.pending ? orderButton("approve", "Approve", rule(r), `Give ${r.pending} to all phones of ${rule(r)}?`) : "", " ",
			r.approved ? orderButton("restore", "Restore", rule(r), `Take ${r.approved} back from all phones of ${rule(r)}?`) : "")],
	], "There are no updates: dialtone update import.")];
}

// ---- front ends ---------------------------------------------------------------------------------------------

async function frontEnds() {
	const [status, pools, ends] = await Promise.allSettled([ask("status"), ask("pools"), ask("front_ends")]);
	const s = status.status === "fulfilled" ? status.value : {processes: []};
	const out = [el("h2", {}, "This front end")];
	if (status.status === "rejected")
		out.push(el("p", {class: "bad"}, status.reason.message));
	out.push(el("p", {}, `${s.registered ?? 0} ${s.registered === 1 ? "phone is" : "phones are"} registered.`));
	out.push(table(s.processes || [], [["process", p => p.name + " " + p.number], ["pid", p => p.pid, "number"], ["private-key operations", p => p.private, "number"],
		["started again", p => p.restarts, p => p.restarts ? "warn" : "number"]], "dialtoned does not run."));
	if (ends.status === "fulfilled" && ends.value.items.length) {
		out.push(el("h2", {}, "Front ends of the pool"));
		out.push(table(ends.value.items, [["front end", f => f.name], ["runs", f => f.runs ? "yes" : "no", f => f.runs ? "" : "bad"],
			["registered", f => f.registered, "number"]], ""));
	}
	if (pools.status === "fulfilled" && pools.value.items.length) {
		out.push(el("h2", {}, "Other pools"));
		out.push(table(pools.value.items, [["pool", p => p.name || p.pool], ["Registrar", p => p.sip, "code"], ["Web Services", p => p.web, "code"]], ""));
	}
	return out;
}

// ---- the page at hand ---------------------------------------------------------------------------------------

const PAGES = {phones: [phones, true], phone: [phone, true], users: [users, false], certificates: [certificates, false], updates: [updates, false],
	"front-ends": [frontEnds, true]};

function say(text, good) {
	notice.textContent = text;
	notice.className = good ? "good" : "";
}

// The same page again keeps what the reader does: the field that is typed into, the scroll position.
function put(elements) {
	const focus = document.activeElement && document.activeElement.id, at = focus && document.activeElement.selectionStart;
	main.replaceChildren(...elements);
	const again = focus && document.getElementById(focus);
	if (again && again !== main) {
		again.focus();
		if (at !== null && at !== undefined && again.setSelectionRange)
			again.setSelectionRange(at, at);
	}
}

// A button of a table that was drawn anew would lose the focus: the table waits.
const busy = () => document.activeElement && document.activeElement.closest("main table, main button");

async function show(now) {
	const turn = ++shown;
	clearTimeout(timer);
	const [name, word] = (location.hash.slice(1) || "phones").split("/", 2);
	const [page, live] = PAGES[name] || PAGES.phones;
	for (const a of document.querySelectorAll("nav a"))
		if (a.hash === "#" + name || (name === "phone" && a.hash === "#phones"))
			a.setAttribute("aria-current", "page");
		else
			a.removeAttribute("aria-current");
	try {
		const elements = await page(word === undefined ? undefined : decodeURIComponent(word));
		if (turn !== shown)
			return;
		if (now || !busy())
			put(elements);
		if (!notice.classList.contains("good"))
			say("");
		document.getElementById("when").textContent = "As of " + new Date().toLocaleTimeString();
	} catch (error) {
		if (turn !== shown)
			return;
		say(error.message);
	}
	document.title = "dialtone: " + name;
	document.body.dataset.page = name;
	if (live)
		timer = setTimeout(() => { if (!document.hidden) show(false); }, EVERY);
}

window.addEventListener("hashchange", () => { sort = {key: null, down: false}; say(""); show(true); main.focus(); });
document.addEventListener("visibilitychange", () => { if (!document.hidden) show(false); });
show(true);
})();
