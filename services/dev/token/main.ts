/** `npm run token`: prints a token that the pair of `npm start` accepts. `--help` says how. */

import { join } from "node:path";
import { parseArgs } from "node:util";
import { z } from "zod";
import { personRoles } from "../../../shared/auth/identity.ts";
import { serviceNames } from "../../ops/services.ts";
import { readDevConfig } from "../config.ts";
import { provideKeys } from "../keys.ts";

const roles = [...personRoles, "SERVICE"] as const;

const HELP = `Prints a token that the pair of npm start accepts.

  npm run --silent token -- --role USER --sub sample-guest

  --role      ${roles.join(", ")}
  --sub       whom it names: of a HOST or USER its id or external id, of an ADMIN any name,
              with --role SERVICE the service that calls: ${serviceNames.join(" or ")}
  --audience  the service that it is for, ${serviceNames.join(" or ")}; left out: both, with --role SERVICE the other one
  --minutes   how long it is good; left out: 60
  --help      prints this

npm start has made tokens of sample-host, sample-guest and an administrator: see host.token, guest.token and admin.token
in .dev. Whom a token names, and why one is refused, is in docs/identity.md.
`;

const order = z
  .object({
    role: z.enum(roles, `--role must be one of ${roles.join(", ")}`),
    sub: z.string("--sub is required: a user's id or external id, or whatever an ADMIN is called"),
    audience: z.enum(serviceNames, `--audience must be one of ${serviceNames.join(", ")}`).optional(),
    minutes: z.coerce.number().positive("--minutes must be a number greater than 0").default(60),
  })
  .refine(({ role, sub }) => role !== "SERVICE" || serviceNames.some((name) => name === sub), {
    error: `--sub must be one of ${serviceNames.join(", ")} for the role SERVICE`,
  });

try {
  const options = { role: text(), sub: text(), audience: text(), minutes: text(), help: { type: "boolean" } } as const;
  const { help, ...asked } = parseArgs({ options }).values;
  process.stdout.write(help === true ? HELP : `${await tokenFor(asked)}\n`);
} catch (error) {
  const wrong = error instanceof z.ZodError ? error.issues.map(({ message }) => message).join("; ") : String(error);
  process.stderr.write(`npm run token: ${wrong}; --help says more\n`);
  process.exitCode = 1;
}

async function tokenFor(asked: unknown): Promise<string> {
  const { role, sub, audience, minutes } = order.parse(asked);
  const keys = await provideKeys(join(readDevConfig(process.env).DEV_FOLDER, "keys"));
  return keys.sign({ role, subject: sub, audience, lifetimeSeconds: Math.ceil(minutes * 60) });
}

function text(): { readonly type: "string" } {
  return { type: "string" };
}
