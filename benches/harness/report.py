"""The report, as Markdown: a table for each question, and beside each aim whether it was met."""
from . import cluster, scenarios
from . import feed as feeds
from .instructions import TOLERANCE, kept
from .mixed import CLIENTS as MIXED_CLIENTS
from .mixed import FLOWS_PER_SECOND, PROMISE_MS
from .process import CORES, LOADER_CORE, SERVER_CORE

MIB = 2**20


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "| --- |" + " ---: |" * (len(head) - 1)]
    return "\n".join([*lines, *("| " + " | ".join(str(cell) for cell in row) + " |" for row in rows), ""])


def number(value):
    return f"{value:,.0f}"


def ms(us):
    return f"{us / 1000:.2f}"


def aim(met, text):
    return f"- {'met' if met else '**missed**'}: {text}\n"


def header(result):
    machine, versions = result["machine"], result["versions"]
    pinned = f"server on core {SERVER_CORE}, loader on core {LOADER_CORE}"
    if len(CORES) < 2:
        pinned = "server and loader on the one core that there is, so no figure of throughput is worth much"
    lines = [
        "# What codi does in a second",
        "",
        f"{result['commit']}; {', '.join(f'{name} {version}' for name, version in versions.items())}.",
        "",
        f"- {machine['cores']} cores of {machine['cpu']}, {machine['memory_gib']} GiB, Linux {machine['kernel']}, {machine['filesystem']}; load before: {machine['load_before']}",
        f"- fdatasync of 4 KiB appended: p50 {machine['fdatasync_us_p50']} us",
        f"- {pinned}; medians; the whole took {result['took_seconds']} s",
        "",
    ]
    if result["quick"]:
        lines += ["**A quick run: it shows that all of it works; its figures mean little.**", ""]
    return "\n".join(lines)


def gets(result):
    get = result["get"]
    names = [name for name in get if name != "body_bytes"]
    rows = [[name, number(get[name]["requests_per_cpu_second"]), number(get[name]["all"]["per_second"]), *(ms(get[name]["all"][p]) for p in ["p50_us", "p99_us"])] for name in names]
    ratio = get["codi"]["requests_per_cpu_second"] / get["nginx"]["requests_per_cpu_second"]
    quiet = get[names[2]]["requests_per_cpu_second"] / get[names[3]]["requests_per_cpu_second"]
    text = f"## Reading one session\nAn authenticated `GET` of a session, {get['body_bytes']['body']} bytes, {scenarios.GET_CLIENTS} clients; nginx answers as many fixed bytes.\n\n"
    text += table(["", "requests a CPU second", "requests/s", "p50 ms", "p99 ms"], rows)
    return text + "\n" + aim(ratio >= 0.6, f"0.6 of nginx; {ratio:.2f} with a line of log for each request on both sides, {quiet:.2f} with none")


def claims(result):
    claims_ = result["claims"]
    rows = []
    for clients in scenarios.CLIENTS:
        for name in ["codi", "etcd", "sqlite"]:
            all_ = claims_[f"{name} {clients}"]["all"]
            rows.append([f"{name}, {clients}", number(all_["per_second"]), *(ms(all_[p]) for p in ["p50_us", "p95_us", "p99_us"])])
        limit = claims_[f"db_bench {clients}"]
        rows.append([f"RocksDB, {clients}", number(limit["per_second"]), ms(limit["p50_us"]), "", ms(limit["p99_us"])])
    many = {name: claims_[f"{name} 64"]["all"] for name in ["codi", "etcd", "sqlite"]}
    one = claims_["codi 1"]["all"]
    rate = many["codi"]["per_second"]
    text = "## Claims that are on disk when they are answered\nClaim a path, release it. Rates count claims and releases, which each wait for the disk. "
    text += f"RocksDB is its own `db_bench`, a synced write of {claims_['bytes_of_claim']} bytes, as much as codi writes for one: the limit.\n\n"
    text += table(["with clients", "operations/s", "p50 ms", "p95 ms", "p99 ms"], rows) + "\n"
    text += aim(rate > many["etcd"]["per_second"], f"ahead of etcd with 64 clients: {rate / many['etcd']['per_second']:.1f} times")
    text += aim(rate >= 10 * many["sqlite"]["per_second"], f"ten times the SQLite service with 64 clients: {rate / many['sqlite']['per_second']:.1f} times")
    text += aim(many["codi"]["p99_us"] < 10_000, f"p99 under 10 ms with 64 clients: {ms(many['codi']['p99_us'])} ms")
    text += aim(rate >= 20_000, f"20,000 a second with 64 clients, half of a design without checks: {number(rate)}")
    return text + aim(one["per_second"] >= 2_100, f"2,100 a second with one client, half of the same: {number(one['per_second'])} at p50 {ms(one['p50_us'])} ms")


