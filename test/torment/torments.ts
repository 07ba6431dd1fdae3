/** Faults of a database and of the connections to it, while services change it. */

import { setTimeout as pause } from "node:timers/promises";
import { vi } from "vitest";
import type { Postgres } from "../../services/dev/postgres/start.ts";
import type { ServiceName } from "../../services/ops/services.ts";
import type { CuttingProxy } from "../support/cutting-proxy.ts";
import { startOwnPostgres } from "../support/own-postgres.ts";
import { onServer } from "../support/server.ts";
import type { Random } from "./random.ts";

/** Commits take 20 ms, so that many torments meet one under way. */
export const SLOW_COMMITS = { commit_delay: "20000", commit_siblings: "0" };

export interface Victim {
  readonly folder: string;
  postgres: Postgres;
  /** Between each service and its database. */
  readonly proxies: Readonly<Record<ServiceName, CuttingProxy>>;
  readonly random: Random;
  /** How often each torment was carried out, by its name. */
  readonly done: Map<string, number>;
  /** Resolves when callers have succeeded with a call that they began after this one. */
  readonly worksAgain: () => Promise<void>;
}

type Torment = (victim: Victim) => Promise<void>;

const LIMBO_MAX_MS = 4000;
const PATIENT = { timeout: 60_000, interval: 10 };

/** Ends a connection of a service: half of the time one that is committing. */
const terminate: Torment = async ({ postgres, random }) => {
  const wanted = random.chance(0.5) ? "query ilike 'commit%' and state = 'active'" : "true";
  const among = (condition: string): Promise<number> =>
    onServer(postgres.url("postgres"), async (client) => {
      const { rows } = await client.query<{ pid: number }>(
        `select pid from pg_stat_activity
         where application_name ~ '^(slotwright-|booking-)' and ${condition} order by pid`,
      );
      if (rows.length === 0) return 0;
      const { rowCount } = await client.query("select pg_terminate_backend($1)", [random.pick(rows).pid]);
      return rowCount ?? 0;
    });
  await vi.waitUntil(async () => (await among(wanted)) > 0, PATIENT);
};

/** "fast" tells each connection why it ends; "immediate" tells nothing and writes no checkpoint. */
function restart(how: "fast" | "immediate"): Torment {
  return async (victim) => {
    const { postgres, folder } = victim;
    if (how === "fast") {
      await postgres.stop();
    } else {
      process.kill(postgres.pid, "SIGQUIT");
      await postgres.ended;
    }
    victim.postgres = await startOwnPostgres({ folder, port: postgres.port, temporary: false, settings: SLOW_COMMITS });
  };
}

/** Cuts one connection of either service. `plan` tells the proxy when, and may return what follows. */
function cut(plan: (proxy: CuttingProxy, random: Random) => void | (() => Promise<void>)): Torment {
  return async ({ proxies, random }) => {
    const proxy = random.chance(0.7) ? proxies.booking : proxies.availability;
    const cuts = proxy.cuts();
    const after = plan(proxy, random);
    await vi.waitUntil(() => proxy.cuts() > cuts, PATIENT);
    await after?.();
  };
}

/**
 * Cuts a connection at its next `text`, COMMIT if that is left out. The server gets the text up to LIMBO_MAX_MS later.
 */
function limbo(text?: string): Torment {
  return cut((proxy, random) => {
    const kept = proxy.keepNext(text);
    return async () => {
      await kept.cut;
      await pause(random.below(LIMBO_MAX_MS));
      await kept.deliver();
    };
  });
}

/** The answer to COMMIT alone has two messages; the answer to a batch with its COMMIT has a few more. */
const ANSWER_MESSAGES_MAX = 12;

export const torments: Readonly<Record<string, Torment>> = {
  terminate,
  "restart fast": restart("fast"),
  "restart immediate": restart("immediate"),
  "cut before COMMIT": cut((proxy) => proxy.cutNextCommit("before")),
  "cut after COMMIT": cut((proxy) => proxy.cutNextCommit("after")),
  "COMMIT in limbo": limbo(),
  "anything in limbo": limbo(""),
  "cut in the answer to COMMIT": async (victim) => {
    // An answer with fewer messages passes whole: nothing is cut then.
    victim.proxies.booking.breakNextAnswer(victim.random.below(ANSWER_MESSAGES_MAX));
    await victim.worksAgain();
  },
};

/**
 * One round, in any order: ten ended connections, and one of each other torment; "restart immediate" in odd rounds
 * only.
 */
export async function tormentOnce(victim: Victim, round: number): Promise<void> {
  const names = Object.keys(torments).filter((name) => name !== "restart immediate" || round % 2 === 1);
  for (const name of victim.random.shuffled([...names, ...Array.from({ length: 9 }, () => "terminate")])) {
    await torments[name]!(victim);
    victim.done.set(name, (victim.done.get(name) ?? 0) + 1);
    await victim.worksAgain();
  }
}
