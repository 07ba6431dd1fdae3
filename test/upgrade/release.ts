/** The release before this code, which test/upgrade/ runs beside it. Set anew when a release is cut (CONTRIBUTING.md). */
export const RELEASE = { version: "0.1.0", commit: "92d3b6e06455aba1dd9fb12fdc60f2f8ec1f8340" };
