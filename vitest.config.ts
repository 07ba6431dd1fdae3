import { delimiter, join } from "node:path";
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["services/**/*.test.ts", "shared/**/*.test.ts", "test/**/*.test.ts"],
    // The programs of others that `.ci/install-tools` installs.
    env: { PATH: [join(import.meta.dirname, ".dev/tools"), process.env["PATH"]].join(delimiter) },
    // One PostgreSQL for the whole run; each test file clones a database of its own.
    globalSetup: ["test/support/global-setup.ts"],
    // Processes, not threads: services set signal handlers and a test may end one of them.
    pool: "forks",
    // One more than two cores: many tests wait for a deadline or a restart, and then others run.
    maxWorkers: 3,
    // Only what hangs takes so long, also where others use the processors.
    testTimeout: 240_000,
    hookTimeout: 240_000,
    restoreMocks: true,
  },
});
