import { type Api, connect, done, register, type Schemas } from "./api.ts";
import { startSession, uniqueName } from "./scene.ts";

/** A tenant that has one of everything. */
export interface Household {
  api: Api;
  owner: Schemas["SignedIn"] & { password: string };
  member: Schemas["User"];
  invite: Schemas["CreatedInvite"];
  token: Schemas["CreatedToken"];
  project: Schemas["Project"];
  session: Schemas["StartedSession"];
  taker: Schemas["StartedSession"];
  claim: Schemas["Claim"];
  ticket: string;
  workflow: Schemas["WorkflowRun"];
  handoff: Schemas["Handoff"];
  message: Schemas["Message"];
}

const inProject: Schemas["CreateToken"]["permissions"] = [
  "project_read",
  "project_manage",
  "session_write",
  "event_write",
  "claim_write",
  "claim_force",
  "handoff_write",
  "report_write",
  "message_write",
];

/** Fills a project of `api`'s tenant. */
async function fillProject(api: Api) {
  const slug = uniqueName("repository");
  const repo_url = `https://git.example.org/${uniqueName("acme")}/${slug}.git`;
  const project = done(await api.POST("/v1/projects", { body: { slug, name: `Repository ${slug}`, repo_url } }));
  const path = { project: slug };
  const session = await startSession(api, slug, { alias: `${slug}-WORKER-SESSION-1`, tool: "e2e", branch: "main" });
  const taker = await startSession(api, slug, { alias: `${slug}-TAKER-SESSION-1`, role: "taker" });
  const body = { session: session.id, targets: [`src/${slug}.rs`], reason: `reason of ${slug}` };
  const granted = done(await api.POST("/v1/projects/{project}/claims", { params: { path }, body }));
  const waiter = await startSession(api, slug, { alias: `${slug}-WAITER-SESSION-1` });
  const wish = { ...body, session: waiter.id, queue: true };
  const { ticket } = done(await api.POST("/v1/projects/{project}/claims", { params: { path }, body: wish }));
  if (ticket === null) throw new Error("nobody waits");
  const text = `* @owner-of-${slug}\n`;
  done(await api.PUT("/v1/projects/{project}/owners", { params: { path }, body: { text } }));
  const event = { session: session.id, action: "PROGRESS", text: `text of ${slug}`, data: { progress: 50 } };
  done(await api.POST("/v1/projects/{project}/events", { params: { path }, body: event }));
  const role = { path: { project: slug, name: `builder-${slug}` } };
  const definition: Schemas["PutRole"] = {
    purpose: `purpose of ${slug}`,
    boundaries: [{ target: "src/", note: `note of ${slug}` }],
    gates: [{ name: `gate of ${slug}`, measure: "coverage", op: ">=", threshold: 95, unit: "%" }],
    triggers: [{ kind: "delegate", to: "taker", when: `trigger of ${slug}` }],
    workflows: [{ name: "build", steps: [`step of ${slug}`, `another step of ${slug}`] }],
  };
  done(await api.PUT("/v1/projects/{project}/roles/{name}", { params: role, body: definition }));
  const start = { session: session.id, role: role.path.name, name: "build" };
  const workflow = done(await api.POST("/v1/projects/{project}/workflows", { params: { path }, body: start }));
  const offer = {
    session: session.id,
    to: { role: "taker" },
    summary: `summary of ${slug}`,
    remaining: [`left of ${slug}`],
  };
  const handoff = done(await api.POST("/v1/projects/{project}/handoffs", { params: { path }, body: offer }));
  const letter = { session: taker.id, to: { project: true }, text: `message of ${slug}` };
  const message = done(await api.POST("/v1/projects/{project}/messages", { params: { path }, body: letter }));
  const report = { session: session.id, commit: `commit of ${slug}`, measures: { coverage: 92.5 } };
  done(await api.POST("/v1/projects/{project}/reports", { params: { path }, body: report }));
  const until = new Date(Date.now() + 3_600_000).toISOString();
  const lent = { path: `src/${slug}.rs`, to_role: "taker", until };
  done(await api.POST("/v1/projects/{project}/roles/{name}/lend", { params: role, body: lent }));
  const [claim] = granted.claims;
  if (!claim) throw new Error("no claim was granted");
  const permissions = inProject;
  const token = done(
    await api.POST("/v1/tokens", { body: { name: `token of ${slug}`, project: slug, permissions, expires_in: 3600 } }),
  );
  return { project, session, taker, claim, ticket, workflow, handoff, message, token };
}

/** Makes a tenant that has one of everything; twice when `besides` is a household, whose tenant gets another project. */
export async function makeHousehold(url: string, besides?: Household): Promise<Household> {
  if (besides) return { ...besides, ...(await fillProject(besides.api)) };
  const owner = await register(url);
  const api = connect(url, owner.access_token);
  const joining = done(await api.POST("/v1/invites", { body: { role: "member" } }));
  const name = uniqueName("member");
  const joiner = {
    email: `${name}-${owner.tenant.slug}@example.org`,
    password: `password of ${name}`,
    name: `Name ${name}`,
  };
  const joined = await connect(url).POST("/v1/invites/{code}/accept", {
    params: { path: { code: joining.code } },
    body: joiner,
  });
  const email = `asked-${name}-${owner.tenant.slug}@example.org`;
  const invite = done(await api.POST("/v1/invites", { body: { role: "viewer", email } }));
  return { api, owner, member: done(joined).user, invite, ...(await fillProject(api)) };
}