def log(result):
    log_ = result["log"]
    rows = []
    for clients in scenarios.CLIENTS:
        all_ = log_[f"append {clients}"]["all"]
        rows.append([f"append, {clients} clients", number(all_["per_second"]), *(ms(all_[p]) for p in ["p50_us", "p95_us", "p99_us"])])
    read = log_["read"]
    text = "## The log\n" + table(["", "events/s", "p50 ms", "p95 ms", "p99 ms"], rows)
    rate = scenarios.EVENTS / read["seconds"]
    return text + f"\nReading {number(scenarios.EVENTS)} events in pages of {scenarios.EVENTS_PAGE} by one client takes {read['seconds']:.2f} s ({number(rate)} events/s; a page p50 {ms(read['all']['p50_us'])} ms).\n"


def mixed(result):
    steps = result["mixed"]["steps"]
    rows = [[f"`{name}`", number(one["count"]), *(ms(one[p]) for p in ["p50_us", "p95_us", "p99_us", "max_us"])] for name, one in sorted(steps.items())]
    slowest = max(steps.items(), key=lambda item: item[1]["p95_us"])
    text = f"## Everything at once\n{MIXED_CLIENTS} clients start {FLOWS_PER_SECOND} pieces of work a second, {number(result['mixed']['all']['per_second'])} requests, sign-ins among them. "
    text += "A request that starts late counts the time that it waited.\n\n"
    text += table(["operation", "requests", "p50 ms", "p95 ms", "p99 ms", "longest ms"], rows) + "\n"
    text += aim(slowest[1]["p95_us"] < PROMISE_MS * 1000, f"every operation under {PROMISE_MS} ms at p95: the slowest is `{slowest[0]}` with {ms(slowest[1]['p95_us'])} ms")
    return text


def neighbours(result):
    both = result["neighbours"]
    rows = [[name, number(one["all"]["per_second"]), *(ms(one["all"][p]) for p in ["p50_us", "p95_us", "p99_us"])] for name, one in both.items()]
    flood = both["beside a loaded one"]["flood"]
    rows.append(["the loaded one", number(flood["per_second"]), *(ms(flood[p]) for p in ["p50_us", "p95_us", "p99_us"])])
    text = f"## A calm tenant beside a loaded one\n{scenarios.CALM_CLIENTS} clients of one tenant claim and release {scenarios.CALM_FLOWS_PER_SECOND} paths a second; {scenarios.GET_CLIENTS} of another do as much as they can. The server uses every core, the clients share one of them.\n\n"
    text += table(["", "operations/s", "p50 ms", "p95 ms", "p99 ms"], rows) + "\n"
    ratio = both["beside a loaded one"]["all"]["p99_us"] / both["alone"]["all"]["p99_us"]
    return text + aim(ratio <= 2, f"its p99 stays within twice what it is alone: {ratio:.1f} times")


