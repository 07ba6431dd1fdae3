/**
 * What the pair promises, as a slow program: written from the comments of the contracts, not from the services' code. One
 * call after another, everything as plain values, nothing remembered, no locks.
 */

import { type Instant, type Interval, overlaps } from "../../shared/interval.ts";
import type { Answer, Call, UpdateRules } from "./calls.ts";
import type { SeenBooking, StateName } from "./seen-booking.ts";
import { byStart, type Chosen, type Model, type ModelBooking, no, openOf, refused, type Step } from "./model-state.ts";
import { addAvailability, removeAvailability, restoreWeeklyHours, setWeeklyHours } from "./model-time.ts";
import { misfitOf, slotsOf } from "./open-time.ts";
import { AROUND } from "./quarters.ts";
import { type Asked, occupiedBy, openSeats, placeFor, updatedRules, whyNotBegin } from "./rules.ts";
import { whyInactive } from "./user-states.ts";

const HOLDS_WITH_HOST_MAX = 3;

/** What the services are to be set to. In all, a guest may have as many holds as these tests make. */
export const holdLimits = {
  HOLDS_PER_GUEST_AND_HOST_MAX: String(HOLDS_WITH_HOST_MAX),
  HOLDS_PER_GUEST_MAX: "10000",
};

/** What a call must be answered, and what is so afterwards. */
export function decide(model: Model, call: Call, chosen: Chosen): Step {
  const before = model.requests.find((request) => call.requestId !== "" && request.call.requestId === call.requestId);
  if (before !== undefined) {
    const isSame = JSON.stringify(before.call) === JSON.stringify(call);
    return { answer: isSame ? before.answer : refused("REQUEST_ID_REUSED"), after: model };
  }
  const step = decideNew(model, call, chosen);
  if (step.answer.kind === "refused" || call.requestId === "") return step;
  const requests = [...step.after.requests, { call, answer: step.answer }];
  return { ...step, after: { ...step.after, requests } };
}

function decideNew(model: Model, call: Call, chosen: Chosen): Step {
  switch (call.method) {
    case "AddAvailability":
      return addAvailability(model, call.during, call.slotDurationMinutes, chosen.today);
    case "RemoveAvailability":
      return removeAvailability(model, call);
    case "SetWeeklyHours":
      return setWeeklyHours(model, call, chosen);
    case "RestoreWeeklyHours":
      return restoreWeeklyHours(model, call);
    case "UpdateRules":
      return updateRules(model, call, chosen);
    case "CreateBooking":
      return createBooking(model, call, chosen);
    case "ConfirmBooking":
    case "CancelBooking":
    case "RescheduleBooking":
      return changeBooking(model, call, chosen);
  }
}

function updateRules(model: Model, { given, mask, ...call }: UpdateRules, chosen: Chosen): Step {
  if (call.etag !== "" && call.etag !== model.rulesEtags.at(-1)) return no(model, "ETAG_MISMATCH");
  const values = { slotDurationMinutes: model.slotQuarters * 15, ...model.rules };
  const rules = updatedRules(values, given, mask);
  const { slotDurationMinutes, ...others } = rules;
  const etag = model.rulesEtags.includes(chosen.etag) ? "an etag that the rules have not had" : chosen.etag;
  const rulesEtags = [...model.rulesEtags, etag];
  const after = { ...model, rules: others, rulesEtags, slotQuarters: slotDurationMinutes / 15 };
  return { answer: { kind: "rules", rules, etag }, after };
}

