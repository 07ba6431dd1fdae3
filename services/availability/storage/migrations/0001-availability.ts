import { Migration } from "@mikro-orm/migrations";

export class Migration0001Availability extends Migration {
  override up(): void {
    // Lets a GiST constraint compare UUIDs for equality. A trusted extension: the owner of the database may create it.
    this.addSql("create extension if not exists btree_gist");

    this.addSql(`
      create table users (
        id uuid not null,
        email text not null,
        display_name text not null,
        role text not null,
        create_time timestamptz(3) not null default clock_timestamp(),
        constraint users_pkey primary key (id),
        constraint users_email_length check (char_length(email) >= 1 and char_length(email) <= 254),
        constraint users_display_name_length check (char_length(display_name) >= 1 and char_length(display_name) <= 200),
        constraint users_role check (role in ('HOST', 'USER'))
      )`);
    this.addSql("create unique index users_email_key on users (lower(email))");
    this.addSql("create index users_by_role on users (role, id)");

    this.addSql(`
      create table availability (
        id uuid not null,
        host_id uuid not null,
        during tstzrange not null,
        slot_duration_minutes int not null,
        create_time timestamptz(3) not null default clock_timestamp(),
        constraint availability_pkey primary key (host_id, id),
        constraint availability_host_id_fkey foreign key (host_id) references users (id),
        constraint availability_during_finite check (
          not isempty(during) and not lower_inf(during) and not upper_inf(during)
          and isfinite(lower(during)) and isfinite(upper(during))),
        constraint availability_during_half_open check (lower_inc(during) and not upper_inc(during)),
        constraint availability_during_milliseconds check (
          lower(during) = lower(during)::timestamptz(3) and upper(during) = upper(during)::timestamptz(3)),
        constraint availability_never_touching
          exclude using gist (host_id with =, tstzrange(lower(during), upper(during), '[]') with &&),
        constraint availability_one_slot_duration
          exclude using gist (host_id with =, slot_duration_minutes with <>),
        constraint availability_slot_duration_minutes check (slot_duration_minutes >= 1 and slot_duration_minutes <= 1440)
      )`);
    this.addSql("create index availability_by_host on availability (host_id, lower(during))");

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
