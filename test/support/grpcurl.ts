/** The commands of grpcurl that pages show. Where that program is not installed, buf stands in for it. */

import { execFileSync } from "node:child_process";
import { createRegistry, fromBinary, toJson } from "@bufbuild/protobuf";
import { base64Decode } from "@bufbuild/protobuf/wire";
import { file_google_rpc_error_details } from "../../shared/gen/google/rpc/error_details_pb.ts";

const isInstalled = ((): boolean => {
  try {
    execFileSync("grpcurl", ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
})();

if (!isInstalled) {
  process.stderr.write("\n*** No grpcurl here: buf curl runs its commands of README.md and docs/api.md. ***\n\n");
}

/** The command as this machine can run it: buf understands the same address, header and body, and prints the same JSON. */
export function grpcurlOrBuf(command: string): string {
  if (isInstalled) return command;
  const buf = "npx buf curl --protocol grpc --http2-prior-knowledge";
  return command
    .replace(/^grpcurl -plaintext (\S+) list$/, `${buf} --list-services http://$1`)
    .replace(/^grpcurl -plaintext -max-time (\d+) /, "timeout $1 grpcurl -plaintext ")
    .replace(/^((?:timeout \d+ )?)grpcurl -plaintext (.*)-d @ (\S+) (\S+)/, `$1${buf} $2-d @- http://$3/$4`);
}

/** What a refusal says, by whichever of the two: they write it differently, and both write all of it. */
export function refusalIn(answer: string): unknown {
  if (!answer.startsWith("{")) return refusalOfGrpcurl(answer);
  const { code, message, details = [] } = JSON.parse(answer) as BufRefusal;
  return { code, message, details: details.map(({ type, value }) => ({ type, ...fieldsOf(type, value) })) };
}

interface BufRefusal {
  readonly code: string;
  readonly message: string;
  readonly details?: readonly { readonly type: string; readonly value: string }[];
}

const detailTypes = createRegistry(file_google_rpc_error_details);

/** buf leaves the details of a gRPC status as they came: encoded, in base64. */
function fieldsOf(type: string, value: string): object {
  const desc = detailTypes.getMessage(type);
  return desc === undefined ? { value } : (toJson(desc, fromBinary(desc, base64Decode(value))) as object);
}

/** Text: a line each for the code and the message, then the details, numbered, in JSON. */
function refusalOfGrpcurl(answer: string): unknown {
  const [, code = "", message, rest = ""] = /^ERROR:\n {2}Code: (\w+)\n {2}Message: (.*)([^]*)$/.exec(answer) ?? [];
  const details = rest
    .split(/^ {2}\d+\)/m)
    .slice(1)
    .map((text) => {
      const { "@type": type, ...fields } = JSON.parse(text) as { readonly "@type": string };
      return { type: type.replace("type.googleapis.com/", ""), ...fields };
    });
  return { code: code.replaceAll(/(?<=[a-z])(?=[A-Z])/g, "_").toLowerCase(), message, details };
}
