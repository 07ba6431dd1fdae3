/**
 * SQL: whether the server is a standby, or one that its operator lets take no writes. What a standby holds may be older than what
 * was committed: a generation or a snapshot read there would let a booking pass that a removal has already forbidden.
 */
export const IS_READ_ONLY = "(pg_is_in_recovery() or current_setting('default_transaction_read_only')::boolean)";
