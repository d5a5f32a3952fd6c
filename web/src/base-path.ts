// Where the server is below the root of its host.

/** The path that stands before all others, such as `/drive`; the server writes it into its pages. */
export const basePath = (): string =>
  globalThis.document?.querySelector<HTMLMetaElement>('meta[name="base-path"]')?.content ?? "";
