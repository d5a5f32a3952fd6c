// The base path of the server on its host.

/** The prefix of all paths, such as `/drive`. The server writes it into its pages. */
export const basePath = (): string =>
  globalThis.document?.querySelector<HTMLMetaElement>('meta[name="base-path"]')?.content ?? "";
