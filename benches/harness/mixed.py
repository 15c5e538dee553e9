"""(d) Every operation at once, at a fixed rate: what the promise of 100 ms is held against."""
from datetime import datetime, timedelta, timezone

from .codi import PASSWORD, Codi
from .load import authorized, drive, step

CLIENTS = 64
FLOWS_PER_SECOND = 400
PROMISE_MS = 100
# Operations that no flow makes, because they answer a stream.
NOT_MEASURED = {"download_backup", "follow_log", "rotate_signing_keys"}
PROJECT = "/v1/projects/default"


def op(operation, method, path, statuses=(200,), **more):
    return step(operation, method, path, statuses, **more)


def claim_flow(last):
    claim = op("create_claims", "POST", f"{PROJECT}/claims", (201,), body={"session": "${session}", "targets": ["mixed/${client}/${n}"]}, capture={"claim": '"id":"'})
    steps = [claim, op("get_claim", "GET", f"{PROJECT}/claims/${{claim}}"), op("check_claims", "POST", f"{PROJECT}/claims/check", body={"targets": ["mixed/"]})]
    steps.append(op("renew_claim", "POST", f"{PROJECT}/claims/${{claim}}/renew", body={"ttl_seconds": 600}))
    return [*steps, last]


def waiting_flow():
    """One holds, another waits, asks and gets it, then shares it, gives it away and renames it."""
    held, waits = claim_and_queue("asked")
    return [
        held,
        waits,
        op("list_tickets", "GET", f"{PROJECT}/claims/tickets"),
        op("request_release", "POST", f"{PROJECT}/claims/${{claim}}/request-release", body={"session": "${peer}"}),
        op("answer_release", "POST", f"{PROJECT}/claims/${{claim}}/answer-release", body={"grant": True}),
        op("get_ticket", "GET", f"{PROJECT}/claims/tickets/${{ticket}}", capture={"claim": '"claim_ids":["'}),
        op("set_claim_mode", "POST", f"{PROJECT}/claims/${{claim}}/mode", body={"mode": "shared"}),
        op("transfer_claim", "POST", f"{PROJECT}/claims/${{claim}}/transfer", body={"to_session": "${session}"}),
        op("move_claims", "POST", f"{PROJECT}/claims/move", body={"session": "${session}", "from": "asked/${client}/${n}", "to": "asked/${client}/${n}-moved"}),
        op("release_claim", "POST", f"{PROJECT}/claims/${{claim}}/release"),
    ]


def cancelled_flow():
    return [*claim_and_queue("cancelled"), op("cancel_ticket", "DELETE", f"{PROJECT}/claims/tickets/${{ticket}}"), op("release_claim", "POST", f"{PROJECT}/claims/${{claim}}/release")]


def claim_and_queue(folder):
    target = folder + "/${client}/${n}"
    held = op("create_claims", "POST", f"{PROJECT}/claims", (201,), body={"session": "${session}", "targets": [target]}, capture={"claim": '"id":"'})
    waits = op("create_claims", "POST", f"{PROJECT}/claims", (202,), body={"session": "${peer}", "targets": [target], "queue": True}, capture={"ticket": '"ticket":"'})
    return [held, waits]


def handoff_flow(*rest):
    body = {"session": "${session}", "to": {"session": "${peer}"}, "summary": "what was done", "remaining": ["what is left"], "with_claims": False}
    offer = op("offer_handoff", "POST", f"{PROJECT}/handoffs", (201,), body=body, capture={"handoff": '{"id":"'})
    return [offer, op("get_handoff", "GET", f"{PROJECT}/handoffs/${{handoff}}"), *(handoff_step(name, session) for name, session in rest)]


def handoff_step(name, session):
    return op(f"{name}_handoff", "POST", f"{PROJECT}/handoffs/${{handoff}}/{name}", body={"session": session})


