// What the page of a file request asks the server, and what this browser remembers of the request: the grants that it was given,
// and what their holder has told about themselves. All tabs share that: each changes only what is its own. It draws nothing.

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

/** How long the server may take to give a grant. */
const ASKED_MS = 60_000;
/** The maximum number of ended grants that are remembered. */
const MOST_EARLIER = 20;

export const DRIVE = `${location.origin}${basePath()}`;
const slug = location.pathname.replace(/\/+$/, "").split("/").pop() ?? "";
const REQUEST = `${DRIVE}/r/${encodeURIComponent(slug)}`;
const KEPT = `dray.request.${slug}`;
const newVisitor = (): string => Array.from(crypto.getRandomValues(new Uint32Array(4)), (part) => part.toString(16)).join("-");

export class RequestClient {
  private kept: Kept = recall() ?? {};
  /** Known only until the page is closed. */
  private password: string | undefined;
  private joining: Promise<string> | null = null;

  /** `onLeave` is called before the page is another visitor's, here or in another tab, and `onCome` when it is. */
  constructor(
    private readonly onLeave: () => void,
    private readonly onCome: () => void,
  ) {
    addEventListener("storage", ({ key }) => {
      if (key === KEPT) this.adopt(recall() ?? this.kept);
    });
  }

  get who(): Who {
    return whoIs(this.kept);
  }

  /** Names the uploads of this visitor in this browser, whichever grant they use. */
  async owner(): Promise<string> {
    if (!this.kept.visitor) await this.change((kept) => ({ visitor: newVisitor(), ...kept }));
    return `request ${slug} ${this.kept.visitor}`;
  }

  get hasPassword(): boolean {
    return this.password !== undefined;
  }

  /** Takes a password that the page was asked for. A grant from before it is no longer accepted. */
  async enter(password: string): Promise<void> {
    this.password = password;
    if (this.kept.grant) await this.leave(this.kept.grant);
  }

  /** Whether this is another visitor than the one whom this browser remembers. */
  isAnother(who: Who): boolean {
    return differs(this.kept, who);
  }

  /** Remembers who the visitor is. Another one sees nothing of the files of the one before, and is another submitter. */
  introduce(who: Who): Promise<void> {
    return this.change((kept) => (differs(kept, who) ? { ...who, visitor: newVisitor() } : { visitor: newVisitor(), ...kept, ...who }));
  }

  /** Ends the use of a grant. Its files are still shown. */
  private leave(grant: string): Promise<void> {
    return this.change((kept) => {
      if (kept.grant !== grant) return kept;
      const { grant: _, earlier = [], ...rest } = kept;
      return { ...rest, earlier: [grant, ...earlier].slice(0, MOST_EARLIER) };
    });
  }

  /** Ends the use of the current grant if the server no longer accepts it. */
  async renew(): Promise<void> {
    const { grant } = this.kept;
    if (!grant) return;
    try {
      await this.ask("/uploads", { headers: { Authorization: `Bearer ${grant}` } });
    } catch (error) {
      const isOver = error instanceof Refusal && ["invalid_token", "expired_token", "revoked_token"].includes(error.code);
      if (isOver) await this.leave(grant);
    }
  }

  open(): Promise<Opened> {
    const { grant } = this.kept;
    return this.post<Opened>("/open", this.password === undefined ? {} : { password: this.password }, grant === undefined ? {} : { headers: { Authorization: `Bearer ${grant}` } });
  }

  /** The current grant. The first upload asks the server for one; uploads that ask at the same time share it, in all tabs. */
  async grant(): Promise<string> {
    if (this.kept.grant) return this.kept.grant;
    this.joining ??= this.join().finally(() => (this.joining = null));
    return this.joining;
  }

  private async join(): Promise<string> {
    const { visitor } = this.kept;
    await this.change(async (kept) => {
      if (kept.grant || kept.visitor !== visitor) return kept;
      const { password } = this;
      // No other tab can change anything meanwhile, so this must end.
      const signal = AbortSignal.timeout(ASKED_MS);
      const { grant } = await this.post<{ grant: string }>("/submitters", { ...(password !== undefined && { password }), ...whoIs(kept) }, { signal });
      return { ...kept, grant };
    });
    const { grant } = this.kept;
    if (!grant || this.kept.visitor !== visitor) throw new Refusal("", "Someone else is now sending files from this browser.");
    return grant;
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

  private post<T>(path: string, body: object, { headers, ...more }: RequestInit = {}): Promise<T> {
    return this.ask(path, { method: "POST", headers: { "Content-Type": "application/json", ...headers }, body: JSON.stringify(body), ...more });
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

  /** Changes what the browser remembers, as it is now: another tab may have changed it. One tab does this at a time. */
  private change(how: (kept: Kept) => Kept | Promise<Kept>): Promise<void> {
    return alone(async () => {
      const before = recall() ?? this.kept;
      const kept = await how(before);
      if (kept !== before) keep(kept);
      this.adopt(kept);
    });
  }

  private adopt(kept: Kept): void {
    const isAnother = this.kept.visitor !== undefined && this.kept.visitor !== kept.visitor;
    // What the visitor before has not finished is cancelled with the grant of that one.
    if (isAnother) this.onLeave();
    this.kept = kept;
    if (isAnother) this.onCome();
  }
}

/** `null`: nothing is stored, or this browser stores nothing. Then the page itself remembers, until it is closed. */
function recall(): Kept | null {
  try {
    return JSON.parse(localStorage.getItem(KEPT) ?? "null") as Kept | null;
  } catch {
    return null;
  }
}

function keep(kept: Kept): void {
  try {
    localStorage.setItem(KEPT, JSON.stringify(kept));
  } catch {
    // A browser that stores nothing forgets the grant with the page.
  }
}

/** Runs `act` while no other tab does. Without TLS, or where the browser forbids storage, there are no locks. */
async function alone(act: () => Promise<void>): Promise<void> {
  let running: Promise<void> | null = null;
  try {
    await navigator.locks.request(KEPT, () => (running = act()));
  } catch {
    // If `act` failed, it says so itself.
  }
  return running ?? act();
}

const whoIs = ({ name, email }: Kept): Who => ({ ...(name !== undefined && { name }), ...(email !== undefined && { email }) });

const differs = ({ name, email }: Kept, who: Who): boolean =>
  (name !== undefined || email !== undefined) && (name !== who.name || email !== who.email);
