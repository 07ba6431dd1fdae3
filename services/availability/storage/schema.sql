create extension btree_gist;

create table calendars (
  host_id uuid not null,
  slot_duration_minutes integer not null,
  minimum_notice_minutes integer not null default 0,
  horizon_days integer not null default 0,
  buffer_before_minutes integer not null default 0,
  buffer_after_minutes integer not null default 0,
  seats integer not null default 1,
  rules_version integer not null default 0,
  hours_version integer not null default 0,
  constraint calendars_buffer_after_minutes CHECK (buffer_after_minutes >= 0 AND buffer_after_minutes <= 1440),
  constraint calendars_buffer_before_minutes CHECK (buffer_before_minutes >= 0 AND buffer_before_minutes <= 1440),
  constraint calendars_horizon_days CHECK (horizon_days >= 0 AND horizon_days <= 3660),
  constraint calendars_host_id_fkey FOREIGN KEY (host_id) REFERENCES users(id),
  constraint calendars_host_id_key UNIQUE (host_id),
  constraint calendars_hours_version_not_negative CHECK (hours_version >= 0),
  constraint calendars_minimum_notice_minutes CHECK (minimum_notice_minutes >= 0 AND minimum_notice_minutes <= 527040),
  constraint calendars_pkey PRIMARY KEY (host_id, slot_duration_minutes),
  constraint calendars_rules_version_not_negative CHECK (rules_version >= 0),
  constraint calendars_seats CHECK (seats >= 1 AND seats <= 1000),
  constraint calendars_slot_duration_minutes CHECK (slot_duration_minutes >= 0 AND slot_duration_minutes <= 1440)
);

create table closures (
  host_id uuid not null,
  during tstzrange not null,
  create_time timestamp(3) with time zone not null default clock_timestamp(),
  constraint closures_during_finite CHECK (NOT isempty(during) AND NOT lower_inf(during) AND NOT upper_inf(during) AND isfinite(lower(during)) AND isfinite(upper(during))),
  constraint closures_during_half_open CHECK (lower_inc(during) AND NOT upper_inc(during)),
  constraint closures_during_milliseconds CHECK (lower(during) = lower(during)::timestamp(3) with time zone AND upper(during) = upper(during)::timestamp(3) with time zone),
  constraint closures_host_id_fkey FOREIGN KEY (host_id) REFERENCES users(id),
  constraint closures_never_touching EXCLUDE USING gist (host_id WITH =, tstzrange(lower(during), upper(during), '[]'::text) WITH &&),
  constraint closures_pkey PRIMARY KEY (host_id, during)
);

CREATE INDEX closures_by_host ON public.closures USING btree (host_id, lower(during));

create table migrations (
  id integer not null default nextval('migrations_id_seq'::regclass),
  name character varying(255) not null,
  executed_at timestamp(6) with time zone not null default CURRENT_TIMESTAMP(6),
  constraint migrations_pkey PRIMARY KEY (id)
);

create table openings (
  host_id uuid not null,
  slot_duration_minutes integer not null,
  during tstzrange not null,
  create_time timestamp(3) with time zone not null default clock_timestamp(),
  constraint openings_calendar_fkey FOREIGN KEY (host_id, slot_duration_minutes) REFERENCES calendars(host_id, slot_duration_minutes) ON UPDATE CASCADE,
  constraint openings_during_finite CHECK (NOT isempty(during) AND NOT lower_inf(during) AND NOT upper_inf(during) AND isfinite(lower(during)) AND isfinite(upper(during))),
  constraint openings_during_half_open CHECK (lower_inc(during) AND NOT upper_inc(during)),
  constraint openings_during_milliseconds CHECK (lower(during) = lower(during)::timestamp(3) with time zone AND upper(during) = upper(during)::timestamp(3) with time zone),
  constraint openings_never_touching EXCLUDE USING gist (host_id WITH =, tstzrange(lower(during), upper(during), '[]'::text) WITH &&),
  constraint openings_pkey PRIMARY KEY (host_id, slot_duration_minutes, during),
  constraint openings_slot_duration_minutes CHECK (slot_duration_minutes >= 1)
);

