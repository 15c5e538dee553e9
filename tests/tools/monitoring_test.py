"""deploy/ and the pages on metrics and log lines against a running server ($CODI_BIN): what they name must be there.
CODI_UPDATE_GOLDEN=1 writes docs/metrics.md anew."""
import json
import os
import re
import shutil
import ssl
import subprocess
import tempfile
import time
import unittest
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROMETHEUS = ROOT / "deploy" / "prometheus"
DASHBOARD = ROOT / "deploy" / "grafana" / "codi.json"
PAGE = (ROOT / "docs" / "how-to" / "observe.md").read_text(encoding="utf-8")
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
NAME = re.compile(r"\b((?:codi|process)_[a-z0-9_]+|up)\b(?:\{([^}]*)\})?")


class Server:
    """`codi serve` on a free port in a folder of its own."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory()
        folder = Path(self.folder.name)
        self.log_path = folder / "log"
        certificate, key = folder / "certificate.pem", folder / "key.pem"
        make = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30"]
        make += ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate]
        subprocess.run(make, check=True, capture_output=True)
        key.chmod(0o600)
        self.trust = ssl.create_default_context(cafile=certificate)
        command = [os.environ["CODI_BIN"], "serve", "--listen", "127.0.0.1:0", "--store", f"rocksdb:{folder}/data", "--slow-ms", "0"]
        command += ["--tls-cert", certificate, "--tls-key", key]
        with self.log_path.open("wb") as log:
            self.process = subprocess.Popen(
                command, stderr=log, stdout=subprocess.PIPE, text=True, env={**os.environ, "XDG_STATE_HOME": f"{folder}/state"}
            )
        self.url = self.process.stdout.readline().split()[-1]
        self.token = json.loads((folder / "data" / "bootstrap.json").read_text())["token"]

    def call(self, method, path, body=None, token=None, headers=None):
        request = urllib.request.Request(self.url + path, method=method, headers=dict(headers or {}))
        request.add_header("Authorization", f"Bearer {token or self.token}")
        if body is not None:
            request.data = json.dumps(body).encode()
            request.add_header("Content-Type", "application/json")
        try:
            with urllib.request.urlopen(request, timeout=30, context=self.trust) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as refusal:
            with refusal:
                return refusal.code, refusal.read().decode()

    def metrics(self):
        return self.call("GET", "/metrics")[1]

    def log(self):
        return [json.loads(line) for line in self.log_path.read_text().splitlines()]

    def stop(self):
        self.process.terminate()
        self.process.wait(30)
        self.process.stdout.close()
        self.folder.cleanup()


def work(server):
    """One of each kind of thing that metrics tell of."""
    project = "/v1/projects/default"
    sessions = [json.loads(server.call("POST", f"{project}/sessions", {"role": "tester"})[1]) for _ in range(2)]
    for session in sessions:
        server.call("POST", f"{project}/claims", {"session": session["alias"], "targets": ["src/"]}, session["session_token"])
    server.call("GET", "/nowhere")
    server.call("GET", "/v1/me", headers={"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01", "X-Request-Id": "traced"})


class Metrics:
    """What a text of /metrics holds: families, and the labels of each series."""

    def __init__(self, text):
        self.help = dict(re.findall(r"^# HELP (\S+) (.*)$", text, re.MULTILINE))
        self.type = dict(re.findall(r"^# TYPE (\S+) (.*)$", text, re.MULTILINE))
        self.labels = {}
        for name, labels in re.findall(r"^(\w+)(?:\{(.*)\})? \S+$", text, re.MULTILINE):
            self.labels.setdefault(name, set()).update(re.findall(r'(\w+)="', labels))

    def family_labels(self, family):
        own = [self.labels.get(family + end, set()) for end in ("", "_bucket", "_count")]
        return sorted(set().union(*own) - {"le"})


def metrics_page(metrics):
    lines = [
        "# Metrics",
        "",
        "What `GET /metrics` answers, in the Prometheus text format; a test compares this page with a running server.",
        "[observe.md](how-to/observe.md) shows how to scrape, draw and watch them.",
        "",
        "| metric | type | labels | what |",
        "| --- | --- | --- | --- |",
    ]
    for family in sorted(metrics.type):
        labels = ", ".join(f"`{label}`" for label in metrics.family_labels(family))
        lines.append(f"| `{family}` | {metrics.type[family]} | {labels} | {metrics.help[family]} |")
    return "\n".join(lines) + "\n"


def alerts():
    return re.findall(r"- alert: (\w+)", (PROMETHEUS / "alerts.yml").read_text(encoding="utf-8"))


def dashboard_expressions():
    """Every PromQL expression of the dashboard, with the title of its panel; Grafana's variables have values."""
    dashboard = json.loads(DASHBOARD.read_text(encoding="utf-8"))
    found = [(panel["title"], target["expr"]) for panel in dashboard["panels"] for target in panel.get("targets", [])]
    found += [(entry["name"], entry["expr"]) for entry in dashboard["annotations"]["list"]]
    values = {"$instance": ".*", "$__rate_interval": "1m", "$__interval": "1m"}
    for variable, value in values.items():
        found = [(title, expression.replace(variable, value)) for title, expression in found]
    return found


