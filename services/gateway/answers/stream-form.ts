/** Server streams over HTTP: a line of JSON for each message, or server-sent events for those who ask for them. */

import { type DescMessage, type JsonObject, type Message, type Registry, toJson } from "@bufbuild/protobuf";
import type { StatusError } from "../../../shared/status-error.ts";
import { statusJson } from "./failure.ts";

export interface StreamForm {
  readonly contentType: string;
  /** The text of a message. `isFirst`: nothing was sent before it. */
  message(message: Message, isFirst: boolean): string;
  /** The last words of a stream that does not end well: its HTTP status has been sent long ago. */
  ending(ending: StatusError): string;
}

/** The field that numbers the messages of a stream. */
const SEQUENCE = "sequence";
/** How long a browser waits before it connects again. */
const RECONNECT_MS = 1000;

/** The form that the caller's `Accept` asks for. */
export function streamForm(accept: string | undefined, output: DescMessage, registry: Registry): StreamForm {
  const json = (message: Message): JsonObject => toJson(output, message, { registry }) as JsonObject;
  const asksForEvents = (accept ?? "").split(",").some((range) => /^\s*text\/event-stream\s*(?:;|$)/i.test(range));
  return asksForEvents ? events(json, output) : lines(json);
}

function lines(json: (message: Message) => JsonObject): StreamForm {
  return {
    contentType: "application/x-ndjson",
    message: (message) => `${JSON.stringify(json(message))}\n`,
    ending: (ending) => `${JSON.stringify({ error: statusJson(ending) })}\n`,
  };
}

/** See "Server-sent events" in the HTML standard. JSON has no line breaks, so one `data` line holds all of it. */
function events(json: (message: Message) => JsonObject, output: DescMessage): StreamForm {
  const isNumbered = output.fields.some(({ name }) => name === SEQUENCE);
  return {
    contentType: "text/event-stream",
    message(message, isFirst) {
      const value = json(message);
      const { [SEQUENCE]: sequence, ...rest } = value;
      // A message with nothing but its number is a keep-alive, except for the first, which says where the stream begins.
      if (isNumbered && !isFirst && Object.keys(rest).length === 0) return ": keep-alive\n\n";
      const retry = isFirst ? `retry: ${RECONNECT_MS}\n` : "";
      // A number of 64 bits is a string in JSON, and 0 is left out.
      const id = isNumbered ? `id: ${typeof sequence === "string" ? sequence : "0"}\n` : "";
      return `${retry}${id}data: ${JSON.stringify(value)}\n\n`;
    },
    // Not named "error": browsers call a broken connection so.
    ending: (ending) => `event: status\ndata: ${JSON.stringify(statusJson(ending))}\n\n`,
  };
}
