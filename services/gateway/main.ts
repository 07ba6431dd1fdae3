import process from "node:process";
import { runService } from "../../shared/service/run-service.ts";
import { gatewayConfig } from "./config.ts";
import { startGateway } from "./service.ts";

await runService(process, { name: "gateway", readConfig: gatewayConfig, start: startGateway });
