import { Migration } from "@mikro-orm/migrations";

export class Migration0002Restores extends Migration {
  override up(): void {
    this.addSql(`
      create table restores (
        raised_to bigint not null,
        restore_time timestamptz(3) not null default clock_timestamp(),
        constraint restores_pkey primary key (raised_to),
        constraint restores_raised_to_positive check (raised_to >= 1)
      )`);
  }
}
