// Draws /openapi.json as a reference to read. Everything that the document says is put in as text, never as markup.
"use strict";

const METHODS = ["get", "post", "put", "patch", "delete"];
const DEPTH_MAX = 6;
// Samples say more with the words that people use there.
const SAMPLES = {
  action: "PROGRESS", alias: "agent-1", code: "$CODE", email: "ada@example.org", from: "src/old/", line: "agent-1: reading src/api/", name: "Ada", path: "src/api/",
  paths: "src/api/", project: "web", reason: "adding the users endpoint", refresh_token: "$REFRESH_TOKEN", role: "member", session: "agent-1",
  slug: "web", summary: "Endpoint done, tests missing", targets: "src/api/", tenant_name: "Example", text: "half of it works", to: "qa-reviewer",
};

/** An element with classes, attributes and children; strings become text. */
function el(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue;
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else node.setAttribute(key, value === true ? "" : value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== ""));
  return node;
}

/** Text with `code` in backquotes. */
function prose(text) {
  return (text || "").split("`").map((part, i) => (i % 2 ? el("code", {}, part) : part));
}

class Reference {
  constructor(spec) {
    this.spec = spec;
    this.operations = [];
    for (const [path, item] of Object.entries(spec.paths)) {
      for (const method of METHODS) if (item[method]) this.operations.push({ ...item[method], path, method });
    }
  }

  resolve(value) {
    if (!value || !value.$ref) return value || {};
    const target = value.$ref.slice(2).split("/").reduce((at, key) => at[key], this.spec);
    return { ...target, ...(value.description ? { description: value.description } : {}), refName: value.$ref.split("/").pop() };
  }

  /** The one schema of a choice between it and null. */
  bare(value) {
    const schema = this.resolve(value);
    const choices = (schema.oneOf || []).filter((each) => each.type !== "null");
    if (!schema.oneOf || choices.length === schema.oneOf.length || choices.length > 1) return schema;
    return { ...this.resolve(choices[0]), description: schema.description, nullable: true };
  }

  typeName(value) {
    const schema = this.bare(value);
    const types = [].concat(schema.type || []).filter((type) => type !== "null");
    let name = types.join(" or ") || "any JSON";
    if (schema.oneOf) return schema.oneOf.map((each) => this.typeName(each)).join(" or ");
    if (types[0] === "array") name = `list of ${this.typeName(schema.items)}`;
    else if (schema.refName && types[0] === "object") name = schema.refName;
    else if (schema.format && schema.format !== "int64") name = schema.format;
    if (schema.nullable || [].concat(schema.type).includes("null")) name += " or null";
    return name;
  }

  limits(value) {
    const schema = this.bare(value);
    const out = [];
    if (schema.enum) out.push(`one of ${schema.enum.filter((each) => each !== null).join(", ")}`);
    if (schema.minimum !== undefined && schema.maximum !== undefined) out.push(`${schema.minimum} to ${schema.maximum}`);
    else if (schema.minimum !== undefined) out.push(`at least ${schema.minimum}`);
    else if (schema.maximum !== undefined) out.push(`at most ${schema.maximum}`);
    if (schema.maxLength !== undefined) out.push(`at most ${schema.maxLength} bytes`);
    if (schema.minItems) out.push(`at least ${schema.minItems} item${schema.minItems > 1 ? "s" : ""}`);
    if (schema.maxItems !== undefined) out.push(`at most ${schema.maxItems} items`);
    return out.join("; ");
  }

