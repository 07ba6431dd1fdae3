/** A pooler that shares its sessions is found out by a single statement that another session answers, whichever of them that is. */

import { once } from "node:events";
import { type AddressInfo, createServer, type Server } from "node:net";
import { afterEach, expect, test } from "vitest";
import { assertOwnSessions } from "../../shared/postgres/session.ts";
import { message, messagesIn } from "../support/postgres-messages.ts";

let pooler: Server;
afterEach(async () => {
  pooler.close();
  await once(pooler, "close");
});

/**
 * Gives each connection a session of its own, whenever it has none; but once, the `strange`th time, another one. A transaction
 * keeps its session. On a busy pooler, such a moment may be the only one at which strangers have changed the order.
 */
async function startPooler(strange: number): Promise<string> {
  let handouts = 0;
  let connections = 0;
  pooler = createServer((socket) => {
    const own = ++connections;
    let kept: number | undefined;
    const answer = (text: string): Buffer => {
      const session = kept ?? (handouts++ === strange ? 3 : own);
      if (text === "begin") kept = session;
      if (text === "rollback") kept = undefined;
      if (!text.startsWith("select")) return message("C", `${text}\0`);
      return Buffer.concat([PID, row(String(session)), message("C", "SELECT 1\0")]);
    };
    // The first packet, in which the client says who it is, has no letter.
    socket.once("data", () => {
      socket.write(Buffer.concat([message("R", Buffer.alloc(4)), READY]));
      socket.on("data", (bytes) => {
        for (const said of messagesIn(bytes as Buffer)) {
          if (said[0] === QUERY)
            socket.write(Buffer.concat([answer(said.toString("utf8", 5, said.length - 1)), READY]));
          else socket.end();
        }
      });
    });
  });
  pooler.listen(0, "127.0.0.1");
  await once(pooler, "listening");
  return `postgres://anybody@127.0.0.1:${(pooler.address() as AddressInfo).port}/any`;
}

const QUERY = "Q".codePointAt(0);
const READY = message("Z", "I");
/** One column, `pid`, of the type int4. */
const PID = message("T", Buffer.from("000170696400000000000000000000170004ffffffff0000", "hex"));

function row(text: string): Buffer {
  return message("D", Buffer.concat([Buffer.from([0, 1, 0, 0, 0, text.length]), Buffer.from(text)]));
}

/** Two before the first of five rounds, and in each: two transactions, and a question before, between and behind them. */
const MOMENTS = 2 + 5 * (2 + 3);

test.each(Array.from({ length: MOMENTS }, (_, moment) => moment))("at moment %i", async (moment) => {
  const connectionString = await startPooler(moment);
  await expect(assertOwnSessions({ connectionString })).rejects.toThrow("a pooler in front of the database shares");
});

test("one that keeps its sessions apart throughout is taken for PostgreSQL itself", async () => {
  const connectionString = await startPooler(MOMENTS);
  await expect(assertOwnSessions({ connectionString })).resolves.toBeUndefined();
});
