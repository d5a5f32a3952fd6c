// What `disk.ts` uses of Node. Node's own types would also change those of pages.

declare module "node:fs" {
  interface Found {
    size: number;
    mtimeMs: number;
    isFile(): boolean;
  }
  interface Entry {
    name: string;
    isFile(): boolean;
    isDirectory(): boolean;
  }
  type Callback<T> = (why: Error | null, value: T) => void;
  function open(path: string, flags: "r", callback: Callback<number>): void;
  function read(fd: number, into: Uint8Array, offset: number, length: number, position: number, callback: Callback<number>): void;
  function fstatSync(fd: number): Found;
  function closeSync(fd: number): void;
  function stat(path: string, callback: Callback<Found>): void;
  const promises: { readdir(path: string, options: { withFileTypes: true }): Promise<Entry[]> };
}

declare module "node:path" {
  function basename(path: string): string;
  function join(...names: string[]): string;
  function resolve(path: string): string;
}

declare module "node:url" {
  function fileURLToPath(url: string | URL): string;
}
