import { Migration } from "@mikro-orm/migrations";

export class Migration0001Availability extends Migration {
  override up(): void {
    // Lets a GiST constraint compare UUIDs for equality. A trusted extension: the owner of the database may create it.
    this.addSql("create extension if not exists btree_gist");

    this.addSql(`
      create table users (
        id uuid not null,
        email text,
        email_key text collate "C",
        display_name text,
        role text not null,
        external_id text collate "C",
        state text not null default 'ACTIVE',
        version int not null default 1,
        told_version int not null default 1,
        create_time timestamptz(3) not null default clock_timestamp(),
        erase_time timestamptz(3),
        constraint users_pkey primary key (id),
        constraint users_email_length check (char_length(email) >= 1 and char_length(email) <= 254),
        constraint users_email_key_length check (char_length(email_key) >= 1 and char_length(email_key) <= 1024),
        constraint users_display_name_length check (char_length(display_name) >= 1 and char_length(display_name) <= 200),
        constraint users_role check (role in ('HOST', 'USER')),
        constraint users_external_id_length check (char_length(external_id) >= 1 and char_length(external_id) <= 255),
        constraint users_state check (state in ('ACTIVE', 'DEACTIVATED', 'ERASED')),
        constraint users_told_version check (told_version >= 1 and told_version <= version),
        constraint users_erased_is_nobody check (
          state <> 'ERASED' or (email is null and email_key is null and display_name is null and external_id is null
          and erase_time is not null)),
        constraint users_other_is_somebody check (
          state = 'ERASED' or (email is not null and email_key is not null and display_name is not null
          and erase_time is null))
      )`);
    this.addSql("create unique index users_email_key on users (email_key) where email_key is not null");
    this.addSql("create unique index users_external_id on users (external_id) where external_id is not null");
    this.addSql("create index users_by_role on users (role, id)");
    this.addSql("create index users_active_hosts on users (id) where role = 'HOST' and state = 'ACTIVE'");
    this.addSql("create index users_to_tell on users (id) where told_version < version");

    this.addSql(`
      create table calendars (
        host_id uuid not null,
        slot_duration_minutes int not null,
        minimum_notice_minutes int not null default 0,
        horizon_days int not null default 0,
        buffer_before_minutes int not null default 0,
        buffer_after_minutes int not null default 0,
        seats int not null default 1,
        rules_version int not null default 0,
        hours_version int not null default 0,
        constraint calendars_pkey primary key (host_id, slot_duration_minutes),
        constraint calendars_host_id_key unique (host_id),
        constraint calendars_host_id_fkey foreign key (host_id) references users (id),
        constraint calendars_slot_duration_minutes check (slot_duration_minutes >= 0 and slot_duration_minutes <= 1440),
        constraint calendars_minimum_notice_minutes
          check (minimum_notice_minutes >= 0 and minimum_notice_minutes <= 527040),
        constraint calendars_horizon_days check (horizon_days >= 0 and horizon_days <= 3660),
        constraint calendars_buffer_before_minutes check (buffer_before_minutes >= 0 and buffer_before_minutes <= 1440),
        constraint calendars_buffer_after_minutes check (buffer_after_minutes >= 0 and buffer_after_minutes <= 1440),
        constraint calendars_seats check (seats >= 1 and seats <= 1000),
        constraint calendars_rules_version_not_negative check (rules_version >= 0),
        constraint calendars_hours_version_not_negative check (hours_version >= 0)
      )`);

    this.addSql(`
      create table openings (
        host_id uuid not null,
        slot_duration_minutes int not null,
        during tstzrange not null,
        create_time timestamptz(3) not null default clock_timestamp(),
        constraint openings_pkey primary key (host_id, slot_duration_minutes, during),
        constraint openings_calendar_fkey foreign key (host_id, slot_duration_minutes)
          references calendars (host_id, slot_duration_minutes) on update cascade,
        constraint openings_slot_duration_minutes check (slot_duration_minutes >= 1),
        constraint openings_during_finite check (
          not isempty(during) and not lower_inf(during) and not upper_inf(during)
          and isfinite(lower(during)) and isfinite(upper(during))),
        constraint openings_during_half_open check (lower_inc(during) and not upper_inc(during)),
        constraint openings_during_milliseconds check (
          lower(during) = lower(during)::timestamptz(3) and upper(during) = upper(during)::timestamptz(3)),
        constraint openings_never_touching
          exclude using gist (host_id with =, tstzrange(lower(during), upper(during), '[]') with &&)
      )`);
    this.addSql("create index openings_by_host on openings (host_id, lower(during))");

    this.addSql(`
      create table closures (
        host_id uuid not null,
        during tstzrange not null,
        create_time timestamptz(3) not null default clock_timestamp(),
        constraint closures_pkey primary key (host_id, during),
        constraint closures_host_id_fkey foreign key (host_id) references users (id),
        constraint closures_during_finite check (
          not isempty(during) and not lower_inf(during) and not upper_inf(during)
          and isfinite(lower(during)) and isfinite(upper(during))),
        constraint closures_during_half_open check (lower_inc(during) and not upper_inc(during)),
        constraint closures_during_milliseconds check (
          lower(during) = lower(during)::timestamptz(3) and upper(during) = upper(during)::timestamptz(3)),
        constraint closures_never_touching
          exclude using gist (host_id with =, tstzrange(lower(during), upper(during), '[]') with &&)
      )`);
    this.addSql("create index closures_by_host on closures (host_id, lower(during))");

    this.addSql(`
      create table weekly_hours (
        host_id uuid not null,
        from_date date not null,
        time_zone text not null,
        constraint weekly_hours_pkey primary key (host_id, from_date),
        constraint weekly_hours_host_id_fkey foreign key (host_id) references users (id),
        constraint weekly_hours_from_date check (from_date >= '1970-01-01'::date and from_date < '2200-01-01'::date),
        constraint weekly_hours_time_zone_length check (char_length(time_zone) >= 1 and char_length(time_zone) <= 64)
      )`);
    this.addSql(`
      create table weekly_ranges (
        host_id uuid not null,
        from_date date not null,
        day smallint not null,
        minutes int4range not null,
        constraint weekly_ranges_pkey primary key (host_id, from_date, day, minutes),
        constraint weekly_ranges_hours_fkey foreign key (host_id, from_date)
          references weekly_hours (host_id, from_date) on delete cascade,
        constraint weekly_ranges_day check (day >= 1 and day <= 7),
        constraint weekly_ranges_minutes check (
          not isempty(minutes) and lower(minutes) >= 0 and upper(minutes) <= 1440),
        constraint weekly_ranges_no_overlap
          exclude using gist (host_id with =, from_date with =, day with =, minutes with &&)
      )`);

    this.addSql(`
      create table requests (
        host_id uuid not null,
        request_id uuid not null,
        create_time timestamptz(3) not null,
        method text not null,
        content_hash bytea not null,
        answer bytea not null,
        constraint requests_pkey primary key (host_id, request_id),
        constraint requests_content_hash_is_sha256 check (octet_length(content_hash) = 32)
      )`);
    this.addSql("create index requests_by_create_time on requests (create_time)");
  }
}
