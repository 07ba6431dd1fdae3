/** A proxy before PostgreSQL that loses a connection while COMMIT, or another statement, is on its way. */

import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { fatal, messagesIn, READY_FOR_QUERY } from "./postgres-messages.ts";

export interface CuttingProxy {
  /** The database behind it, by way of the proxy. */
  readonly url: string;
  /**
   * Cuts the connection on which the next COMMIT comes: before the server has it, or after, when it has answered. `text`:
   * only one that comes together with it.
   */
  cutNextCommit(when: "before" | "after", text?: string): void;
  /**
   * Cuts the service off when the next `text` comes from it, COMMIT if it is left out, and keeps what came: the server still
   * has its end of the connection, and gets the rest when the test delivers it.
   */
  keepNext(text?: string): Kept;
  /**
   * In the answer to the next `text`, COMMIT if it is left out, `message` (as it is on the wire; FATAL 57P01 if it is left
   * out) follows the first `after` messages, and there the connection ends, or is silent from then on. An answer that has
   * fewer messages passes whole.
   */
  breakNextAnswer(after: number, message?: Buffer, how?: { readonly text?: string; readonly silent?: boolean }): void;
  /** In the answer to the next `text`, `message` follows the first `after` messages, and then comes the rest. */
  insertIntoNextAnswer(after: number, message: Buffer, text: string): void;
  /** How many connections were cut. */
  cuts(): number;
  close(): Promise<void>;
}

/** What a service has sent, and has lost its connection before the server had it. */
export interface Kept {
  /** Resolves when it has come, and the service has been cut off. */
  readonly cut: Promise<void>;
  /** Delivers it to the server, which no longer has a client. Resolves when the server has answered it, or has gone itself. */
  deliver(): Promise<void>;
}

/** With the zero that ends a statement or its name: BEGIN speaks of "read committed". */
const COMMIT = "commit\0";

/** What becomes of the connection on which `text` comes. */
interface Plan {
  readonly text: string;
  /** `sent` is the packet with the text; nothing of it has been passed on. */
  carryOut(sent: string | Buffer, client: Socket, postgres: Socket): void;
}

/** Starts a proxy for the server of `databaseUrl`. Connections that are not cut pass unchanged. */
export async function startCuttingProxy(databaseUrl: string): Promise<CuttingProxy> {
  const { hostname, port } = new URL(databaseUrl);
  const plans: Plan[] = [];
  const sockets = new Set<Socket>();
  let cuts = 0;

  const server = createServer((client) => {
    const postgres = connect(Number(port), hostname);
    const end = (): void => {
      client.destroy();
      postgres.destroy();
    };
    for (const socket of [client, postgres]) {
      sockets.add(socket);
      socket
        .on("error", end)
        .on("close", end)
        .on("close", () => sockets.delete(socket));
    }
    postgres.on("data", (answer) => client.write(answer));
    client.on("data", (sent) => {
      const next = plans.findIndex(({ text }) => sent.includes(text));
      if (next === -1) return void postgres.write(sent);
      const [plan] = plans.splice(next, 1);
      postgres.removeAllListeners("data");
      plan?.carryOut(sent, client, postgres);
    });
  });
  await new Promise<void>((listening) => void server.listen(0, "127.0.0.1", listening));
  const url = new URL(databaseUrl);
  url.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;

  return {
    url: url.href,
    cutNextCommit(when, text = COMMIT) {
      plans.push({
        text,
        carryOut(sent, client, postgres) {
          cuts += 1;
          // It answers only when it has committed, and the answer is lost.
          if (when === "after") postgres.once("data", () => client.destroy()).write(sent);
          else client.destroy();
        },
      });
    },
    keepNext(text = COMMIT) {
      const cut = Promise.withResolvers<void>();
      let deliver = (): Promise<void> => Promise.reject(new Error("nothing has come that could be delivered"));
      plans.push({
        text,
        carryOut(sent, client, postgres) {
          cuts += 1;
          client
            .removeAllListeners("close")
            .on("close", () => sockets.delete(client))
            .destroy();
          const gone = new Promise<void>((closed) => void postgres.once("close", () => closed()));
          deliver = () => {
            postgres.once("data", () => postgres.end()).write(sent);
            return gone;
          };
          cut.resolve();
        },
      });
      return { cut: cut.promise, deliver: () => deliver() };
    },
    breakNextAnswer(
      after,
      message = fatal("57P01", "terminating connection due to administrator command"),
      { text = COMMIT, silent = false } = {},
    ) {
      plans.push({
        text,
        carryOut(sent, client, postgres) {
          onceAnswered(postgres, (messages) => {
            client.write(Buffer.concat(messages.slice(0, after)));
            if (messages.length < after) {
              postgres.on("data", (later) => client.write(later));
            } else {
              cuts += 1;
              if (silent) client.write(message);
              else client.end(message);
            }
          });
          postgres.write(sent);
        },
      });
    },
    insertIntoNextAnswer(after, message, text) {
      plans.push({
        text,
        carryOut(sent, client, postgres) {
          onceAnswered(postgres, (messages) => {
            client.write(Buffer.concat([...messages.slice(0, after), message, ...messages.slice(after)]));
          });
          postgres.write(sent);
        },
      });
    },
    cuts: () => cuts,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((closed) => void server.close(closed));
    },
  };
}

/** The messages of an answer, when it is whole. What comes behind it is for whoever listens then. */
function onceAnswered(postgres: Socket, answered: (messages: readonly Buffer[]) => void): void {
  let answer: Buffer = Buffer.alloc(0);
  postgres.on("data", (bytes) => {
    answer = Buffer.concat([answer, bytes as Buffer]);
    const messages = messagesIn(answer);
    if (messages.at(-1)?.[0] !== READY_FOR_QUERY) return;
    postgres.removeAllListeners("data");
    answered(messages);
  });
}
