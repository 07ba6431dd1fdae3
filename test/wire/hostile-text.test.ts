/** SQL, and text that is not what it seems, in every field that takes text; page tokens that were changed. */

import { type DescMessage, type DescMethod, ScalarType } from "@bufbuild/protobuf";
import { FieldMaskSchema, timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { Pool } from "pg";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { AvailabilityService } from "../../shared/gen/availability/v1/availability_service_pb.ts";
import { UserService } from "../../shared/gen/availability/v1/user_service_pb.ts";
import { BookingService } from "../../shared/gen/booking/v1/booking_service_pb.ts";
import { contentsOf } from "../support/contents.ts";
import { type Ending, endingOfHttp } from "../support/endings.ts";
import { type Pair, startPair } from "../support/pair.ts";
import { createGuest, createHost, openTime, tomorrow } from "../support/people.ts";
import { poolOf } from "../support/pool.ts";
import { admin, authorizationOf } from "../support/tokens.ts";

const texts: readonly (readonly [what: string, text: string])[] = [
  ["a string that ends, and a statement", "'; drop table users cascade; --"],
  ["a condition that always holds", "' or '1'='1"],
  ["a second answer", "x' union select email, null from users --"],
  ["a sleep", "1; select pg_sleep(60)"],
  ["a dollar quote", "$$; delete from bookings; $$"],
  ["a backslash before a quote", "\\'; delete from users; --"],
  ["a placeholder", "$1 ?::text :host_id {0} %s ${7*7}"],
  ["a pattern", "%_%"],
  ["a log line", 'x\n{"level":30,"msg":"started"}'],
  ["NUL", "a\0b"],
  ["a control that turns the text around", "\u202Emoc.elpmaxe@a"],
  ["letters that take no room", "\u200B\uFEFF\u2060"],
  ["10,000 accents on one letter", `e${"\u0301".repeat(10_000)}`],
  ["letters like others", "аdmin＠еxample.com"],
  ["a letter outside the first plane", "🏴󠁧󠁢󠁥󠁮󠁧󠁿".repeat(50)],
  ["half a letter", "\uD800"],
  ["an id in digits of another script", "٠١٩٠٠٠٠٠-٠٠٠٠-٧٠٠٠-٨٠٠٠-٠٠٠٠٠٠٠٠٠٠٠١"],
  ["a path", "../../../../etc/passwd"],
  ["30,000 letters", "x".repeat(30_000)],
];

/** What a call may answer: that it, or what it names, is wrong. Not that something broke. */
const REFUSED = new Set(["INVALID_ARGUMENT", "NOT_FOUND", "ALREADY_EXISTS", "ABORTED"]);

const methods = [...UserService.methods, ...AvailabilityService.methods, ...BookingService.methods].filter(
  // Only the peer may call these two, and watching answers with a stream.
  ({ name, methodKind }) => !["SnapshotAvailability", "ResolveSubject"].includes(name) && methodKind === "unary",
);
const fields = methods.flatMap((method) => textsOf(method.input).map((place) => ({ method, ...place })));

interface Place {
  readonly at: string;
  /** What of a message holds a text there. */
  readonly holding: (text: string) => object;
}

/** Where a message takes text, items of lists, keys and values of maps, and masks included. */
function textsOf(message: DescMessage): Place[] {
  return message.fields.flatMap((field): Place[] => {
    const { jsonName } = field;
    if (field.fieldKind === "list" && field.listKind === "message") {
      return textsOf(field.message).map(({ at, holding }) => ({
        at: `${jsonName}.${at}`,
        holding: (text) => ({ [jsonName]: [holding(text)] }),
      }));
    }
    if (field.fieldKind === "map") {
      return [
        { at: `${jsonName} (a key)`, holding: (text) => ({ [jsonName]: { [text]: "v" } }) },
        { at: `${jsonName} (a value)`, holding: (text) => ({ [jsonName]: { k: text } }) },
      ];
    }
    const isText = field.scalar === ScalarType.STRING || field.message?.typeName === FieldMaskSchema.typeName;
    return isText ? [{ at: jsonName, holding: (text) => ({ [jsonName]: text }) }] : [];
  });
}

let pair: Pair;
let pools: readonly Pool[];
let before: unknown;
let authorization: string;
/** A good value for fields of the contract, by JSON name. A write that is made of them is refused at its very end. */
let values: Readonly<Record<string, unknown>>;
let foreignHostId: string;

beforeAll(async () => {
  pair = await startPair();
  ({ authorization } = await authorizationOf(admin));
  const { clients } = pair;
  const [hostId, guestId] = [await createHost(clients), await createGuest(clients)];
  foreignHostId = await createHost(clients);
  for (const each of [hostId, foreignHostId]) {
    for (const day of [0, 48]) await openTime(clients, each, { start: tomorrow(day + 8), end: tomorrow(day + 16) });
  }
  const book = async (hour: number): Promise<string | undefined> => {
    const [startTime, endTime] = [timestampFromMs(tomorrow(hour)), timestampFromMs(tomorrow(hour + 1))];
    return (await clients.bookings.createBooking({ hostId, guestId, startTime, endTime })).booking?.id;
  };
  await book(8);
  const bookingId = await book(12);
  const email = (await clients.users.getUser({ userId: guestId })).user?.email;
  const [startTime, endTime] = [8, 13].map((hour) => new Date(tomorrow(hour)).toISOString());
  const taken = { email, etag: '"another"', startTime, endTime, slotDuration: 30 };
  values = {
    timeZone: "Europe/Berlin",
    hostId,
    guestId,
    userId: guestId,
    bookingId,
    role: "ROLE_USER",
    displayName: "Somebody",
    ...taken,
  };
  pools = [poolOf(pair.availability.databaseUrl), poolOf(pair.booking.databaseUrl)];
  before = await stored();
});

afterAll(async () => {
  await Promise.all(pools.map((pool) => pool.end()));
  await pair.stop();
});

afterEach(nothingHappened);

test.each(texts)("%s is no way in, whichever field it is in", async (_what, text) => {
  const answers = fields.map(async ({ method, at, holding }) => {
    const { code, message } = await call(method, { ...bodyOf(method), ...holding(text) });
    const isRefused = REFUSED.has(code) || (isFilter(method, at) && findsNothing(code, message));
    return { at: `${method.name}.${at}`, isRefused, code, message };
  });
  for (const answer of await Promise.all(answers)) {
    expect(answer).toMatchObject({ isRefused: true });
    expect(answer.message).not.toMatch(/relation|syntax|select|postgres|stack/i);
  }
});

/** A text by which bookings are looked for: there are some, and none has this text. */
function isFilter(method: DescMethod, at: string): boolean {
  return method === BookingService.method.listBookings && ["externalId", "label"].includes(at);
}

function findsNothing(code: string, message: string): boolean {
  return code === "OK" && !("bookings" in (JSON.parse(message) as object));
}

describe("a page token", () => {
  const lists = methods.filter(({ input }) => input.fields.some(({ name }) => name === "page_token"));

  test.each(lists.map((method) => [method.name, method] as const))(
    "of %s is good only as it was given",
    async (_name, method) => {
      const token = await tokenOf(method);
      const others = await Promise.all(lists.filter((other) => other !== method).map(tokenOf));
      const last = token.length - 1;
      const damaged = [
        ...others,
        ...Array.from(token, (letter, at) => token.slice(0, at) + (letter === "A" ? "B" : "A") + token.slice(at + 1)),
        token.slice(0, last),
        token.slice(1),
        `${token}A`,
        `${token}=`,
        ` ${token}`,
        token + token,
        token.toLowerCase(),
        Buffer.from("[]").toString("base64url"),
        Buffer.from('{"start":0,"id":"00000000-0000-0000-0000-000000000000"}').toString("base64url"),
      ].filter((each) => each !== token);
      const codes = await Promise.all(damaged.map(async (pageToken) => (await list(method, { pageToken })).code));
      expect(new Set(codes)).toEqual(new Set(["INVALID_ARGUMENT"]));
      expect((await list(method, { pageToken: token })).code).toBe("OK");
    },
  );

  test.each(lists.filter(({ name }) => name !== "ListUsers").map((method) => [method.name, method] as const))(
    "of %s is no good for another host",
    async (_name, method) => {
      const ending = await list(method, { pageToken: await tokenOf(method), hostId: foreignHostId });
      expect(ending.code).toBe("INVALID_ARGUMENT");
    },
  );

  async function tokenOf(method: DescMethod): Promise<string> {
    const { nextPageToken } = JSON.parse((await list(method)).message) as { nextPageToken?: string };
    if (nextPageToken === undefined) throw new Error(`${method.name} has one page only`);
    return nextPageToken;
  }

  function list(method: DescMethod, change: object = {}): Promise<Ending> {
    return call(method, { ...(method.name === "ListUsers" ? {} : pick("hostId")), pageSize: 1, ...change });
  }
});

/** Nothing was stored, and both services answer. */
async function nothingHappened(): Promise<void> {
  expect(await stored()).toEqual(before);
  expect((await pair.clients.users.getUser({ userId: String(values["userId"]) })).user?.email).toBe(values["email"]);
  expect((await call(BookingService.method.getBooking, pick("bookingId"))).code).toBe("OK");
}

function pick(name: string): Record<string, unknown> {
  return { [name]: values[name] };
}

/** A request of good values, in the fields that the method has. */
function bodyOf(method: DescMethod): object {
  const named = method.input.fields.filter(({ jsonName }) => jsonName in values);
  return Object.fromEntries(named.map(({ jsonName }) => [jsonName, values[jsonName]]));
}

/** As JSON by hand: no library stands between us and what it would refuse to send. */
async function call(method: DescMethod, body: object): Promise<Ending> {
  const { connectUrl } = method.parent === BookingService ? pair.booking : pair.availability;
  const url = `${connectUrl}/${method.parent.typeName}/${method.name}`;
  const headers = { "content-type": "application/json", authorization };
  return endingOfHttp(await fetch(url, { method: "POST", headers, body: JSON.stringify(body) }));
}

function stored(): Promise<unknown> {
  return Promise.all(pools.map(contentsOf));
}
