create extension btree_gist;

create table booking_events (
  host_id uuid not null,
  sequence bigint not null,
  kind text not null,
  actor text not null,
  event_time timestamp(3) with time zone not null,
  booking_id uuid not null,
  guest_id uuid not null,
  during tstzrange not null,
  occupied tstzrange not null,
  seat integer not null,
  state text not null,
  version integer not null,
  expire_time timestamp(3) with time zone,
  create_time timestamp(3) with time zone not null,
  update_time timestamp(3) with time zone not null,
  external_id text,
  note text,
  labels jsonb,
  cancel_reason text,
  constraint booking_events_kind CHECK (kind = ANY (ARRAY['HELD'::text, 'CONFIRMED'::text, 'RESCHEDULED'::text, 'CANCELLED'::text, 'EXPIRED'::text, 'ERASED'::text])),
  constraint booking_events_pkey PRIMARY KEY (host_id, sequence),
  constraint booking_events_sequence_positive CHECK (sequence >= 1),
  constraint booking_events_state CHECK (state = ANY (ARRAY['HELD'::text, 'CONFIRMED'::text, 'CANCELLED'::text, 'EXPIRED'::text]))
);

CREATE INDEX booking_events_said_by_guest ON public.booking_events USING btree (guest_id) WHERE (num_nonnulls(external_id, note, labels, cancel_reason) > 0);

create table bookings (
  id uuid not null,
  host_id uuid not null,
  guest_id uuid not null,
  during tstzrange not null,
  occupied tstzrange not null,
  seat integer not null,
  state text not null,
  version integer not null,
  expire_time timestamp(3) with time zone,
  create_time timestamp(3) with time zone not null,
  update_time timestamp(3) with time zone not null,
  external_id text,
  note text,
  labels jsonb,
  cancel_reason text,
  sequence bigint not null,
  constraint bookings_during_finite CHECK (NOT isempty(during) AND NOT lower_inf(during) AND NOT upper_inf(during) AND isfinite(lower(during)) AND isfinite(upper(during))),
  constraint bookings_during_half_open CHECK (lower_inc(during) AND NOT upper_inc(during)),
  constraint bookings_during_milliseconds CHECK (lower(during) = lower(during)::timestamp(3) with time zone AND upper(during) = upper(during)::timestamp(3) with time zone),
  constraint bookings_expire_time_of_holds CHECK ((expire_time IS NOT NULL) = (state = ANY (ARRAY['HELD'::text, 'EXPIRED'::text]))),
  constraint bookings_id_in_bucket_of_host CHECK (get_byte(uuid_send(id), 15) = get_byte(uuid_send(host_id), 15)),
  constraint bookings_id_key UNIQUE (id),
  constraint bookings_length CHECK ((upper(during) - lower(during)) <= '24:00:00'::interval),
  constraint bookings_no_overlap EXCLUDE USING gist (host_id WITH =, occupied WITH &&, seat WITH =) WHERE (state = ANY (ARRAY['HELD'::text, 'CONFIRMED'::text])),
  constraint bookings_occupied_finite CHECK (NOT isempty(occupied) AND NOT lower_inf(occupied) AND NOT upper_inf(occupied) AND isfinite(lower(occupied)) AND isfinite(upper(occupied))),
  constraint bookings_occupied_half_open CHECK (lower_inc(occupied) AND NOT upper_inc(occupied)),
  constraint bookings_occupied_holds_during CHECK (occupied @> during),
  constraint bookings_occupied_length CHECK ((upper(occupied) - lower(occupied)) <= '72:00:00'::interval),
  constraint bookings_occupied_milliseconds CHECK (lower(occupied) = lower(occupied)::timestamp(3) with time zone AND upper(occupied) = upper(occupied)::timestamp(3) with time zone),
  constraint bookings_pkey PRIMARY KEY (host_id, id),
  constraint bookings_seat CHECK (seat >= 1 AND seat <= 1000),
  constraint bookings_sequence_positive CHECK (sequence >= 1),
  constraint bookings_state CHECK (state = ANY (ARRAY['HELD'::text, 'CONFIRMED'::text, 'CANCELLED'::text, 'EXPIRED'::text])),
  constraint bookings_version_positive CHECK (version >= 1)
);

CREATE INDEX bookings_by_external_id ON public.bookings USING btree (host_id, external_id) WHERE (external_id IS NOT NULL);

CREATE INDEX bookings_by_guest ON public.bookings USING btree (guest_id, lower(during), id);

CREATE INDEX bookings_by_guest_and_host ON public.bookings USING btree (guest_id, host_id);

CREATE INDEX bookings_by_host ON public.bookings USING btree (host_id, lower(during), id);

CREATE UNIQUE INDEX bookings_external_id_key ON public.bookings USING btree (host_id, external_id) WHERE ((external_id IS NOT NULL) AND (state = ANY (ARRAY['HELD'::text, 'CONFIRMED'::text])));

CREATE INDEX bookings_held_by_expire_time ON public.bookings USING btree (expire_time) WHERE (state = 'HELD'::text);

CREATE INDEX bookings_held_by_guest ON public.bookings USING btree (guest_id, expire_time) WHERE (state = 'HELD'::text);

CREATE INDEX bookings_said_by_guest ON public.bookings USING btree (guest_id, id) WHERE (num_nonnulls(external_id, note, labels, cancel_reason) > 0);

create table hosts (
  host_id uuid not null,
  generation bigint not null default 0,
  sequence bigint not null default 0,
  forgotten_to bigint not null default 0,
  constraint hosts_forgotten_to_not_negative CHECK (forgotten_to >= 0),
  constraint hosts_generation_not_negative CHECK (generation >= 0),
  constraint hosts_pkey PRIMARY KEY (host_id),
  constraint hosts_sequence_not_negative CHECK (sequence >= 0)
);

create table migrations (
  id integer not null default nextval('migrations_id_seq'::regclass),
  name character varying(255) not null,
  executed_at timestamp(6) with time zone not null default CURRENT_TIMESTAMP(6),
  constraint migrations_pkey PRIMARY KEY (id)
);

create table requests (
  host_id uuid not null,
  request_id uuid not null,
  sequence bigint not null,
  guest_id uuid,
  create_time timestamp(3) with time zone not null,
  method text not null,
  content_hash bytea not null,
  constraint requests_content_hash_is_sha256 CHECK (octet_length(content_hash) = 32),
  constraint requests_pkey PRIMARY KEY (host_id, request_id)
);

CREATE INDEX requests_by_create_time ON public.requests USING btree (create_time);

CREATE INDEX requests_by_guest ON public.requests USING btree (guest_id) WHERE (guest_id IS NOT NULL);

create table restores (
  raised_to bigint not null,
  restore_time timestamp(3) with time zone not null default clock_timestamp(),
  constraint restores_pkey PRIMARY KEY (raised_to),
  constraint restores_raised_to_positive CHECK (raised_to >= 1)
);

create table users (
  user_id uuid not null,
  state text not null,
  version bigint not null,
  update_time timestamp(3) with time zone not null,
  complete_time timestamp(3) with time zone,
  constraint users_pkey PRIMARY KEY (user_id),
  constraint users_state CHECK (state = ANY (ARRAY['ACTIVE'::text, 'DEACTIVATED'::text, 'ERASED'::text])),
  constraint users_version_positive CHECK (version >= 1)
);
