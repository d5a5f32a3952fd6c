// What the page of a file request asks the server, and what this browser remembers of the request: the grants that it was given,
// and what their holder has told about themselves. It draws nothing.

import { basePath } from "./base-path.ts";

export type Asks = "no" | "optional" | "required";

/** What the request asks for and allows. */
export interface Opened {
  title: string;
  message: string;
  deadline?: string;
  asksName: Asks;
  asksEmail: Asks;
  maxFiles: number;
  maxFileBytes?: number;
  maxBytes?: number;
  types: string[];
}

export interface SentFile {
  fileName: string;
  fileSize: number;
  createdAt?: string;
}

/** What the visitor has said about themselves. Absent means not yet asked. */
export interface Who {
  name?: string;
  email?: string;
}

/** What this browser remembers. A password is not among it. */
interface Kept extends Who {
  /** The grant that further uploads use. */
  grant?: string;
  /** Grants that have ended. Their files are still shown. */
  earlier?: string[];
  /** A random name of this visitor in this browser. Somebody else gets another one. */
  visitor?: string;
}

/** An error of the server. `message` is for people. */
export class Refusal extends Error {
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

/** The maximum number of ended grants that are remembered. */
const MOST_EARLIER = 20;

export const DRIVE = `${location.origin}${basePath()}`;
const slug = location.pathname.replace(/\/+$/, "").split("/").pop() ?? "";
const REQUEST = `${DRIVE}/r/${encodeURIComponent(slug)}`;
const KEPT = `dray.request.${slug}`;
const newVisitor = (): string => Array.from(crypto.getRandomValues(new Uint32Array(4)), (part) => part.toString(16)).join("-");

export class RequestClient {
  private kept: Kept = recall();
  /** Known only until the page is closed. */
  private password: string | undefined;
  private joining: Promise<string> | null = null;

  get who(): Who {
    const { name, email } = this.kept;
    return { ...(name !== undefined && { name }), ...(email !== undefined && { email }) };
  }

  /** Names the uploads of this visitor in this browser, whichever grant they use. */
  get owner(): string {
    const { visitor = newVisitor() } = this.kept;
    if (!this.kept.visitor) this.keep({ ...this.kept, visitor });
    return `request ${slug} ${visitor}`;
  }

  get hasPassword(): boolean {
    return this.password !== undefined;
  }

  /** Takes a password that the page was asked for. A grant from before it is no longer accepted. */
  enter(password: string): void {
    this.password = password;
    if (this.kept.grant) this.leave();
  }

  /** Whether this is another visitor than the one whom this browser remembers. */
  isAnother(who: Who): boolean {
    const { name, email } = this.kept;
    return (name !== undefined || email !== undefined) && (name !== who.name || email !== who.email);
  }

  /** Remembers who the visitor is. Another one sees nothing of the files of the one before, and is another submitter. */
  introduce(who: Who): void {
    if (this.isAnother(who)) this.keep({ ...who, visitor: newVisitor() });
    else this.keep({ ...this.kept, ...who });
  }

  /** Ends the use of the current grant. Its files are still shown. */
  leave(): void {
    const { grant, earlier = [], ...rest } = this.kept;
    this.keep({ ...rest, earlier: [...(grant ? [grant] : []), ...earlier].slice(0, MOST_EARLIER) });
  }

  /** Ends the use of the current grant if the server no longer accepts it. */
  async renew(): Promise<void> {
    const { grant } = this.kept;
    if (!grant) return;
    try {
      await this.ask("/uploads", { headers: { Authorization: `Bearer ${grant}` } });
    } catch (error) {
      const isOver = error instanceof Refusal && ["invalid_token", "expired_token", "revoked_token"].includes(error.code);
      if (isOver && this.kept.grant === grant) this.leave();
    }
  }

  open(): Promise<Opened> {
    return this.post<Opened>("/open", this.password === undefined ? {} : { password: this.password }, this.kept.grant);
  }

  /** The current grant. The first upload asks the server for one; uploads that ask at the same time share it. */
  grant(): Promise<string> {
    if (this.kept.grant) return Promise.resolve(this.kept.grant);
    const { password } = this;
    this.joining ??= this.post<{ grant: string }>("/submitters", { ...(password !== undefined && { password }), ...this.who })
      .then(({ grant }) => {
        this.keep({ ...this.kept, grant });
        return grant;
      })
      .finally(() => (this.joining = null));
    return this.joining;
  }

  /** The files that this browser has sent and that have arrived, the latest first. */
  async sent(): Promise<SentFile[]> {
    const { grant, earlier = [] } = this.kept;
    const files = await Promise.all([...(grant ? [grant] : []), ...earlier].map((one) => this.sentWith(one)));
    return files.flat().sort((a, b) => (b.createdAt ?? "").localeCompare(a.createdAt ?? ""));
  }

  private async sentWith(grant: string): Promise<SentFile[]> {
    const files: SentFile[] = [];
    let cursor: string | null = null;
    do {
      const query: string = cursor === null ? "" : `?cursor=${encodeURIComponent(cursor)}`;
      try {
        const headers = { Authorization: `Bearer ${grant}` };
        const page: { files: SentFile[]; nextCursor: string | null } = await this.ask(`/uploads${query}`, { headers });
        files.push(...page.files);
        cursor = page.nextCursor;
      } catch {
        // The server no longer knows this grant, or cannot be reached: the list shows the others.
        return files;
      }
    } while (cursor !== null);
    return files;
  }

  private post<T>(path: string, body: object, grant?: string): Promise<T> {
    const headers = { "Content-Type": "application/json", ...(grant && { Authorization: `Bearer ${grant}` }) };
    return this.ask(path, { method: "POST", headers, body: JSON.stringify(body) });
  }

  private async ask<T>(path: string, init: RequestInit): Promise<T> {
    let answer: Response;
    try {
      answer = await fetch(`${REQUEST}${path}`, { ...init, cache: "no-store" });
    } catch {
      throw new Refusal("offline", "The server cannot be reached. Check your connection, then load this page again.");
    }
    const body = (await answer.json().catch(() => null)) as (T & { code?: string; message?: string }) | null;
    if (answer.ok && body) return body;
    throw new Refusal(body?.code ?? "", body?.message ?? `The server answered with status ${answer.status}.`);
  }

  private keep(kept: Kept): void {
    this.kept = kept;
    try {
      localStorage.setItem(KEPT, JSON.stringify(kept));
    } catch {
      // A browser that stores nothing forgets the grant with the page.
    }
  }
}

function recall(): Kept {
  try {
    return JSON.parse(localStorage.getItem(KEPT) ?? "{}") as Kept;
  } catch {
    return {};
  }
}
