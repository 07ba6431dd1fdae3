/** The services that have a database and a key of their own. */
export const serviceNames = ["availability", "booking"] as const;

export type ServiceName = (typeof serviceNames)[number];
