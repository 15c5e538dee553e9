// Our tuple encoding against an implementation that we did not write.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { pack, type TupleItem, unpack } from "fdb-tuple";
import { sourceFolder } from "../support/machine.ts";

type Element =
  | { type: "null" }
  | { type: "bytes"; hex: string }
  | { type: "string"; text: string }
  | { type: "tuple"; items: Element[] }
  | { type: "integer"; decimal: string }
  | { type: "big"; negative: boolean; hex: string }
  | { type: "float" | "double"; bits: string }
  | { type: "boolean"; value: boolean }
  | { type: "uuid"; text: string }
  | { type: "versionstamp"; commit: string; order: number };

interface Vector {
  name: string;
  elements: Element[];
  hex: string;
}

function integer(value: bigint): number | bigint {
  const small = value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER);
  return small ? Number(value) : value;
}

function toTheirs(element: Element): TupleItem {
  switch (element.type) {
    case "null":
      return null;
    case "bytes":
      return Buffer.from(element.hex, "hex");
    case "string":
      return element.text;
    case "tuple":
      return element.items.map(toTheirs);
    case "integer":
      return integer(BigInt(element.decimal));
    case "big":
      return BigInt(`0x${element.hex}`) * (element.negative ? -1n : 1n);
    case "float":
      return { type: "float", value: Buffer.from(element.bits, "hex").readFloatBE() };
    case "double":
      return { type: "double", value: Buffer.from(element.bits, "hex").readDoubleBE() };
    case "boolean":
      return element.value;
    case "uuid":
      return { type: "uuid", value: Buffer.from(element.text.replaceAll("-", ""), "hex") };
    case "versionstamp": {
      const order = Buffer.alloc(2);
      order.writeUInt16BE(element.order);
      return { type: "versionstamp", value: Buffer.concat([Buffer.from(element.commit, "hex"), order]) };
    }
  }
}

/** It notes the bytes of a number beside its value. */
function withoutRaw(item: TupleItem): TupleItem {
  if (item === null || typeof item !== "object" || !("rawEncoding" in item)) return item;
  return { type: item.type, value: item.value };
}

const vectors = JSON.parse(readFileSync(join(sourceFolder, "tests/golden/tuple_vectors.json"), "utf8")) as Vector[];

for (const { name, elements, hex } of vectors) {
  void test(`fdb-tuple agrees on ${name}`, () => {
    const theirs = elements.map(toTheirs);
    assert.equal(pack(theirs).toString("hex"), hex);
    assert.deepEqual(unpack(Buffer.from(hex, "hex"), true).map(withoutRaw), theirs);
  });
}

void test("there are vectors of every type", () => {
  const types = new Set<string>();
  const note = (element: Element): void => {
    types.add(element.type);
    if (element.type === "tuple") element.items.forEach(note);
  };
  for (const vector of vectors) vector.elements.forEach(note);
  assert.equal(types.size, 11);
});
