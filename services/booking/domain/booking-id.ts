/**
 * A booking's id, from a new UUID: it ends in the byte that its host's id ends in, so that an id alone tells in which of 256
 * buckets of hosts its row is. Held by the constraint `bookings_id_in_bucket_of_host` as well.
 */
export function bookingIdFrom(uuid: string, hostId: string): string {
  return uuid.slice(0, -2) + hostId.slice(-2);
}