function createBooking(model: Model, call: Extract<Call, { method: "CreateBooking" }>, chosen: Chosen): Step {
  const { hostId, guestId, during, holdSeconds, details } = call;
  const inactive = whyInactive(model.inactive, call);
  if (inactive !== undefined) return no(model, inactive);
  const isHold = holdSeconds > 0;
  const asked = { now: chosen.today, ignoresNotice: call.ignoreNotice };
  const place = placeFor(model.rules, model.bookings, during);
  const reason = whyNotAt(model, during, asked) ?? (place === undefined ? "SLOT_TAKEN" : undefined);
  // Whether the time is taken is looked at last.
  const isTooMuch = isHold && hasAllHolds(model.bookings, guestId);
  if (isTooMuch && (reason === undefined || reason === "SLOT_TAKEN")) return no(model, "TOO_MANY_HOLDS");
  if (reason !== undefined || place === undefined) return no(model, reason ?? "SLOT_TAKEN");
  if (isCalled(model.bookings, details.externalId)) return no(model, "EXTERNAL_ID_TAKEN");
  const booking: ModelBooking = {
    id: model.bookings.some(({ id }) => id === chosen.id) ? "an id that no booking has" : chosen.id,
    hostId,
    guestId,
    during,
    ...place,
    state: isHold ? "HELD" : "CONFIRMED",
    etag: chosen.etag,
    // The start is years ahead, so that no hold is cut short by it.
    expireTime: isHold && chosen.now !== undefined ? chosen.now + holdSeconds * 1000 : undefined,
    createTime: chosen.now,
    updateTime: chosen.now,
    ...details,
    cancelReason: "",
    pastEtags: [],
  };
  return wrote({ ...model, bookings: [...model.bookings, booking] }, booking, isHold ? "HELD" : "CONFIRMED");
}

type Change = Extract<Call, { bookingId: string }>;

function changeBooking(model: Model, call: Change, chosen: Chosen): Step {
  const booking = model.bookings.find(({ id }) => id === call.bookingId);
  if (booking === undefined) return no(model, "BOOKING_NOT_FOUND");
  const reason = whyNotChanged(booking, call);
  if (reason !== undefined) return no(model, reason);
  const keeps = call.method === "CancelBooking" || (call.method === "ConfirmBooking" && booking.state === "CONFIRMED");
  const inactive = keeps ? undefined : whyInactive(model.inactive, booking);
  if (inactive !== undefined) return no(model, inactive);
  switch (call.method) {
    case "ConfirmBooking":
      if (booking.state === "CONFIRMED") return { answer: bookingAnswer(booking), after: model };
      return change(model, booking, { state: "CONFIRMED", expireTime: undefined }, "CONFIRMED", chosen);
    case "CancelBooking":
      if (booking.state === "CANCELLED") return { answer: bookingAnswer(booking), after: model };
      return change(
        model,
        booking,
        { state: "CANCELLED", expireTime: undefined, cancelReason: call.reason },
        "CANCELLED",
        chosen,
      );
    case "RescheduleBooking": {
      const others = model.bookings.filter(({ id }) => id !== booking.id);
      const { during, ignoreNotice } = call;
      const keepsStart = during.start === booking.during.start;
      const asked = { now: chosen.today, ignoresNotice: ignoreNotice, keepsStart };
      const whyNot = whyNotAt(model, during, asked);
      if (whyNot !== undefined) return no(model, whyNot);
      const place = placeFor(model.rules, others, during, booking);
      if (place === undefined) return no(model, "SLOT_TAKEN");
      return change(model, booking, { during, ...place }, "RESCHEDULED", chosen);
    }
  }
}

/** Why a booking cannot be changed as asked, apart from where it would go. Final states come before versions. */
export function whyNotChanged(booking: SeenBooking, { method, etag }: Change): string | undefined {
  if (booking.state === "EXPIRED") return method === "ConfirmBooking" ? "HOLD_EXPIRED" : "BOOKING_NOT_ACTIVE";
  if (booking.state === "CANCELLED" && method !== "CancelBooking") return "BOOKING_NOT_ACTIVE";
  return etag !== "" && etag !== booking.etag ? "ETAG_MISMATCH" : undefined;
}

