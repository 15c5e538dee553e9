import { after } from "node:test";
import { type Api, connect, done, type Schemas } from "./api.ts";
import { Machine } from "./machine.ts";
import { Server } from "./server.ts";

/** A machine with a fresh server on it, for all tests of a file; removed after them. */
export async function openScene(): Promise<{ machine: Machine; server: Server; api: Api; project: string }> {
  const machine = new Machine();
  const server = await Server.start({ machine });
  after(async () => {
    await server.stop();
    machine.remove();
  });
  const { token, project } = server.bootstrap;
  return { machine, server, api: connect(server.url, token), project };
}

let named = 0;

/** A name that no other test uses. */
export function uniqueName(stem: string): string {
  named += 1;
  return `${stem}-${named}`;
}

export type StartSession = Partial<Schemas["StartSession"]>;

export async function startSession(
  api: Api,
  project: string,
  body: StartSession = {},
): Promise<Schemas["StartedSession"]> {
  return done(await api.POST("/v1/projects/{project}/sessions", { params: { path: { project } }, body }));
}

/** A project of its own for a test, so that tests don't meet. */
export async function makeProject(api: Api, body: Partial<Schemas["CreateProject"]> = {}): Promise<string> {
  const slug = uniqueName("project");
  return done(await api.POST("/v1/projects", { body: { slug, name: slug, ...body } })).slug;
}