needs_promtool = unittest.skipUnless(shutil.which("promtool"), "promtool is not installed: `make lint-fast` installs it")


def promtool(*arguments, text=None):
    done = subprocess.run(["promtool", *map(str, arguments)], input=text, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


class MonitoringTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server()
        cls.addClassCleanup(cls.server.stop)
        work(cls.server)
        cls.text = cls.server.metrics()
        cls.metrics = Metrics(cls.text)

    def assert_named_metrics_exist(self, where, expression):
        for name, selector in NAME.findall(expression):
            if name == "up":  # Prometheus' own
                continue
            self.assertIn(name, self.metrics.labels, f"{where}: {expression}")
            known = self.metrics.labels[name] | {"instance", "job"}
            for label in re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", selector):
                self.assertIn(label, known, f"{where}: {name} has no such label")

    @needs_promtool
    def test_promtool_passes_rules_their_tests_and_the_configuration(self):
        for arguments in (["check", "rules", "alerts.yml"], ["test", "rules", "alerts_test.yml"], ["check", "config", "prometheus.yml"]):
            status, output = promtool(*arguments[:2], PROMETHEUS / arguments[2])
            self.assertEqual(status, 0, output)

    @needs_promtool
    def test_promtool_finds_nothing_wrong_with_the_metrics(self):
        status, output = promtool("check", "metrics", text=self.text)
        self.assertEqual((status, output), (0, ""))

    def test_every_metric_of_the_alerts_exists(self):
        rules = (PROMETHEUS / "alerts.yml").read_text(encoding="utf-8")
        expressions = re.findall(r"expr: (\|\n(?: {10}.*\n)+|.*\n)", rules)
        self.assertEqual(len(expressions), len(alerts()))
        for expression in expressions:
            self.assert_named_metrics_exist("alerts.yml", expression)

    def test_every_metric_of_the_dashboard_exists(self):
        expressions = dashboard_expressions()
        self.assertGreater(len(expressions), 30)
        for title, expression in expressions:
            self.assertRegex(expression, NAME, title)
            self.assert_named_metrics_exist(title, expression)

    @needs_promtool
    def test_every_expression_of_the_dashboard_is_promql(self):
        rules = [{"record": f"panel:{i}", "expr": expression} for i, (_, expression) in enumerate(dashboard_expressions())]
        with tempfile.NamedTemporaryFile("w", suffix=".yml") as file:
            json.dump({"groups": [{"name": "dashboard", "rules": rules}]}, file)  # JSON is YAML
            file.flush()
            status, output = promtool("check", "rules", file.name)
        self.assertEqual(status, 0, output)

    def test_every_metric_of_the_documents_exists(self):
        # Of the kinds that metrics have; programs and tokens begin alike.
        kinds = r"`(codi_(?:claims|handoffs|http|inbox|queue|reaper|sessions|store|tls|feed(?!_load))_[a-z_]+)"
        known = {*self.metrics.type, *self.metrics.labels}
        for page in [*(ROOT / "docs").glob("*.md"), *(ROOT / "docs" / "how-to").glob("*.md")]:
            self.assertLessEqual({*re.findall(kinds, page.read_text(encoding="utf-8"))}, known, page.name)

    def test_every_metric_of_ours_is_drawn_or_watched(self):
        shown = (PROMETHEUS / "alerts.yml").read_text(encoding="utf-8") + DASHBOARD.read_text(encoding="utf-8")
        unseen = [family for family in self.metrics.type if family.startswith("codi_") and family not in shown]
        self.assertEqual(unseen, [])

    def test_the_page_of_metrics_is_what_the_server_has(self):
        page = ROOT / "docs" / "metrics.md"
        made = metrics_page(self.metrics)
        if "CODI_UPDATE_GOLDEN" in os.environ:
            page.write_text(made, encoding="utf-8")
        self.assertEqual(page.read_text(encoding="utf-8"), made, "run this test with CODI_UPDATE_GOLDEN=1")

    def test_what_happened_was_counted_once(self):
        for line in (
            "codi_sessions_started_total 2",
            "codi_claims_granted_total 1",
            "codi_claims_refused_total 1",
            'codi_http_refusals_total{code="CLAIM-USR-3001"} 1',
        ):
            self.assertIn(f"\n{line}\n", self.text)

    def test_every_alert_is_explained(self):
        self.assertEqual(re.findall(r"^\| `(Codi\w+)` \|", PAGE, re.MULTILINE), alerts())

    def test_the_fields_of_a_request_line_are_those_of_the_page(self):
        line = self.line_of("traced")
        table = PAGE.split("| field | what |")[1].split("\n\n")[0]
        self.assertEqual(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE), list(line))
        self.assertEqual((line["trace_id"], line["parent_span_id"]), (TRACE, "00f067aa0ba902b7"))

    def test_a_slow_line_has_the_parts_of_the_page_and_they_add_up(self):
        slow = next(line for line in self.server.log() if line["action"] == "slow" and line["metadata"]["operation"] == "create_claims")
        parts = {name: value for name, value in slow["metadata"].items() if name.endswith("_ms")}
        documented = re.findall(r"^\| `(\w+_ms)` \|", PAGE.split("| part | what |")[1], re.MULTILINE)
        self.assertEqual([name for name in documented if name in parts], list(parts))
        self.assertLessEqual({"wait_ms", "transaction_ms", "commit_ms"}, parts.keys())
        self.assertLessEqual(sum(parts.values()), slow["duration_ms"] + 0.02)

    def test_the_page_names_every_line_of_the_source(self):
        written = {("http", "slow")}  # its component stands in request_log.cpp's line_of()
        for path in (ROOT / "src").rglob("*.cpp"):
            if path.parts[-2] == "cli":
                continue
            text = path.read_text(encoding="utf-8")
            written.update(re.findall(r'log::write\([^"]*?"(\w+)",\s*"(\w+)"', text))
            written.update((name, "failed") for name in re.findall(r'[Tt]icker(?:_| \w+)[({]"(\w+)"', text))
        table = PAGE.split("| component | action |")[1].split("\n\n")[0]
        self.assertEqual(set(re.findall(r"^\| `(\w+)` \| `(\w+)` \|", table, re.MULTILINE)), written)

    def line_of(self, request_id):
        for _ in range(100):
            for line in self.server.log():
                if line.get("request_id") == request_id and line["action"] != "slow":
                    return line
            time.sleep(0.05)
        self.fail(f"no line of {request_id}")


if __name__ == "__main__":
    unittest.main()