def scale(result):
    few, many = result["scale"].values()
    counts = [number(int(count)) for count in result["scale"]]
    rows, ratios = [], []
    for kind in scenarios.SCALE_TARGETS:
        for name in ["claim", "check", "release"]:
            ratio = many[kind][name] / few[kind][name]
            rows.append([f"{name}, {kind}", ms(few[kind][name]), ms(many[kind][name]), f"{ratio:.2f}"])
            if kind != "worst":
                ratios.append((ratio, name, kind))
    text = f"## Beside {counts[1]} live claims\nOne client checks, claims and releases, in a project with so many live claims on files, directories and patterns; p50 in ms. The worst case is a pattern that could match any file of a package, so that all claims in it are read.\n\n"
    text += table(["", counts[0], counts[1], "times"], rows) + "\n"
    worst = max(ratios)
    return text + aim(worst[0] < 1.5, f"no more than 1.5 times, the worst case aside: {worst[0]:.2f} times for {worst[1]} of a {worst[2]}")


def feed(result):
    measured = result["feed"]["delivered"]
    rows = []
    for count, rate in feeds.EVENTS_PER_SECOND.items():
        cells = [measured[f"{name} {count}"] for name in ["codi", "ws", "NATS"]]
        rows.append([number(count), rate, *(f"{ms(one['latency']['p50_us'])}, {ms(one['latency']['p99_us'])}" for one in cells), *(f"{one['cpu_seconds'] / one['took_seconds']:.0%}" for one in cells)])
    text = f"## One event to many\nEvents of {measured['frame_bytes']} bytes, from when one was due until a subscriber has read it; codi's are on disk before. p50, p99 in ms, and the share of its core that the server used.\n\n"
    text += table(["subscribers", "events/s", "codi", "ws", "NATS", "codi's core", "ws'", "NATS'"], rows) + "\n"
    most = {name: measured[f"{name} as much as goes"] for name in ["codi", "ws", "NATS"]}
    rows = [[name, number(one["delivered_per_second"]), number(one["delivered_per_cpu_second"]), f"{ms(one['latency']['p50_us'])}, {ms(one['latency']['p99_us'])}"] for name, one in most.items()]
    text += f"As much as goes to {number(feeds.FAN_OUT)} subscribers, four events on the way at a time:\n\n" + table(["", "deliveries/s", "a CPU second of the server", "p50, p99 ms"], rows) + "\n"
    p99 = measured["codi 1000"]["latency"]["p99_us"]
    share = {name: most["codi"]["delivered_per_cpu_second"] / most[name]["delivered_per_cpu_second"] for name in ["ws", "NATS"]}
    text += aim(p99 < 20_000, f"p99 under 20 ms with 1,000 subscribers: {ms(p99)} ms")
    text += aim(share["ws"] > 1, f"ahead of ws: {share['ws']:.2f} of its deliveries a CPU second ({share['NATS']:.2f} of NATS')")
    return text + feed_memory(result["feed"]["idle"]) + caught_up(result["feed"]["caught_up"])


def feed_memory(idle):
    each = {count: (one["bytes"] - one["before"]) / int(count) / 1024 for count, one in idle.items()}
    rows = [["0", f"{next(iter(idle.values()))['before'] / MIB:.0f} MiB", ""]]
    rows += [[number(int(count)), f"{idle[count]['bytes'] / MIB:.0f} MiB", f"{kib:.1f} KiB"] for count, kib in each.items()]
    text = "\nWith idle feeds:\n\n" + table(["connections", "resident", "each"], rows) + "\n"
    return text + aim(max(each.values()) <= 12, f"12 KiB each at most: {max(each.values()):.1f}")


def caught_up(read):
    rows = [[readers, number(one["delivered_per_second"]), number(one["delivered_per_cpu_second"])] for readers, one in read.items()]
    return f"\nFrom the begin of a log of {number(feeds.CAUGHT_UP)} events to its end:\n\n" + table(["readers", "events/s", "a CPU second of the server"], rows)


