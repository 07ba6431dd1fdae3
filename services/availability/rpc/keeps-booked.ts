import { Booked, BookedSchema } from "../../../shared/gen/availability/v1/weekly_hours_pb.ts";
import { optionalEnumValue } from "../../../shared/rpc/request/parse.ts";

/** Whether a change of open time keeps the time of bookings in the way. Unset: it is refused for their sake. */
export const keepsBooked = optionalEnumValue<Booked>(BookedSchema).transform((booked) => booked === Booked.KEEP);
