import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import formats from "ajv-formats";

interface Reference {
  $ref: string;
}
export interface Schema {
  $ref?: string;
  type?: string | string[];
  enum?: unknown[];
  format?: string;
  pattern?: string;
  minimum?: number;
  minLength?: number;
  items?: Schema;
  properties?: Record<string, Schema>;
  required?: string[];
  oneOf?: Schema[];
  anyOf?: Schema[];
}
interface Content {
  schema: Schema;
}
export interface Parameter {
  name: string;
  in: "path" | "query" | "header";
  required?: boolean;
  schema: Schema;
}
interface Answer {
  content?: Record<string, Content>;
}
interface OperationObject {
  operationId: string;
  security?: Record<string, unknown>[];
  parameters?: (Parameter | Reference)[];
  requestBody?: { content: Record<string, Content> };
  responses: Record<string, Answer | Reference>;
}
interface OpenApi {
  paths: Record<string, Record<string, OperationObject>>;
}

/** An operation as the document tells it. */
export interface Operation {
  id: string;
  method: string;
  path: string;
  /** Whether it needs no credential. */
  open: boolean;
  /** Whether it is for an operator token, which belongs to no tenant. */
  operator: boolean;
  parameters: Parameter[];
  body: Schema | undefined;
  responses: Record<string, Answer>;
}

/** The server's own description of itself, and answers judged by it. */
export class Document {
  readonly operations: Operation[];
  private readonly root: OpenApi;
  private readonly ajv: Ajv2020;
  private readonly compiled = new Map<string, ValidateFunction>();

  constructor(root: unknown) {
    this.root = root as OpenApi;
    this.ajv = new Ajv2020({ strict: false, allErrors: true, validateSchema: false });
    formats.default(this.ajv);
    this.ajv.addFormat("int64", { type: "number", validate: Number.isSafeInteger });
    // RFC 5321 lets a domain have one label (owner@localhost), ajv-formats does not.
    this.ajv.addFormat("email", /^[^@\s]+@[^@\s]+$/);
    this.ajv.addSchema(root as object, "openapi");
    this.operations = Object.entries(this.root.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => this.readOperation(path, method, operation)),
    );
  }

  static async of(url: string): Promise<Document> {
    const response = await fetch(`${url}/openapi.json`);
    return new Document(await response.json());
  }

  /** What is wrong with this answer by the document; empty when nothing is. */
  problemsOf(method: string, path: string, status: number, mediaType: string, text: string): string[] {
    const operation = this.operations.find((one) => one.path === path && one.method === method.toLowerCase());
    if (!operation) return [`${method} ${path} is not in the document`];
    const answer = operation.responses[String(status)] ?? operation.responses[`${Math.floor(status / 100)}XX`];
    if (!answer) return [`${operation.id} must not answer ${status}: ${text}`];
    const where = `${operation.id} ${status}`;
    if (!answer.content) return text === "" ? [] : [`${where} must have no body`];
    const content = answer.content[mediaType];
    if (!content) return [`${where} must not be ${mediaType}`];
    if (!mediaType.endsWith("json")) return [];
    return this.judge(content.schema, JSON.parse(text)).map((problem) => `${where}: ${problem}`);
  }

  /** Follows a reference within the document. */
  resolve<T extends object>(value: T | Reference): T {
    if (!("$ref" in value)) return value;
    const steps = value.$ref.replace(/^#\//, "").split("/");
    let found: unknown = this.root;
    for (const step of steps)
      found = (found as Record<string, unknown>)[step.replaceAll("~1", "/").replaceAll("~0", "~")];
    return found as T;
  }

  private readOperation(path: string, method: string, operation: OperationObject): Operation {
    return {
      id: operation.operationId,
      method,
      path,
      open: operation.security?.length === 0,
      operator: operation.security?.some((scheme) => "operator" in scheme) ?? false,
      parameters: (operation.parameters ?? []).map((parameter) => this.resolve<Parameter>(parameter)),
      body: operation.requestBody?.content["application/json"]?.schema,
      responses: Object.fromEntries(
        Object.entries(operation.responses).map(([status, answer]) => [status, this.resolve<Answer>(answer)]),
      ),
    };
  }

  private judge(schema: Schema, value: unknown): string[] {
    const key = JSON.stringify(schema);
    const absolute = JSON.parse(key.replaceAll('"$ref":"#/', '"$ref":"openapi#/')) as object;
    const validate = this.compiled.get(key) ?? this.ajv.compile(absolute);
    this.compiled.set(key, validate);
    if (validate(value)) return [];
    return (validate.errors ?? []).map(
      (error) => `${error.instancePath} ${error.message ?? ""} ${JSON.stringify(error.params)}`,
    );
  }
}