def report_flow():
    """What was measured, and how the gates of roles stand with it."""
    body = {"session": "${session}", "commit": "c${n}", "measures": {"coverage": 90, "p95_ms": 87}}
    return [op("create_report", "POST", f"{PROJECT}/reports", (201,), body=body), op("list_gates", "GET", f"{PROJECT}/gates")]


def message_flow():
    """A message to another's session, which reads and acknowledges it with its own token. It is soon over: a bounded number is kept of a sender."""
    recipient = {"Authorization": "Bearer ${peer_token}"}
    body = {"session": "${session}", "to": {"session": "${peer}"}, "text": "the contract has changed: see docs/api.md", "ttl_seconds": 60}
    return [
        op("send_message", "POST", f"{PROJECT}/messages", (201,), body=body, capture={"message": '{"id":"'}),
        op("list_inbox", "GET", f"{PROJECT}/inbox?session=${{peer}}", headers=recipient),
        op("get_message", "GET", f"{PROJECT}/messages/${{message}}?session=${{session}}"),
        op("ack_message", "POST", f"{PROJECT}/messages/${{message}}/ack", body={"session": "${peer}"}, headers=recipient),
        op("list_acks", "GET", f"{PROJECT}/messages/${{message}}/acks?session=${{session}}"),
    ]


ROLE = {
    "purpose": "Builds it",
    "boundaries": [{"target": "src/", "note": "All"}],
    "gates": [{"name": "Coverage", "measure": "coverage", "op": ">=", "threshold": 95, "unit": "%"}],
    "triggers": [{"kind": "delegate", "to": "tester", "when": "Coverage drops below 95%"}],
    "workflows": [{"name": "build", "steps": ["test", "code"]}],
}