  example(value, depth = 0, name = "") {
    const schema = this.bare(value);
    if (schema.examples) return schema.examples[0];
    if (schema.enum) return schema.enum[0];
    if (schema.oneOf) return this.example(schema.oneOf[0], depth + 1, name);
    const type = [].concat(schema.type || []).filter((each) => each !== "null")[0];
    if (type === "array") return depth > DEPTH_MAX ? [] : [this.example(schema.items, depth + 1, name)];
    if (type === "object") {
      const out = {};
      for (const [member, property] of Object.entries(schema.properties || {}))
        if (depth < DEPTH_MAX) out[member] = this.example(property, depth + 1, member);
      return out;
    }
    if (type === "integer" || type === "number") return schema.minimum > 0 ? schema.minimum : 0;
    if (type === "boolean") return true;
    const byFormat = { uuid: "0197a7a0-4c1e-7c55-9a53-0d6f6a5c1b2e", "date-time": "2026-01-31T09:30:00.000Z", email: "ada@example.org" };
    return byFormat[schema.format] || SAMPLES[name] || (schema.pattern && !new RegExp(schema.pattern).test("text") ? "0".repeat(32) : "text");
  }

  /** The body that a request needs at least. */
  smallestBody(value) {
    const schema = this.bare(value);
    const out = {};
    for (const name of schema.required || []) out[name] = this.example(schema.properties[name], 0, name);
    return out;
  }

  curl(operation) {
    const lines = [`curl ${location.origin}${this.examplePath(operation)}`];
    if (operation.method !== "get") lines[0] = lines[0].replace("curl ", `curl -X ${operation.method.toUpperCase()} `);
    if (!operation.security || operation.security.length) lines.push(`-H "Authorization: Bearer $CODI_TOKEN"`);
    const body = operation.requestBody && operation.requestBody.content["application/json"];
    if (body) {
      lines.push(`-H "Content-Type: application/json"`);
      lines.push(`-d '${JSON.stringify(this.smallestBody(body.schema)).replaceAll("'", "'\\''")}'`);
    }
    return lines.join(" \\\n  ");
  }

  examplePath(operation) {
    return operation.path.replace(/\{([^}]+)\}/g, (_, name) => `$${name.toUpperCase()}`);
  }
}

/** Draws a Reference. */
class Page {
  constructor(reference) {
    this.reference = reference;
  }

  draw() {
    const { spec } = this.reference;
    document.getElementById("version").textContent = spec.info.version;
    const main = document.getElementById("main");
    const intro = el("section", { id: "top" }, el("h1", {}, `${spec.info.title} HTTP API`),
      spec.info.description.split("\n\n").map((text) => el("p", {}, prose(text))));
    main.replaceChildren(intro, ...spec.tags.map((tag) => this.area(tag)), this.schemas(),
      el("p", { id: "nothing", class: "none", hidden: true }, "Nothing here matches."));
    document.getElementById("sidebar").replaceChildren(...spec.tags.map((tag) => this.areaLinks(tag)));
  }

  of(tag) {
    return this.reference.operations.filter((operation) => operation.tags[0] === tag.name);
  }

  areaLinks(tag) {
    return el("div", { "data-area": tag.name },
      el("h2", {}, el("a", { href: `#area-${tag.name}` }, tag.name)),
      el("ul", {}, this.of(tag).map((operation) => el("li", { "data-operation": operation.operationId },
        el("a", { href: `#${operation.operationId}` },
          el("span", { class: `method ${operation.method}` }, operation.method.toUpperCase()), operation.summary)))));
  }

  area(tag) {
    return el("section", { id: `area-${tag.name}`, "data-area": tag.name }, el("h2", {}, tag.name),
      el("p", { class: "lead" }, prose(tag.description)), this.of(tag).map((operation) => this.operation(operation)));
  }

  operation(operation) {
    const details = el("details", { class: "operation", id: operation.operationId, "data-operation": operation.operationId },
      el("summary", {}, el("span", { class: `method ${operation.method}` }, operation.method.toUpperCase()),
        this.path(operation.path), el("span", { class: "what" }, operation.summary)));
    // Drawn when first opened: most of the page is never looked at.
    details.addEventListener("toggle", () => {
      if (details.open && details.children.length === 1) details.append(this.inside(operation));
    });
    return details;
  }