CREATE INDEX openings_by_host ON public.openings USING btree (host_id, lower(during));

create table requests (
  host_id uuid not null,
  request_id uuid not null,
  create_time timestamp(3) with time zone not null,
  method text not null,
  content_hash bytea not null,
  answer bytea not null,
  constraint requests_content_hash_is_sha256 CHECK (octet_length(content_hash) = 32),
  constraint requests_pkey PRIMARY KEY (host_id, request_id)
);

CREATE INDEX requests_by_create_time ON public.requests USING btree (create_time);

create table users (
  id uuid not null,
  email text,
  email_key text collate "C",
  display_name text,
  role text not null,
  external_id text collate "C",
  state text not null default 'ACTIVE'::text,
  version integer not null default 1,
  told_version integer not null default 1,
  create_time timestamp(3) with time zone not null default clock_timestamp(),
  erase_time timestamp(3) with time zone,
  constraint users_display_name_length CHECK (char_length(display_name) >= 1 AND char_length(display_name) <= 200),
  constraint users_email_key_length CHECK (char_length(email_key) >= 1 AND char_length(email_key) <= 1024),
  constraint users_email_length CHECK (char_length(email) >= 1 AND char_length(email) <= 254),
  constraint users_erased_is_nobody CHECK (state <> 'ERASED'::text OR email IS NULL AND email_key IS NULL AND display_name IS NULL AND external_id IS NULL AND erase_time IS NOT NULL),
  constraint users_external_id_length CHECK (char_length(external_id) >= 1 AND char_length(external_id) <= 255),
  constraint users_other_is_somebody CHECK (state = 'ERASED'::text OR email IS NOT NULL AND email_key IS NOT NULL AND display_name IS NOT NULL AND erase_time IS NULL),
  constraint users_pkey PRIMARY KEY (id),
  constraint users_role CHECK (role = ANY (ARRAY['HOST'::text, 'USER'::text])),
  constraint users_state CHECK (state = ANY (ARRAY['ACTIVE'::text, 'DEACTIVATED'::text, 'ERASED'::text])),
  constraint users_told_version CHECK (told_version >= 1 AND told_version <= version)
);

CREATE INDEX users_active_hosts ON public.users USING btree (id) WHERE ((role = 'HOST'::text) AND (state = 'ACTIVE'::text));

CREATE INDEX users_by_role ON public.users USING btree (role, id);

CREATE UNIQUE INDEX users_email_key ON public.users USING btree (email_key) WHERE (email_key IS NOT NULL);

CREATE UNIQUE INDEX users_external_id ON public.users USING btree (external_id) WHERE (external_id IS NOT NULL);

CREATE INDEX users_to_tell ON public.users USING btree (id) WHERE (told_version < version);

create table weekly_hours (
  host_id uuid not null,
  from_date date not null,
  time_zone text not null,
  constraint weekly_hours_from_date CHECK (from_date >= '1970-01-01'::date AND from_date < '2200-01-01'::date),
  constraint weekly_hours_host_id_fkey FOREIGN KEY (host_id) REFERENCES users(id),
  constraint weekly_hours_pkey PRIMARY KEY (host_id, from_date),
  constraint weekly_hours_time_zone_length CHECK (char_length(time_zone) >= 1 AND char_length(time_zone) <= 64)
);

create table weekly_ranges (
  host_id uuid not null,
  from_date date not null,
  day smallint not null,
  minutes int4range not null,
  constraint weekly_ranges_day CHECK (day >= 1 AND day <= 7),
  constraint weekly_ranges_hours_fkey FOREIGN KEY (host_id, from_date) REFERENCES weekly_hours(host_id, from_date) ON DELETE CASCADE,
  constraint weekly_ranges_minutes CHECK (NOT isempty(minutes) AND lower(minutes) >= 0 AND upper(minutes) <= 1440),
  constraint weekly_ranges_no_overlap EXCLUDE USING gist (host_id WITH =, from_date WITH =, day WITH =, minutes WITH &&),
  constraint weekly_ranges_pkey PRIMARY KEY (host_id, from_date, day, minutes)
);
