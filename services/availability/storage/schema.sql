create extension btree_gist;

create table availability (
  id uuid not null,
  host_id uuid not null,
  during tstzrange not null,
  slot_duration_minutes integer not null,
  create_time timestamp(3) with time zone not null default clock_timestamp(),
  constraint availability_during_finite CHECK (NOT isempty(during) AND NOT lower_inf(during) AND NOT upper_inf(during) AND isfinite(lower(during)) AND isfinite(upper(during))),
  constraint availability_during_half_open CHECK (lower_inc(during) AND NOT upper_inc(during)),
  constraint availability_during_milliseconds CHECK (lower(during) = lower(during)::timestamp(3) with time zone AND upper(during) = upper(during)::timestamp(3) with time zone),
  constraint availability_host_id_fkey FOREIGN KEY (host_id) REFERENCES users(id),
  constraint availability_never_touching EXCLUDE USING gist (host_id WITH =, tstzrange(lower(during), upper(during), '[]'::text) WITH &&),
  constraint availability_one_slot_duration EXCLUDE USING gist (host_id WITH =, slot_duration_minutes WITH <>),
  constraint availability_pkey PRIMARY KEY (host_id, id),
  constraint availability_slot_duration_minutes CHECK (slot_duration_minutes >= 1 AND slot_duration_minutes <= 1440)
);

CREATE INDEX availability_by_host ON public.availability USING btree (host_id, lower(during));

create table migrations (
  id integer not null default nextval('migrations_id_seq'::regclass),
  name character varying(255) not null,
  executed_at timestamp(6) with time zone not null default CURRENT_TIMESTAMP(6),
  constraint migrations_pkey PRIMARY KEY (id)
);

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
  email text not null,
  display_name text not null,
  role text not null,
  create_time timestamp(3) with time zone not null default clock_timestamp(),
  constraint users_display_name_length CHECK (char_length(display_name) >= 1 AND char_length(display_name) <= 200),
  constraint users_email_length CHECK (char_length(email) >= 1 AND char_length(email) <= 254),
  constraint users_pkey PRIMARY KEY (id),
  constraint users_role CHECK (role = ANY (ARRAY['HOST'::text, 'USER'::text]))
);

CREATE INDEX users_by_role ON public.users USING btree (role, id);

CREATE UNIQUE INDEX users_email_key ON public.users USING btree (lower(email));