def on_cluster(result):
    measured = result["cluster"]
    if measured is None:
        return "## On FoundationDB\nNot measured: it is not installed here.\n"
    sizes = measured["sizes"]
    rows, shares = [], []
    for clients in cluster.CLIENTS:
        for kind in ["pair", "append"]:
            codi_, bare = measured[f"{kind} {clients}"], measured[f"bare {kind} {clients}"]
            share = codi_["per_second"] / bare["per_second"]
            shares.append(share)
            name = "claim or release" if kind == "pair" else "append"
            others = [measured[f"three servers {clients}"], measured[f"embedded pair {clients}"]] if kind == "pair" else [None, None]
            rows.append([f"{name}, {clients}", number(codi_["per_second"]), f"{ms(codi_['p50_us'])}, {ms(codi_['p99_us'])}", number(bare["per_second"]), f"{share:.2f}", *(number(other["per_second"]) if other else "" for other in others)])
    text = "## On FoundationDB\nOne process of FoundationDB on disk, codi and the loader, all on the same cores. The bare client makes transactions of as many reads, in as many rounds, and as many writes "
    text += f"as codi does ({sizes['pair']['reads']} and {sizes['pair']['writes']} for a claim or a release, {sizes['append']['reads']} and {sizes['append']['writes']} for an event), and nothing else.\n\n"
    text += table(["with clients", "codi, transactions/s", "p50, p99 ms", "bare", "codi/bare", "three servers", "RocksDB"], rows) + "\n"
    lists = [[name, number(one["items"]), number(one["pages"]), number(one["items"] / one["seconds"]), f"{one['slowest_seconds'] * 1000:.0f}"] for name, one in measured["lists"].items()]
    text += "Long lists, read by one client in pages of 500 while four others claim and release:\n\n"
    text += table(["", "rows", "pages", "rows/s", "slowest page, ms"], lists) + "\n"
    return text + aim(min(shares) >= 0.8, f"at least 0.8 of the bare client: {min(shares):.2f} to {max(shares):.2f}")


def start(result):
    one = result["start"]
    rows = [
        ["first start, with a new store", f"{one['start_first_seconds'] * 1000:.0f} ms"],
        ["start", f"{one['start_seconds'] * 1000:.0f} ms"],
        ["start with 10,000 sessions and 100,000 claims", f"{one['start_full_seconds'] * 1000:.0f} ms"],
        ["memory, idle", f"{one['idle_bytes'] / MIB:.0f} MiB"],
        ["memory after 10,000 sessions and 100,000 claims were made", f"{one['full_bytes'] / MIB:.0f} MiB"],
        ["memory after a start with them", f"{one['full_after_restart_bytes'] / MIB:.0f} MiB"],
    ]
    text = "## Start and memory\nA start lasts until the first request is answered; memory is resident, with shared libraries.\n\n" + table(["", ""], rows) + "\n"
    text += aim(one["start_seconds"] < 0.2, "start under 200 ms")
    return text + aim(one["idle_bytes"] < 40e6, f"idle under 40 MB: {one['idle_bytes'] / 1e6:.0f} MB")


def parts(result):
    rows = [[f"`{name}`", f"{ns / 1000:.2f}"] for name, ns in result["micro"].items()]
    text = "## Parts of a request\n`verify_token` is the check of a token that was not seen before.\n\n" + table(["", "us"], rows) + "\n"
    before = kept()
    counts = [[f"`{name}`", number(now), number(before[name]) if name in before else "", f"{now / before[name] - 1:+.1%}" if name in before else ""] for name, now in result["instructions"].items()]
    text += f"Instructions a request, counted by callgrind; a change that adds more than {TOLERANCE:.0%} must say so.\n\n"
    return text + table(["", "now", "kept", ""], counts)


def write(result):
    return "\n".join([header(result), gets(result), claims(result), log(result), mixed(result), neighbours(result), scale(result), feed(result), on_cluster(result), start(result), parts(result)])
