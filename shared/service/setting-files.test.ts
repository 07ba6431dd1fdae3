import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { readConfig } from "./config.ts";
import { variables } from "./variables.ts";

const URL_OF_DATABASE = "postgres://app:secret@127.0.0.1/booking";
const schema = z.object({ BOOKING_DATABASE_URL: variables.DATABASE_URL, LISTEN_HOST: variables.LISTEN_HOST });

describe("a setting that is secret", () => {
  let folder: string;
  const file = (content: string): string => {
    const path = join(folder, "url");
    writeFileSync(path, content);
    return path;
  };

  beforeAll(() => (folder = mkdtempSync(join(tmpdir(), "slotwright-settings-"))));
  afterAll(() => rmSync(folder, { recursive: true }));

  test.each(["", "\n", "\r\n"])("is read from the file that its name with _FILE says, without %j at the end", (end) => {
    const { BOOKING_DATABASE_URL: url } = readConfig(schema, {
      BOOKING_DATABASE_URL_FILE: file(URL_OF_DATABASE + end),
    });
    expect(url).toBe(URL_OF_DATABASE);
  });

  test("is not taken from two places", () => {
    const both = { BOOKING_DATABASE_URL: URL_OF_DATABASE, BOOKING_DATABASE_URL_FILE: file(URL_OF_DATABASE) };
    expect(() => readConfig(schema, both)).toThrow(
      "wrong settings: BOOKING_DATABASE_URL and BOOKING_DATABASE_URL_FILE must not both be set",
    );
  });

  test("without its file is named in one line, beside what else is wrong", () => {
    const wrong = { BOOKING_DATABASE_URL_FILE: join(folder, "none") };
    expect(() => readConfig(schema.extend({ GRPC_PORT: variables.GRPC_PORT }), wrong)).toThrow(
      "wrong settings: BOOKING_DATABASE_URL_FILE must be a file that can be read: there is no such file; GRPC_PORT is required",
    );
    expect(() => readConfig(schema, { BOOKING_DATABASE_URL_FILE: folder })).toThrow(
      "wrong settings: BOOKING_DATABASE_URL_FILE must be a file that can be read: it is a folder",
    );
  });

  test("follows the rules of the setting, and is not repeated", () => {
    for (const content of ["", "secret"]) {
      expect(() => readConfig(schema, { BOOKING_DATABASE_URL_FILE: file(content) })).toThrow(
        /^wrong settings: BOOKING_DATABASE_URL must be a postgres:\/\/ URL$/,
      );
    }
  });

  test("is the only kind that may lie in a file", () => {
    const { LISTEN_HOST: host } = readConfig(schema, {
      BOOKING_DATABASE_URL: URL_OF_DATABASE,
      LISTEN_HOST_FILE: file("::1"),
    });
    expect(host).toBe("127.0.0.1");
  });
});
