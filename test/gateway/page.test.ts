/** The page that shows the OpenAPI document, in a browser. */

import { existsSync } from "node:fs";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type GatewayUnderTest, startGatewayOf } from "./started.ts";
import { type Pair, startPair } from "../support/pair.ts";
import { createHost } from "../support/people.ts";
import { admin, tokenOf } from "../support/tokens.ts";
import { waitFor } from "../support/waits.ts";

const browserPath = ["/usr/bin/chromium", "/usr/bin/chromium-browser"].find((path) => existsSync(path));
if (browserPath === undefined) {
  process.stderr.write(
    "\n*** SKIPPED: the documentation page was not tried, because Chromium is not installed. ***\n\n",
  );
}

describe.skipIf(browserPath === undefined)("the page at /docs", () => {
  let pair: Pair;
  let gateway: GatewayUnderTest;
  let browser: Browser;
  let page: Page;
  const elsewhere: string[] = [];
  const complaints: string[] = [];

  beforeAll(async () => {
    pair = await startPair();
    gateway = await startGatewayOf(pair);
    browser = await chromium.launch({
      executablePath: browserPath ?? "",
      args: ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"],
    });
    page = await browser.newPage();
    page.on("request", (request) => {
      if (!request.url().startsWith(gateway.url) && !request.url().startsWith("data:")) elsewhere.push(request.url());
    });
    page.on("pageerror", (error) => complaints.push(String(error)));
    page.on("console", (line) => {
      if (line.type() === "error") complaints.push(line.text());
    });
  });
  afterAll(async () => {
    await browser.close();
    await gateway.stop();
    await pair.stop();
  });

  test("shows the methods, signs in and sends a request", async () => {
    const hostId = await createHost(pair.clients);
    await page.goto(`${gateway.url}/docs`);
    await page.getByRole("button", { name: "Authorize" }).click();
    await page.locator(".auth-container input").fill(await tokenOf(admin));
    await page.locator(".auth-btn-wrapper .authorize").click();
    await page.locator(".btn-done").click();

    const operation = page.locator("#operations-UserService-GetUser");
    await operation.locator(".opblock-summary").click();
    await operation.getByRole("button", { name: "Try it out" }).click();
    await operation.locator("tr[data-param-name=user_id] input").fill(hostId);
    await operation.getByRole("button", { name: "Execute" }).click();
    const answer = operation.locator(".live-responses-table");
    await answer.waitFor();
    expect(await answer.locator(".response-col_status").last().textContent()).toContain("200");
    expect(await answer.locator(".response-col_description").last().textContent()).toContain(hostId);
  });

  test("sends the example that it shows, and shows what is wrong with it", async () => {
    const operation = page.locator("#operations-BookingService-CreateBooking");
    await operation.locator(".opblock-summary").click();
    await operation.getByRole("button", { name: "Try it out" }).click();
    const answer = operation.locator(".live-responses-table");
    // Where others use the processors, the services may ask a caller to come again.
    await waitFor(async () => {
      await operation.getByRole("button", { name: "Execute" }).click();
      await answer.waitFor();
      expect(await answer.textContent()).toContain("USER_NOT_FOUND");
    });
  });

  test("loads nothing from elsewhere and breaks none of its own rules", () => {
    expect(elsewhere).toEqual([]);
    // A browser remarks on every answer that is not good: that of the example is not, nor is one that asks to come again.
    expect(complaints.filter((text) => !/status of (404|503)/.test(text))).toEqual([]);
  });
});