  path(path) {
    const parts = path.split(/(\{[^}]+\})/);
    return el("span", { class: "path" }, parts.map((part) => (part.startsWith("{") ? el("b", {}, part) : part)));
  }

  inside(operation) {
    const body = operation.requestBody && operation.requestBody.content["application/json"];
    return el("div", { class: "inside" }, el("p", {}, prose(operation.description)), this.chips(operation),
      this.parameters(operation),
      body ? [el("h3", {}, operation.requestBody.required ? "Body" : "Body (optional)"), this.fields(body.schema, 0, true)] : null,
      el("h3", {}, "Answers"), this.answers(operation),
      el("h3", {}, "Example"), this.sample(this.reference.curl(operation)));
  }

  chips(operation) {
    const open = operation.security && !operation.security.length;
    const chips = [open ? "no credential needed" : "bearer token"];
    if (operation["x-permission"]) chips.push(`permission ${operation["x-permission"]}`);
    if (operation["x-cli"]) chips.push(operation["x-cli"]);
    chips.push(operation.operationId);
    return el("ul", { class: "chips" }, chips.map((text) => el("li", {}, text)));
  }

  parameters(operation) {
    const list = (operation.parameters || []).map((parameter) => this.reference.resolve(parameter));
    if (!list.length) return null;
    const row = (parameter) => el("tr", {},
      el("td", {}, el("code", {}, parameter.name), parameter.required ? el("span", { class: "required" }, "required") : null),
      el("td", {}, parameter.in), el("td", {}, this.reference.typeName(parameter.schema)),
      el("td", {}, prose(parameter.description), this.limitsText(parameter.schema)));
    return [el("h3", {}, "Parameters"), el("table", {},
      el("thead", {}, el("tr", {}, ["Name", "In", "Type", "Meaning"].map((text) => el("th", {}, text)))),
      el("tbody", {}, list.map(row)))];
  }

  limitsText(schema) {
    const limits = this.reference.limits(schema);
    return limits ? el("span", { class: "type" }, `(${limits})`) : null;
  }

  /** The members of an object, one below the other; `sent` says whether a caller must know which are required. */
  fields(value, depth, sent = false) {
    const schema = this.reference.bare(value);
    if (schema.items) return this.fields(schema.items, depth, sent);
    const properties = Object.entries(schema.properties || {});
    if (!properties.length) return el("p", { class: "none" }, this.reference.typeName(value));
    const required = schema.required || [];
    return el("div", {}, properties.map(([name, property]) => el("div", { class: "field" },
      el("span", { class: "name" }, name), el("span", { class: "type" }, this.reference.typeName(property)),
      sent && required.includes(name) ? el("span", { class: "required" }, "required") : null,
      el("p", { class: "doc" }, prose(this.reference.resolve(property).description || property.description), this.limitsText(property)),
      this.nested(property, depth, sent))));
  }

  nested(property, depth, sent) {
    let schema = this.reference.bare(property);
    while (schema.items) schema = this.reference.bare(schema.items);
    schema = (schema.oneOf || []).map((each) => this.reference.bare(each)).find((each) => each.properties) || schema;
    if (!schema.properties || depth > DEPTH_MAX) return null;
    const details = el("details", { class: "nested" }, el("summary", {}, `fields of ${schema.refName || "it"}`));
    details.addEventListener("toggle", () => {
      if (details.open && details.children.length === 1) details.append(this.fields(schema, depth + 1, sent));
    });
    return details;
  }

  answers(operation) {
    const refusals = [];
    const out = Object.entries(operation.responses).map(([status, value]) => {
      const answer = this.reference.resolve(value);
      const content = Object.entries(answer.content || {})[0];
      const good = status < "400";
      const row = el("div", { class: "answer" }, el("span", { class: `status ${good ? "ok" : "bad"}` }, status), " ", prose(answer.description));
      if (!good) {
        refusals.push(row);
        return null;
      }
      if (content) row.append(this.fields(content[1].schema, 0));
      return row;
    });
    if (refusals.length) out.push(el("details", { class: "nested" }, el("summary", {}, `${refusals.length} kinds of refusal, as problem documents`), refusals));
    return el("div", {}, out);
  }

  sample(text) {
    const button = el("button", { type: "button" }, "Copy");
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(text);
      button.textContent = "Copied";
      setTimeout(() => { button.textContent = "Copy"; }, 1500);
    });
    return el("div", { class: "sample" }, navigator.clipboard ? button : null, el("pre", {}, text));
  }

  schemas() {
    const entries = Object.entries(this.reference.spec.components.schemas);
    return el("section", { id: "schemas" }, el("h2", {}, "schemas"), el("p", { class: "lead" }, "The shapes that bodies and answers are made of."),
      entries.map(([name, schema]) => {
        const details = el("details", { class: "operation", id: `schema-${name}`, "data-schema": name }, el("summary", {}, el("span", { class: "path" }, name)));
        details.addEventListener("toggle", () => {
          if (details.open && details.children.length === 1) details.append(el("div", { class: "inside" }, this.fields(schema, 0)));
        });
        return details;
      }));
  }

  /** Shows what contains every word of `text`. */
  search(text) {
    const words = text.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const operation of this.reference.operations) {
      const fields = JSON.stringify([operation.parameters, operation.requestBody && this.reference.resolve(operation.requestBody.content["application/json"].schema).properties]);
      const all = [operation.path, operation.method, operation.operationId, operation.summary, operation.description, operation["x-cli"], fields].join(" ").toLowerCase();
      const hit = words.every((word) => all.includes(word));
      shown += hit ? 1 : 0;
      for (const node of document.querySelectorAll(`[data-operation="${operation.operationId}"]`)) node.hidden = !hit;
    }
    for (const area of document.querySelectorAll("[data-area]")) area.hidden = !area.querySelector("[data-operation]:not([hidden])");
    for (const schema of document.querySelectorAll("[data-schema]")) schema.hidden = !words.every((word) => schema.dataset.schema.toLowerCase().includes(word));
    const schemas = document.getElementById("schemas");
    schemas.hidden = !schemas.querySelector("[data-schema]:not([hidden])");
    document.getElementById("top").hidden = words.length > 0;
    document.getElementById("nothing").hidden = shown > 0 || !schemas.hidden;
  }
}