/** Why the time cannot be booked, whoever has booked it. A start that stays is not asked about: all that is booked is ahead. */
function whyNotAt(
  model: Model,
  during: Interval,
  { keepsStart = false, ...asked }: Asked & { readonly keepsStart?: boolean },
): string | undefined {
  const misfit = misfitOf(openOf(model), model.slotQuarters, during, keepsStart);
  if (misfit !== undefined) return misfit;
  if (isPast(during)) return "START_IN_PAST";
  return keepsStart ? undefined : whyNotBegin(model.rules, during, asked);
}

/** Whether an active booking has the external id. */
export function isCalled(bookings: readonly SeenBooking[], externalId: string): boolean {
  const standing = bookings.filter(({ state }) => state === "HELD" || state === "CONFIRMED");
  return externalId !== "" && standing.some((booking) => booking.externalId === externalId);
}

function isPast({ start }: Interval): boolean {
  return start < AROUND.start;
}

/** Whether a guest has as many holds with the host as one may have. */
export function hasAllHolds(bookings: readonly SeenBooking[], guest: string): boolean {
  return bookings.filter(({ guestId, state }) => guestId === guest && state === "HELD").length >= HOLDS_WITH_HOST_MAX;
}

/** An open slot, with the seats that are open in it. */
export interface SeenSlot extends Interval {
  readonly openSeats: number;
}

/** What can be booked and starts in the window, of as many slots each as are asked for. */
export function openSlots(
  model: Model,
  { window, slots, ...asked }: Asked & { readonly window: Interval; readonly slots: number },
): SeenSlot[] {
  return slotsOf(openOf(model), model.slotQuarters, slots * model.slotQuarters)
    .filter((slot) => !isPast(slot) && whyNotBegin(model.rules, slot, asked) === undefined)
    .filter(({ start }) => window.start <= start && start < window.end)
    .map((slot) => ({ ...slot, openSeats: openSeats(model.rules, model.bookings, occupiedBy(model.rules, slot)) }))
    .filter((slot) => slot.openSeats > 0);
}

/** The bookings that share an instant with the window, by start, then id. */
export function bookingsIn(model: Model, window: Interval, states: readonly StateName[]): ModelBooking[] {
  return model.bookings
    .filter(({ during, state }) => overlaps(during, window) && (states.length === 0 || states.includes(state)))
    .toSorted(byStart);
}

/** A hold ends at `expireTime`. `etag` is what the service shows from then on. */
export function expire(model: Model, bookingId: string, expireTime: Instant, etag: string): Model {
  return replace(model, bookingId, (booking) => {
    const pastEtags = [...booking.pastEtags, booking.etag];
    return {
      ...booking,
      state: "EXPIRED",
      expireTime,
      updateTime: expireTime,
      pastEtags,
      etag: unseen({ pastEtags }, etag),
    };
  });
}

function replace(model: Model, id: string, by: (booking: ModelBooking) => ModelBooking): Model {
  return { ...model, bookings: model.bookings.map((booking) => (booking.id === id ? by(booking) : booking)) };
}

function change(model: Model, before: ModelBooking, to: Partial<SeenBooking>, kind: string, chosen: Chosen): Step {
  const pastEtags = [...before.pastEtags, before.etag];
  const booking = { ...before, ...to, pastEtags, etag: unseen({ pastEtags }, chosen.etag), updateTime: chosen.now };
  return wrote(
    replace(model, before.id, () => booking),
    booking,
    kind,
  );
}

function unseen({ pastEtags }: Pick<ModelBooking, "pastEtags">, etag: string): string {
  return pastEtags.includes(etag) ? "an etag that the booking has not had" : etag;
}

function wrote(model: Model, booking: ModelBooking, kind: string): Step {
  const events = [...model.events, { kind, booking: asSeen(booking) }];
  return { answer: bookingAnswer(booking), after: { ...model, events } };
}

/** Without what the model keeps for itself. */
export function asSeen(booking: ModelBooking): SeenBooking {
  const { pastEtags: _, ...visible } = booking;
  return visible;
}

function bookingAnswer(booking: ModelBooking): Answer {
  return { kind: "booking", booking: asSeen(booking) };
}
