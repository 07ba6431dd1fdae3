import type { IMigrationRunner, MikroORM } from "@mikro-orm/core";
import { Migrator } from "@mikro-orm/migrations";
import { PatientRunner, TABLE_PATIENCE, type TablePatience } from "./patient-runner.ts";

interface Extension {
  readonly name: string;
  readonly register: (orm: MikroORM) => void;
}

/** MikroORM's migrator, with the patient runner: for MikroORM's `extensions`. */
export function patientMigrator(patience: TablePatience = TABLE_PATIENCE): Extension {
  class PatientMigrator extends Migrator {
    protected override createRunner(): IMigrationRunner {
      return new PatientRunner(patience, this.driver, this.options, this.config);
    }
  }
  return {
    // Or MikroORM registers its own one after this.
    name: "Migrator",
    register: (orm) =>
      orm.config.registerExtension("@mikro-orm/migrator", () => new PatientMigrator(orm.em as Migrator["em"])),
  };
}
