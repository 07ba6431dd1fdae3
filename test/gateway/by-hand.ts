/** Requests to the gateway that no client would send. */

import { once } from "node:events";
import { connect } from "node:net";
import type { GatewayUnderTest } from "./started.ts";

/** It has the form of a token, which is all that the gateway looks at. */
export const FORM_OF_A_TOKEN = { authorization: "Bearer a.b.YQ" };

/** All that is answered to a request by hand, up to the end of the connection. */
export async function answerTo({ url }: GatewayUnderTest, request: string): Promise<string> {
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  socket.write(request);
  let text = "";
  socket.on("data", (piece) => (text += String(piece)));
  await once(socket, "close");
  return text;
}
