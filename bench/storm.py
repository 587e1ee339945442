#!/usr/bin/python3
"""bench/storm.py PART [--for TIME] [--phones N] [--out FOLDER] [--write] shows what thousands of phones do to a server, on this machine.

    day         phones sign in, stay, refresh, restart in the night, sign off: nobody is lost, nothing grows, refreshes are on time
    overload    twice and six times the phones come that the server can take, for five minutes each; it has 15 % of a processor
    drill       the current is back: phones that have certificates come within 90 s

It runs as root, after script/build.  Each part writes into --out what it has seen (samples.jsonl), the fleets' JSON and pages, and the
result (PART.json).  --write puts the result into doc/speed.md; with --again it is that of an earlier run.  --ahead: the processes go
before other work on this machine.
"""
import argparse
import contextlib
import datetime
import ipaddress
import json
import os
import re
import resource
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import measure  # noqa: E402
import peers  # noqa: E402
import quota  # noqa: E402

FLEET_MOST = 10000  # phones of one fleet: each needs an open file, and a quarter more for a while
SOURCE = "127.46.0.1"  # the first phone's address: each has its own, as a server under overload knows phones by theirs
AHEAD = "-6"


def ahead(pid):
    """Before the other work: each session is a group of its own for the scheduler, and a server's processes have sessions of their own."""
    for p in measure.family(pid):
        with contextlib.suppress(OSError), open(f"/proc/{p}/autogroup", "w") as f:
            f.write(AHEAD)


# ---- the phones ---------------------------------------------------------------------------------------------------------------


class Fleet:
    """One process of phones, its metrics while it runs, its report when it has ended."""

    def __init__(self, server, out, number, phones, *words, first=0):
        self.prom, self.json, self.html = (os.path.join(out, f"fleet{number}.{kind}") for kind in ("prom", "json", "html"))
        for old in (self.prom, self.json, self.html):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(old)
        nearest, last = (ipaddress.ip_address(SOURCE) + n for n in (first, first + phones - 1))
        with open(self.json, "w") as to, open(os.path.join(out, f"fleet{number}.err"), "w") as errors:
            self.process = subprocess.Popen(
                server.fleet_command("-f", "json", "--phones", str(phones), "--first", str(first), "--source", f"{nearest}-{last}", "--metrics", self.prom,
                                     "--html", self.html, *words),
                stdout=to, stderr=errors, start_new_session=True)

    def metrics(self):
        """What it counts now: {"refreshed_total": 12, 'phones{where="registered"}': 300, ...}"""
        try:
            with open(self.prom) as f:
                return {k: float(v) for k, v in re.findall(r"^dialtone_fleet_(\S+) ([\d.]+)$", f.read(), re.M)}
        except OSError:
            return {}

    def report(self):
        self.process.wait()
        with open(self.json) as f:
            return json.load(f)


def whole(rate, n):
    return max(1, round(rate / n))


