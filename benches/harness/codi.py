"""codi as it is measured: the release binary with its defaults, and what a client needs to know of it."""
import http.client
import json
import re

from .process import BenchError, Server, free_port

# A token may make 1,000 requests a second: clients use these in turn, and every limit stays on.
TOKENS = 64
PASSWORD = "a password of the bench"


class Codi(Server):
    """A server of its own store, or of `store`. `arguments` go to `codi serve`."""

    def __init__(self, program, folder, arguments=(), before=(), store=None):
        port = free_port()
        self.store = folder / "store"
        command = [*before, program, "serve", "--listen", f"127.0.0.1:{port}", "--store", store or f"rocksdb:{self.store}", *arguments]
        super().__init__("codi", command, port, folder, {"XDG_STATE_HOME": str(folder)})

        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def __enter__(self):
        super().__enter__()
        self.bootstrap = json.loads(self.bootstrap_path().read_text())
        self.owner = self.bootstrap["token"]
        return self

    def bootstrap_path(self):
        return self.store / "bootstrap.json"

    def ready(self):
        """When the first request is answered."""
        try:
            self.connection.request("GET", "/healthz")
            return self.connection.getresponse().read() and True
        except OSError:
            self.connection.close()
            return False

    def __exit__(self, *_):
        self.connection.close()
        super().__exit__()

    def call(self, method, path, body=None, token=None):
        headers = {"Authorization": f"Bearer {token or self.owner}", "Content-Type": "application/json"}
        self.connection.request(method, f"/v1{path}", json.dumps(body) if body is not None else None, headers)
        answer = self.connection.getresponse()
        text = answer.read().decode()
        if answer.status >= 300:
            raise BenchError(f"{method} {path} was answered {answer.status}: {text}")
        return json.loads(text) if text else None

    def make_tokens(self, owner=None, count=TOKENS):
        """API tokens of an owner that may do all that the owner may."""
        permissions = self.call("GET", "/me", token=owner)["credential"]["permissions"]
        new = {"permissions": permissions, "expires_in": 86_400}
        return [self.call("POST", "/tokens", {"name": f"bench {i}", **new}, owner)["token"] for i in range(count)]

    def make_tenant(self):
        """The access token of the owner of another tenant, which has a project `default` too."""
        owner = self.call("POST", "/auth/register", {"email": "calm@example.org", "password": PASSWORD, "name": "Calm", "tenant_name": "Calm"})["access_token"]
        self.call("POST", "/projects", {"slug": "default", "name": "Default"}, owner)
        return owner

    def start_session(self, alias, token=None):
        body = {"alias": alias, "role": "rust-developer", "tool": "bench", "branch": "main", "ttl_seconds": 86_400}
        return self.call("POST", "/projects/default/sessions", body, token)["id"]

    def start_sessions(self, tokens):
        """A session of each token: to act for that of another would be an admin's act, and audited."""
        return [self.start_session(f"BENCH-SESSION-{i}", token) for i, token in enumerate(tokens)]

    def version(self):
        log = (self.folder / "codi.out").read_text()
        return re.search(r'"version":"([^"]+)","commit":"([^"]+)"', log).groups()
