import process from "node:process";
import { runService } from "../../shared/service/run-service.ts";
import { bookingConfig } from "./config.ts";
import { startBooking } from "./service.ts";

await runService(process, { name: "booking", readConfig: bookingConfig, start: startBooking });