function openTarget() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!target) return;
  if (target.tagName === "DETAILS") target.open = true;
  target.scrollIntoView();
  for (const link of document.querySelectorAll("#sidebar a.here")) link.classList.remove("here");
  const link = document.querySelector(`#sidebar a[href="${CSS.escape ? `#${CSS.escape(target.id)}` : location.hash}"]`);
  if (link) link.classList.add("here");
  document.getElementById("sidebar").classList.remove("open");
}

function wire(page) {
  const search = document.getElementById("search");
  search.addEventListener("input", () => page.search(search.value));
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && document.activeElement !== search) {
      event.preventDefault();
      search.focus();
    }
    if (event.key === "Escape" && document.activeElement === search) {
      search.value = "";
      page.search("");
    }
  });
  document.getElementById("menu").addEventListener("click", (event) => {
    const open = document.getElementById("sidebar").classList.toggle("open");
    event.currentTarget.setAttribute("aria-expanded", String(open));
  });
  window.addEventListener("hashchange", openTarget);
}

function wireTheme() {
  const root = document.documentElement;
  const saved = localStorage.getItem("codi-theme");
  if (saved) root.dataset.theme = saved;
  document.getElementById("theme").addEventListener("click", () => {
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
    localStorage.setItem("codi-theme", root.dataset.theme);
  });
}

async function start() {
  wireTheme();
  try {
    const answer = await fetch("/openapi.json");
    if (!answer.ok) throw new Error(`status ${answer.status}`);
    const page = new Page(new Reference(await answer.json()));
    page.draw();
    wire(page);
    openTarget();
  } catch (error) {
    document.getElementById("state").textContent = `The description of the server can't be read: ${error.message}`;
  }
}

start();
