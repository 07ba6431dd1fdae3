import { Migration } from "@mikro-orm/migrations";

export class Migration0002HoldsByGuest extends Migration {
  override up(): void {
    this.addSql("create index bookings_held_by_guest on bookings (guest_id, expire_time) where state = 'HELD'");
  }
}
