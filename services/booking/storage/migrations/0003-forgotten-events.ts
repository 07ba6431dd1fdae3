import { Migration } from "@mikro-orm/migrations";

export class Migration0003ForgottenEvents extends Migration {
  override up(): void {
    this.addSql(`
      alter table hosts
        add column forgotten_to bigint not null default 0,
        add constraint hosts_forgotten_to_not_negative check (forgotten_to >= 0)`);
  }
}
