import process from "node:process";
import { runService } from "../../shared/service/run-service.ts";
import { availabilityConfig } from "./config.ts";
import { startAvailability } from "./service.ts";

await runService(process, { name: "availability", readConfig: availabilityConfig, start: startAvailability });
