/* oxlint-disable typescript/no-unsafe-call -- a global of swagger-ui-bundle.js */
/* global SwaggerUIBundle */
SwaggerUIBundle({
  url: "../openapi.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  // It would send the document to a validator elsewhere.
  validatorUrl: null,
});