def fleets(server, out, phones, rate, *words, first=0):
    """As many processes as their open files allow, which share the phones and the rate evenly; a rate is a whole number."""
    n = -(-phones // FLEET_MOST)
    each, ret = -(-phones // n), []
    for i in range(n):
        ret.append(Fleet(server, out, i, min(each, phones - i * each), "--arrive", f"steady:{whole(rate, n)}/s", *words, first=first + i * each))
    return ret


# ---- what is looked at while they run -------------------------------------------------------------------------------------------


def name(pid):
    try:
        with open(f"/proc/{pid}/comm") as f:
            return f"{f.read().strip()} {pid}"
    except OSError:
        return str(pid)


def sample(server, running, began):
    metrics = [f.metrics() for f in running]

    def total(name):
        return int(sum(m.get(name, 0) for m in metrics))

    def most(name):
        return max((m.get(name, 0) for m in metrics), default=0)

    return {"s": round(time.monotonic() - began), "server_kb": measure.pss_kb(server.pid), "fleet_kb": sum(measure.pss_kb(f.process.pid) for f in running),
            "server_cpu_s": round(measure.cpu_us(server.pid) / 1e6, 2), "fleet_cpu_s": round(sum(measure.cpu_us(f.process.pid) for f in running) / 1e6, 2),
            "where": {w: total(f'phones{{where="{w}"}}') for w in ("off", "signing_in", "registered", "waiting", "lost", "refused")},
            **{n: total(f"{n}_total") for n in ("tries", "retries", "signed_in", "failed", "lost", "refreshed", "refresh_failed", "signed_off")},
            "refresh_p50_s": most('seconds{of="refresh",quantile="0.5"}'), "refresh_p99_s": most('seconds{of="refresh",quantile="0.99"}'),
            "server_kb_each": {name(p): measure.pss_of(p) for p in measure.family(server.pid)}, "load": os.getloadavg()[0]}


def watched(server, running, out, every, go_ahead):
    """A sample each so many seconds until all have ended."""
    began, samples = time.monotonic(), []
    with open(os.path.join(out, "samples.jsonl"), "w") as f:
        while True:
            if go_ahead:
                for pid in (server.pid, *(r.process.pid for r in running)):
                    ahead(pid)
            samples.append(sample(server, running, began))
            f.write(json.dumps(samples[-1]) + "\n")
            f.flush()
            until = began + every * len(samples)
            while time.monotonic() < until:
                if all(r.process.poll() is not None for r in running):
                    return samples
                time.sleep(0.5)


def failures(reports):
    ret = {}
    for r in reports:
        for f in r["failures"]:
            ret[f["error"]] = ret.get(f["error"], 0) + f["times"]
    return ret


def of(report, name):
    return next((t for t in report["times"] if t["of"] == name), None)


# ---- day -----------------------------------------------------------------------------------------------------------------------


def plateau(samples, phones):
    """Samples from the one in which all phones are registered until one signs in again, or is not: nothing but refreshes happens there."""
    first = next((i for i, s in enumerate(samples) if s["where"]["registered"] == phones), None)
    if first is None:
        return []
    last = next((i for i in range(first, len(samples)) if samples[i]["where"]["registered"] < phones or samples[i]["tries"] > samples[first]["tries"]),
                len(samples))
    return samples[first:last]


def refreshes_due(still, expiry):
    """How many refreshes were due while all stayed, and how many came: a phone refreshes at 80 % of the time that the server gave it."""
    if len(still) < 2:
        return 0, 0
    return (still[-1]["s"] - still[0]["s"]) * still[0]["where"]["registered"] / (expiry * 0.8), still[-1]["refreshed"] - still[0]["refreshed"]


def day(o):
    expiry, o.phones = 600, o.phones or 20000
    with peers.scratch() as folder:
        server = peers.Dialtoned(folder, workers=o.workers, expiry=expiry, users=o.phones)
        server.cpus = f"0-{os.cpu_count() - 1}"
        with server:
            empty = measure.pss_kb(server.pid)
            running = fleets(server, o.out, o.phones, o.rate, "--scenario", "day", "--for", o.time or "2h")
            samples = watched(server, running, o.out, o.every, o.ahead)
            reports = [r.report() for r in running]
            time.sleep(min(30, o.every))
            gone = measure.pss_kb(server.pid)
    still = plateau(samples, o.phones)
    due, came = refreshes_due(still, expiry)
    result = {"phones": o.phones, "for": o.time or "2h", **{k: sum(r[k] for r in reports) for k in (
        "done", "tries", "retries", "failed", "lost", "restarts", "refreshed", "refresh_failed", "signed_off", "refused")},
        "failures": failures(reports), "last_s": max(r["last_ms"] for r in reports) / 1000,
        "sign_in": [of(r, "sign-in") for r in reports], "refresh": [of(r, "refresh") for r in reports],
        "plateau_s": still[-1]["s"] - still[0]["s"] if still else 0, "refreshes_due": round(due), "refreshes_came": came,
        "server_kb": {"empty": empty, "plateau_first": still[0]["server_kb"] if still else None, "plateau_last": still[-1]["server_kb"] if still else None,
                      "most": max(s["server_kb"] for s in samples), "gone": gone},
        "fleet_kb": {"plateau_first": still[0]["fleet_kb"] if still else None, "plateau_last": still[-1]["fleet_kb"] if still else None},
        "server_cpu_s": samples[-1]["server_cpu_s"], "machine": measure.machine()}
    return result


# ---- overload ------------------------------------------------------------------------------------------------------------------


def storm(server, o, first, count, rate, *words):
    """So many phones at that rate, of which none comes again: the reports of their fleets, samples, the key operations that each phone with dial tone took."""
    before = server.private_operations()
    running = fleets(server, o.out, count, rate, "--no-retry", "--leave", *words, first=first)
    samples = watched(server, running, o.out, 10, o.ahead)
    reports = [r.report() for r in running]
    rate = whole(rate, len(running)) * len(running)
    done, seconds = sum(r["done"] for r in reports), max(r["ms"] for r in reports) / 1000
    each = [of(r, "sign-in") for r in reports if of(r, "sign-in")]
    return {"offered_per_s": rate, "phones": count, "seconds": round(seconds, 1), "done": done, "done_per_s": round(done / seconds, 2),
            "p50_s": round(sum(t["p50_ms"] * t["times"] for t in each) / max(1, sum(t["times"] for t in each)) / 1000, 2),
            "p99_s": max((t["p99_ms"] for t in each), default=0) / 1000, "last_s": max((t["most_ms"] for t in each), default=0) / 1000,
            "failures": failures(reports), "stages": stages(reports), "private_each": round((server.private_operations() - before) / max(1, done), 2),
            "server_kb": [samples[0]["server_kb"], samples[len(samples) // 2]["server_kb"], max(s["server_kb"] for s in samples)], "load": os.getloadavg()[0]}


def stages(reports):
    ret = {}
    for r in reports:
        for f in r["failures"]:
            for stage, n in f["stages"].items():
                key = f"{f['error']} in {stage}"
                ret[key] = ret.get(key, 0) + n
    return ret


def capacity(server, o, first, count):
    """Sign-ins a second in a closed loop of eight."""
    f = Fleet(server, o.out, 0, count, "--scenario", "refresh", "--for", "1s", "--together", "8", "--leave", first=first)
    if o.ahead:
        ahead(f.process.pid)
    report = f.report()
    if report["refused"]:
        raise SystemExit(f"bench: {report['refused']} of {count} phones were refused when nothing else was done")
    return count / (report["prepared_ms"] / 1000)


def overload(o):
    seconds = in_seconds(o.time or "5m")
    guess = 13 * o.share / 0.15  # phones a second: only for how many users there are
    with peers.scratch() as folder:
        server = peers.Dialtoned(folder, users=int(300 + 200 + 8.5 * guess * seconds * 1.2))
        with quota.of(o.share) as server.group, server:
            return storms(server, o, seconds)


def storms(server, o, seconds):
    result, first = {"share": o.share, "seconds": seconds, "storms": []}, 0

    def go(count, rate):
        nonlocal first
        first += count
        if first > server.users:
            raise SystemExit(f"bench: a capacity of {c} phones a second needs more than {server.users} users: choose a smaller --share")
        return storm(server, o, first - count, count, rate)

    result["capacity_per_s"] = c = round(capacity(server, o, 0, 300), 2)
    first = 300
    result["before"] = go(40, c / 2)
    for times in (2, 6):
        one = go(int(times * c * seconds), times * c)
        behind = go(50, c / 2)
        result["storms"].append({"times": times, **one, "behind": behind})
        print(json.dumps(result["storms"][-1]), flush=True)
    time.sleep(o.settle)
    result["settled_kb"] = measure.pss_kb(server.pid)
    result["machine"] = measure.machine()
    return result


# ---- drill ---------------------------------------------------------------------------------------------------------------------


def drill(o):
    phones, spread = o.phones or 5000, in_seconds(o.time or "90s")
    with peers.scratch() as folder:
        server = peers.Dialtoned(folder, workers=o.workers, users=phones)
        server.cpus = f"0-{os.cpu_count() - 1}"
        with server:
            running = [Fleet(server, o.out, 0, phones, "--scenario", "warm", "--arrive", f"power-cut:{spread}s", "--together", str(o.together))]
            samples = watched(server, running, o.out, 2, o.ahead)
            report = running[0].report()
    # Counts begin anew when the power is cut.
    cut = next((n for n in range(1, len(samples)) if samples[n]["signed_in"] < samples[n - 1]["signed_in"]), len(samples) - 1)
    before, after = samples[cut], next((s for s in samples[cut:] if s["signed_in"] >= report["done"]), samples[-1])
    counted = max(1, after["signed_in"] - before["signed_in"])
    plan = json.loads(peers.dialtone("fleet", "--plan", "--phones", "152000", "--for", "10m", "--json").stdout)
    return {"phones": phones, "spread_s": spread, "done": report["done"], "failed": report["failed"], "retries": report["retries"], "lost": report["lost"],
            "last_s": report["last_ms"] / 1000, "prepared_s": report["prepared_ms"] / 1000, "sign_in": of(report, "sign-in"), "arrival": of(report, "arrival"),
            "stages": {t["of"]: t for t in report["times"] if t["times"] and t["of"] not in ("sign-in", "arrival", "refresh")},
            "failures": failures([report]), "server_ms_each": round((after["server_cpu_s"] - before["server_cpu_s"]) / counted * 1000, 1),
            "fleet_ms_each": round((after["fleet_cpu_s"] - before["fleet_cpu_s"]) / counted * 1000, 1),
            "server_kb": max(s["server_kb"] for s in samples), "plan": plan, "machine": measure.machine()}


# ---- the page --------------------------------------------------------------------------------------------------------------------


def kb(n):
    return f"{n / 1024:.1f} MB" if n else "-"


def when(r):
    m = r["machine"]
    return f"{r['date']}, {m['processor']}, {m['cores']} processors, load {m['load']}, Linux {m['kernel']}"


def others(r):
    return ", ".join(f"{n:,} {what}" for what, n in sorted(r["stages"].items())) or "none"


def day_lines(r):
    m, due = r["server_kb"], r["refreshes_due"]
    late = max((t["most_ms"] for t in r["refresh"] if t), default=0) / 1000
    growth = (m["plateau_last"] or 0) - (m["plateau_first"] or 0)
    return [f"{when(r)}.", "", f"| {r['phones']:,} phones, {r['for']} | |", "| --- | --- |",
            f"| had dial tone, lost it, refused for good | {r['done']:,}, {r['lost']:,}, {r['refused']:,} |",
            f"| tries, failed, restarts in the night, signed off | {r['tries']:,}, {r['failed']:,}, {r['restarts']:,}, {r['signed_off']:,} |",
            f"| refreshes, failed, the slowest | {r['refreshed']:,}, {r['refresh_failed']:,}, {late:.2f} s |",
            f"| refreshes due while all stayed ({r['plateau_s'] // 60} min), and made | {due:,}, {r['refreshes_came']:,} |",
            f"| memory of the server: empty, all there, at that time's end, most, after all have gone | {', '.join(kb(m[k]) for k in ('empty', 'plateau_first', 'plateau_last', 'most', 'gone'))} |",
            f"| growth while all stayed | {growth * 1024 / r['phones']:.0f} octets a phone |"]


def overload_lines(r):
    c, rows = r["capacity_per_s"], []
    for s in r["storms"]:
        b = s["behind"]
        rows.append(f"| {s['times']} times: {s['offered_per_s']} a second | {s['done']:,} of {s['phones']:,}: {s['done_per_s']:.1f} a second, {s['done_per_s'] / c:.0%} | "
                    f"{s['p50_s']:.2f} s, {s['p99_s']:.2f} s, {s['last_s']:.2f} s | {others(s)} | {s['private_each']:.1f} | {', '.join(kb(n) for n in s['server_kb'])} |")
        rows.append(f"| behind it, {b['offered_per_s']} a second | {b['done']} of {b['phones']} | {b['p50_s']:.2f} s, {b['p99_s']:.2f} s, {b['last_s']:.2f} s | "
                    f"{others(b)} | {b['private_each']:.1f} | |")
    return [f"{when(r)}. The server has {r['share']:.0%} of a processor, and signs in {c:.1f} phones a second in a closed loop of eight; each storm lasts {r['seconds']} s.", "",
            "| offered | with dial tone, of capacity | median, p99, last of those | the others | key operations each | memory: first, middle, most |",
            "| --- | --- | --- | --- | --- | --- |", *rows]


def drill_lines(r):
    p, stage = r["plan"], max(r["stages"], key=lambda k: r["stages"][k]["p50_ms"])
    return [f"{when(r)}.", "", f"| {r['phones']:,} phones, switched on within {r['spread_s']} s | |", "| --- | --- |",
            f"| with dial tone, the last after | {r['done']:,}, {r['last_s']:.1f} s |",
            f"| a sign-in: median, p99, longest | {r['sign_in']['p50_ms'] / 1000:.2f} s, {r['sign_in']['p99_ms'] / 1000:.2f} s, {r['sign_in']['most_ms'] / 1000:.2f} s |",
            f"| tries that failed, and were made again | {r['failed']:,} |",
            f"| the longest stage | {stage}, median {r['stages'][stage]['p50_ms'] / 1000:.2f} s |",
            f"| CPU of a sign-in: server, fleet | {r['server_ms_each']} ms, {r['fleet_ms_each']} ms |", f"| memory of the server, most | {kb(r['server_kb'])} |",
            f"| 152,000 phones, by calculation (`dialtone fleet --plan`) | front ends of {p['cores']:.0f} processors: {p['front_ends']:.0f}, all have dial tone after {p['power_cut_s']:.0f} s |"]


LINES = {"day": day_lines, "overload": overload_lines, "drill": drill_lines}


def page(part, result):
    measure.page_set(os.path.join(peers.TOP, "doc", "speed.md"), f"bench/storm.py {part}", LINES[part](result))


PARTS = {"day": day, "overload": overload, "drill": drill}


def in_seconds(text):
    """"5m": 300"""
    return int(text[:-1]) * {"s": 1, "m": 60, "h": 3600}[text[-1]]


def again(o):
    path = os.path.join(o.out, f"{o.part}.json")
    with open(path) as f:
        result = json.load(f)
    result.setdefault("date", str(datetime.date.fromtimestamp(os.path.getmtime(path))))
    print("\n".join(LINES[o.part](result)))
    if o.write:
        page(o.part, result)
    return 0


def main():
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("part", choices=PARTS)
    ask.add_argument("--phones", type=int, help="of a day (else 20,000), of the drill (else 5,000)")
    ask.add_argument("--for", dest="time", help="how long the day, each storm, or the switching on takes (else 2h, 5m, 90s)")
    ask.add_argument("--share", type=float, default=0.15, help="of a processor that the server has under overload")
    ask.add_argument("--together", type=int, default=16, help="phones at a time that get their certificates before the drill")
    ask.add_argument("--settle", type=int, default=30, help="seconds before the memory is looked at once more")
    ask.add_argument("--rate", type=float, default=15, help="phones a second that are switched on")
    ask.add_argument("--workers", type=int, default=2)
    ask.add_argument("--every", type=int, default=60, help="seconds between samples")
    ask.add_argument("--out", default="storm")
    ask.add_argument("--ahead", action="store_true")
    ask.add_argument("--write", action="store_true", help="put the result into doc/speed.md")
    ask.add_argument("--again", action="store_true", help="measure nothing: print, or write, the result that is in --out")
    o = ask.parse_args()
    if o.again:
        return again(o)
    why = peers.missing(("openssl", "taskset"))
    if why:
        sys.exit(f"bench: {why}")
    os.makedirs(o.out, exist_ok=True)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    result = {"date": str(datetime.date.today()), **PARTS[o.part](o)}
    with open(os.path.join(o.out, f"{o.part}.json"), "w") as f:
        json.dump(result, f, indent=1)
    print("\n".join(LINES[o.part](result)))
    if o.write:
        page(o.part, result)
    return 0


if __name__ == "__main__":
    sys.exit(main())
