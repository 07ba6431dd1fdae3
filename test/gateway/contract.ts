/** The contract of transcoding.proto, compiled as that of the gateway is: `buf build`, with comments and imports. */

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { type Contract, contractOf } from "../../services/gateway/contract/contract.ts";

const project = resolve(import.meta.dirname, "../..");

export function transcodingContract(): Contract {
  const workspace = z.object({ modules: z.array(z.object({ path: z.string() }).loose()) });
  const { modules } = workspace.parse(parse(readFileSync(join(project, "buf.yaml"), "utf8")));
  const google = modules.filter(({ path }) => path.endsWith("google-proto-files"));
  const config = JSON.stringify({ version: "v2", modules: [{ path: "test/gateway" }, ...google] });
  const set = execFileSync(
    join(project, "node_modules/.bin/buf"),
    ["build", "--config", config, "--path", "test/gateway/transcoding.proto", "--as-file-descriptor-set", "-o", "-"],
    { cwd: project },
  );
  return contractOf(set);
}
