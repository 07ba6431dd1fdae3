/**
 * `npm run token -- --role HOST --sub <id> [--audience booking] [--minutes 60]`: prints a token that the pair of `npm start`
 * accepts. `--role SERVICE --sub booking` makes one of a service.
 */

import { join } from "node:path";
import { parseArgs } from "node:util";
import { z } from "zod";
import { personRoles } from "../../../shared/auth/identity.ts";
import { serviceNames } from "../../ops/services.ts";
import { readDevConfig } from "../config.ts";
import { provideKeys } from "../keys.ts";

const roles = [...personRoles, "SERVICE"] as const;
const order = z
  .object({
    role: z.enum(roles, `--role must be one of ${roles.join(", ")}`),
    sub: z.string("--sub is required: a user's id, or whatever an ADMIN is called"),
    audience: z.enum(serviceNames, `--audience must be one of ${serviceNames.join(", ")}`).optional(),
    minutes: z.coerce.number().positive("--minutes must be a number greater than 0").default(60),
  })
  .refine(({ role, sub }) => role !== "SERVICE" || serviceNames.some((name) => name === sub), {
    error: `--sub must be one of ${serviceNames.join(", ")} for the role SERVICE`,
  });

try {
  const options = { role: text(), sub: text(), audience: text(), minutes: text() };
  const { values } = parseArgs({ options });
  const { role, sub, audience, minutes } = order.parse(values);
  const keys = await provideKeys(join(readDevConfig(process.env).DEV_FOLDER, "keys"));
  const token = await keys.sign({ role, subject: sub, audience, lifetimeSeconds: Math.ceil(minutes * 60) });
  process.stdout.write(`${token}\n`);
} catch (error) {
  const wrong = error instanceof z.ZodError ? error.issues.map(({ message }) => message).join("; ") : String(error);
  process.stderr.write(`npm run token: ${wrong}\n`);
  process.exitCode = 1;
}

function text(): { readonly type: "string" } {
  return { type: "string" };
}