def role_steps(project):
    builder = f"{project}/roles/builder"
    until = (datetime.now(timezone.utc) + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    return [
        op("put_role", "PUT", builder, (200, 201), body=ROLE),
        op("get_role", "GET", builder),
        op("list_roles", "GET", f"{project}/roles"),
        op("get_scorecard", "GET", f"{builder}/scorecard"),
        op("lint_roles", "POST", f"{project}/roles/lint"),
        op("start_session", "POST", f"{project}/sessions", (201,), body={"role": "builder"}, capture={"builder": '{"id":"'}),
        op("pull_trigger", "POST", f"{builder}/triggers/1/pull", (201,), body={"session": "${builder}"}),
        op("lend_role_path", "POST", f"{builder}/lend", (201,), body={"path": "src/x", "to_role": "tester", "until": until}, capture={"loan": '{"id":"'}),
        op("list_role_loans", "GET", f"{builder}/loans"),
        op("end_role_loan", "DELETE", f"{builder}/loans/${{loan}}", (204,)),
        *workflow_steps(project),
        op("delete_role", "DELETE", builder, (204,)),
    ]


def workflow_steps(project):
    workflow = f"{project}/workflows/${{workflow}}"
    return [
        op("start_session", "POST", f"{project}/sessions", (201,), body={"role": "builder"}, capture={"builder": '{"id":"'}),
        op("start_workflow", "POST", f"{project}/workflows", (201,), body={"session": "${builder}", "name": "build"}, capture={"workflow": '{"id":"'}),
        op("finish_workflow_step", "POST", f"{workflow}/steps/1/done", body={"session": "${builder}"}),
        op("get_workflow", "GET", workflow),
        op("list_workflows", "GET", f"{project}/workflows?session=${{builder}}"),
        op("cancel_workflow", "POST", f"{workflow}/cancel"),
    ]


def account_flow():
    """Sign in, use the access token, take another, change the password to what it was, sign out: with Argon2id twice."""
    bearer = {"Authorization": "Bearer ${access}"}
    tokens = {"access": '"access_token":"', "refresh": '"refresh_token":"'}
    return [
        op("login", "POST", "/v1/auth/login", body={"email": "${email}", "password": PASSWORD}, headers={}, capture=tokens),
        op("me", "GET", "/v1/me", headers=bearer),
        op("refresh", "POST", "/v1/auth/refresh", body={"refresh_token": "${refresh}"}, headers={}, capture=tokens),
        op("logout", "POST", "/v1/auth/logout", (204,), headers=bearer),
    ]


def tenant_flow():
    new = "mixed-${client}-${n}"
    return [
        op("create_invite", "POST", "/v1/invites", (201,), body={"role": "member"}, capture={"invite": '{"id":"', "code": '"code":"'}),
        op("list_invites", "GET", "/v1/invites"),
        op("accept_invite", "POST", "/v1/invites/${code}/accept", (201,), body={"email": f"{new}@example.org", "password": PASSWORD, "name": "Mixed"}, headers={}, capture={"user": '"user":{"id":"'}),
        op("get_user", "GET", "/v1/users/${user}"),
        op("update_user", "PATCH", "/v1/users/${user}", body={"name": "Mixed again"}),
        op("delete_user", "DELETE", "/v1/users/${user}", (204,)),
        op("create_invite", "POST", "/v1/invites", (201,), body={"role": "member"}, capture={"invite": '{"id":"'}),
        op("delete_invite", "DELETE", "/v1/invites/${invite}", (204,)),
        op("create_project", "POST", "/v1/projects", (201,), body={"slug": new, "name": "Mixed"}),
        op("update_project", "PATCH", f"/v1/projects/{new}", body={"name": "Mixed again"}),
        op("put_owners", "PUT", f"/v1/projects/{new}/owners", body={"text": "*.rs @rust"}),
        op("get_owners", "GET", f"/v1/projects/{new}/owners"),
        op("match_owners", "POST", f"/v1/projects/{new}/owners/match", body={"targets": ["src/main.rs"]}),
        op("delete_owners", "DELETE", f"/v1/projects/{new}/owners", (204,)),
        *role_steps(f"/v1/projects/{new}"),
        op("delete_project", "DELETE", f"/v1/projects/{new}", (204,)),
        op("create_token", "POST", "/v1/tokens", (201,), body={"name": "mixed", "permissions": ["project_read"], "expires_in": 600}, capture={"api_token": '{"id":"'}),
        op("delete_token", "DELETE", "/v1/tokens/${api_token}", (204,)),
        op("update_tenant", "PATCH", "/v1/tenant", body={"name": "Mixed"}),
    ]


def operator_flow():
    operator = {"Authorization": "Bearer ${operator}"}
    return [
        op("list_tenants", "GET", "/v1/operator/tenants", headers=operator, capture={"tenant": '{"id":"'}),
        op("list_signing_keys", "GET", "/v1/operator/signing-keys", headers=operator),
        op("show_tenant", "GET", "/v1/operator/tenants/${tenant}", headers=operator),
        op("administer_tenant", "PATCH", "/v1/operator/tenants/${tenant}", body={"state": "active"}, headers=operator),
    ]


def flows():
    """Weights: what agents do often, people sometimes, and administrators now and then."""
    say = {"session": "${session}", "action": "PROGRESS", "text": "step ${n} of the work is done", "data": {"progress": 50}}
    often = {
        "claims": (20, claim_flow(op("release_claim", "POST", f"{PROJECT}/claims/${{claim}}/release"))),
        "log": (30, [op("append_event", "POST", f"{PROJECT}/events", (201,), body=say)]),
        "line": (10, [op("write_line", "POST", f"{PROJECT}/log", (201,), body={"line": "${alias}: step ${n} PROGRESS"})]),
        "session": (20, [op("get_session", "GET", f"{PROJECT}/sessions/${{session}}"), op("heartbeat_session", "POST", f"{PROJECT}/sessions/${{session}}/heartbeat")]),
        "lists": (5, [op("list_sessions", "GET", f"{PROJECT}/sessions"), op("list_claims", "GET", f"{PROJECT}/claims"), op("list_events", "GET", f"{PROJECT}/events")]),
    }
    sometimes = {
        "life": (3, [op("start_session", "POST", f"{PROJECT}/sessions", (201,), body={"role": "rust-developer"}, capture={"short": '{"id":"'}), op("end_session", "POST", f"{PROJECT}/sessions/${{short}}/end")]),
        "accepted": (2, handoff_flow(("accept", "${peer}"), ("complete", "${peer}"))),
        "declined": (1, handoff_flow(("decline", "${peer}"))),
        "withdrawn": (1, [*handoff_flow(("withdraw", "${session}")), op("list_handoffs", "GET", f"{PROJECT}/handoffs")]),
        "waited for": (2, waiting_flow()),
        "cancelled": (1, cancelled_flow()),
        "messages": (2, message_flow()),
        "reports": (2, report_flow()),
        "forced": (2, claim_flow(op("force_release_claim", "DELETE", f"{PROJECT}/claims/${{claim}}?reason=mixed"))),
        "looks": (3, [op("get_project", "GET", PROJECT), op("list_projects", "GET", "/v1/projects"), op("get_tenant", "GET", "/v1/tenant"), op("me", "GET", "/v1/me")]),
    }
    rarely = {
        "account": (1, account_flow()),
        "administration": (0.3, tenant_flow()),
        "operator": (0.1, operator_flow()),
        "lists of the tenant": (0.5, [op("list_users", "GET", "/v1/users"), op("list_tokens", "GET", "/v1/tokens"), op("list_audit", "GET", "/v1/audit")]),
        "register": (0.1, [op("register", "POST", "/v1/auth/register", (201,), body={"email": "new-${client}-${n}@example.org", "password": PASSWORD, "name": "New", "tenant_name": "New"}, headers={})]),
        "password": (0.1, [op("login", "POST", "/v1/auth/login", body={"email": "${email}", "password": PASSWORD}, headers={}, capture={"access": '"access_token":"'}), op("change_password", "POST", "/v1/auth/password", body={"old": PASSWORD, "new": PASSWORD}, headers={"Authorization": "Bearer ${access}"})]),
    }
    return [{"weight": weight, "steps": steps} for weight, steps in {**often, **sometimes, **rarely}.values()]


def mixed(bench):
    def run(folder):
        with Codi(bench.codi, folder) as server:
            aliases = [f"BENCH-SESSION-{i}" for i in range(CLIENTS)]
            tokens = server.make_tokens()
            sessions = server.start_sessions(tokens)
            emails = [sign_up(server, i) for i in range(CLIENTS)]  # one each: a new password ends the other logins of a user
            plan = {**bench.timed(CLIENTS), "seconds": bench.mixed_seconds, "flows_per_second": FLOWS_PER_SECOND, "headers": {"Authorization": "Bearer ${token}"}}
            plan["of_client"] = {"token": tokens, "session": sessions, "peer": sessions[1:] + sessions[:1], "peer_token": tokens[1:] + tokens[:1], "alias": aliases, "email": emails, "operator": [server.bootstrap["operator_token"]]}
            return drive(bench.loader, server, {**plan, "flows": flows()})

    return bench.medians({"mixed": run})["mixed"]


def sign_up(server, i):
    email = f"bench-{i}@example.org"
    code = server.call("POST", "/invites", {"role": "member"})["code"]
    server.call("POST", f"/invites/{code}/accept", {"email": email, "password": PASSWORD, "name": f"Bench {i}"})
    return email


def unmeasured(openapi):
    """Operations of an OpenAPI document that no flow makes, though they should."""
    made = {step_["name"] for flow in flows() for step_ in flow["steps"]}
    all_of_them = {operation["operationId"] for path, methods in openapi["paths"].items() if path.startswith("/v1/") for operation in methods.values() if "operationId" in operation}
    return sorted(all_of_them - made - NOT_MEASURED)
