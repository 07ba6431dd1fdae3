import { Migration } from "@mikro-orm/migrations";

/** Whether people have said anything about a booking. */
const SAID = "num_nonnulls(external_id, note, labels, cancel_reason) > 0";

export class Migration0001Bookings extends Migration {
  override up(): void {
    // Lets a GiST constraint compare UUIDs for equality. A trusted extension: the owner of the database may create it.
    this.addSql("create extension if not exists btree_gist");

    this.addSql(`
      create table hosts (
        host_id uuid not null,
        generation bigint not null default 0,
        sequence bigint not null default 0,
        constraint hosts_pkey primary key (host_id),
        constraint hosts_generation_not_negative check (generation >= 0),
        constraint hosts_sequence_not_negative check (sequence >= 0)
      )`);

    this.addSql(`
      create table bookings (
        id uuid not null,
        host_id uuid not null,
        guest_id uuid not null,
        during tstzrange not null,
        occupied tstzrange not null,
        seat int not null,
        state text not null,
        version int not null,
        expire_time timestamptz(3),
        create_time timestamptz(3) not null,
        update_time timestamptz(3) not null,
        external_id text,
        note text,
        labels jsonb,
        cancel_reason text,
        sequence bigint not null,
        constraint bookings_pkey primary key (host_id, id),
        constraint bookings_id_key unique (id),
        constraint bookings_id_in_bucket_of_host
          check (get_byte(uuid_send(id), 15) = get_byte(uuid_send(host_id), 15)),
        constraint bookings_during_finite check (
          not isempty(during) and not lower_inf(during) and not upper_inf(during)
          and isfinite(lower(during)) and isfinite(upper(during))),
        constraint bookings_during_half_open check (lower_inc(during) and not upper_inc(during)),
        constraint bookings_during_milliseconds check (
          lower(during) = lower(during)::timestamptz(3) and upper(during) = upper(during)::timestamptz(3)),
        constraint bookings_occupied_finite check (
          not isempty(occupied) and not lower_inf(occupied) and not upper_inf(occupied)
          and isfinite(lower(occupied)) and isfinite(upper(occupied))),
        constraint bookings_occupied_half_open check (lower_inc(occupied) and not upper_inc(occupied)),
        constraint bookings_occupied_milliseconds check (
          lower(occupied) = lower(occupied)::timestamptz(3) and upper(occupied) = upper(occupied)::timestamptz(3)),
        constraint bookings_no_overlap
          exclude using gist (host_id with =, occupied with &&, seat with =) where (state in ('HELD', 'CONFIRMED')),
        constraint bookings_occupied_holds_during check (occupied @> during),
        constraint bookings_occupied_length check (upper(occupied) - lower(occupied) <= '72:00:00'::interval),
        constraint bookings_seat check (seat >= 1 and seat <= 1000),
        constraint bookings_length check (upper(during) - lower(during) <= '24:00:00'::interval),
        constraint bookings_state check (state in ('HELD', 'CONFIRMED', 'CANCELLED', 'EXPIRED')),
        constraint bookings_version_positive check (version >= 1),
        constraint bookings_sequence_positive check (sequence >= 1),
        constraint bookings_expire_time_of_holds check ((expire_time is not null) = (state in ('HELD', 'EXPIRED')))
      )`);
    this.addSql("create index bookings_by_host on bookings (host_id, lower(during), id)");
    this.addSql(`
      create unique index bookings_external_id_key on bookings (host_id, external_id)
      where external_id is not null and state in ('HELD', 'CONFIRMED')`);
    this.addSql(
      "create index bookings_by_external_id on bookings (host_id, external_id) where external_id is not null",
    );
    this.addSql("create index bookings_by_guest on bookings (guest_id, lower(during), id)");
    this.addSql("create index bookings_held_by_expire_time on bookings (expire_time) where state = 'HELD'");
    this.addSql("create index bookings_held_by_guest on bookings (guest_id, expire_time) where state = 'HELD'");
    this.addSql("create index bookings_by_guest_and_host on bookings (guest_id, host_id)");
    this.addSql(`create index bookings_said_by_guest on bookings (guest_id, id) where ${SAID}`);

    this.addSql(`
      create table booking_events (
        host_id uuid not null,
        sequence bigint not null,
        kind text not null,
        actor text not null,
        event_time timestamptz(3) not null,
        booking_id uuid not null,
        guest_id uuid not null,
        during tstzrange not null,
        occupied tstzrange not null,
        seat int not null,
        state text not null,
        version int not null,
        expire_time timestamptz(3),
        create_time timestamptz(3) not null,
        update_time timestamptz(3) not null,
        external_id text,
        note text,
        labels jsonb,
        cancel_reason text,
        constraint booking_events_pkey primary key (host_id, sequence),
        constraint booking_events_sequence_positive check (sequence >= 1),
        constraint booking_events_kind check (kind in ('HELD', 'CONFIRMED', 'RESCHEDULED', 'CANCELLED', 'EXPIRED', 'ERASED')),
        constraint booking_events_state check (state in ('HELD', 'CONFIRMED', 'CANCELLED', 'EXPIRED'))
      )`);
    this.addSql(`create index booking_events_said_by_guest on booking_events (guest_id) where ${SAID}`);

    this.addSql(`
      create table requests (
        host_id uuid not null,
        request_id uuid not null,
        sequence bigint not null,
        guest_id uuid,
        create_time timestamptz(3) not null,
        method text not null,
        content_hash bytea not null,
        constraint requests_pkey primary key (host_id, request_id),
        constraint requests_content_hash_is_sha256 check (octet_length(content_hash) = 32)
      )`);
    this.addSql("create index requests_by_create_time on requests (create_time)");
    this.addSql("create index requests_by_guest on requests (guest_id) where guest_id is not null");

    this.addSql(`
      create table users (
        user_id uuid not null,
        state text not null,
        version bigint not null,
        update_time timestamptz(3) not null,
        complete_time timestamptz(3),
        constraint users_pkey primary key (user_id),
        constraint users_state check (state in ('ACTIVE', 'DEACTIVATED', 'ERASED')),
        constraint users_version_positive check (version >= 1)
      )`);
  }
}
