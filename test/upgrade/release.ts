/** The release before this code, which test/upgrade/ runs beside it. Set anew when a release is cut (CONTRIBUTING.md). */
export const RELEASE = { version: "0.1.0", commit: "d63910740343f6d684ebd7081aa621524e411813" };
