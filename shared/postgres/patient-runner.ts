/** MikroORM's runner of one migration, which does not keep callers waiting while the migration waits for a table. */

import { setTimeout as pause } from "node:timers/promises";
import type { Transaction } from "@mikro-orm/core";
import { type Migration, MigrationRunner } from "@mikro-orm/migrations";
import { isTransient } from "./sqlstate.ts";

/** When a migration gives up a table that others use, and how often it asks for it again. All in milliseconds. */
export interface TablePatience {
  /** How long one statement waits, and with it everybody who comes after it, readers too. */
  readonly waitMs: number;
  /** How long it waits later on. */
  readonly longWaitMs: number;
  /** From when on it waits that long. */
  readonly longWaitAfterMs: number;
  /** How long callers have the table to themselves between two attempts. */
  readonly pauseMs: number;
  /** When the migration fails. */
  readonly giveUpMs: number;
}

/**
 * A statement such as `alter table` waits for every transaction that uses the table, and PostgreSQL lets nobody pass who comes
 * later: behind a long report, all callers would wait. So a statement gives up sooner than a service that waits for a lock
 * (HOST_LOCK_WAIT_MS), and the migration begins anew. PostgreSQL sends its own vacuum away only for who has waited longer than
 * `deadlock_timeout`, a second: after half a minute callers are refused now and then (BUSY) so that this comes to pass.
 */
export const TABLE_PATIENCE: TablePatience = {
  waitMs: 300,
  longWaitMs: 1500,
  longWaitAfterMs: 30_000,
  pauseMs: 1000,
  giveUpMs: 600_000,
};

type RunnerArguments = ConstructorParameters<typeof MigrationRunner>;
type AfterRun = (transaction?: Transaction) => Promise<void>;

export class PatientRunner extends MigrationRunner {
  readonly #patience: TablePatience;

  constructor(patience: TablePatience, ...given: RunnerArguments) {
    super(...given);
    this.#patience = patience;
  }

  /**
   * A migration that is not in a transaction is one that blocks nobody (`create index concurrently`), and would leave half an
   * index where it gave up: it waits as long as it takes.
   */
  override async run(migration: Migration, method: "up" | "down", afterRun?: AfterRun): Promise<void> {
    const run = async (): Promise<void> => super.run(migration, method, afterRun);
    if (!migration.isTransactional()) {
      await run();
      return;
    }
    await tryAgain(this.#patience, async (waitMs) => {
      await this.driver.getConnection().transactional(async (transaction) => {
        await this.driver.execute(`set local lock_timeout = ${waitMs}`, [], "run", transaction);
        this.setMasterMigration(transaction);
        await run().finally(() => this.unsetMasterMigration());
      });
    });
  }
}

/** Attempts again what was rolled back because it waited too long. Rejects with the last reason when there is no more time. */
async function tryAgain(patience: TablePatience, attempt: (waitMs: number) => Promise<void>): Promise<void> {
  const begun = performance.now();
  for (;;) {
    const lateMs = performance.now() - begun;
    try {
      await attempt(lateMs < patience.longWaitAfterMs ? patience.waitMs : patience.longWaitMs);
      return;
    } catch (error) {
      if (!isTransient(error) || lateMs > patience.giveUpMs) throw error;
    }
    await pause(patience.pauseMs);
  }
}
