// The texts of <dray-upload> in English. A page may set others.

const NBSP = "\u00a0";

export const TEXTS = {
  drop: "Drop files here",
  choose: "Choose files",
  chooseFolder: "Choose a folder",
  unreadable: "The dropped files cannot be read.",
  /** Dropped files that `accept` or `single` does not allow. */
  leftOut: (names: string[]): string => `Not added: ${names.length > 3 ? `${names.slice(0, 3).join(", ")} and ${names.length - 3} more` : names.join(", ")}.`,
  pause: "Pause",
  resume: "Resume",
  retry: "Try again",
  cancel: "Cancel",
  clear: "Clear",
  /** The accessible name of `clear`, which takes a file that is done off the list. It must begin with that text. */
  clearName: (name: string): string => `Clear ${name} from the list`,
  waiting: "Waiting",
  finishing: "Finalizing",
  paused: "Paused",
  inDrive: "Uploaded",
  unpicked: "Not finished",
  more: (count: number): string => `and ${count} more`,
  done: (name: string, _note: string): string => `${name} is uploaded.`,
  failed: (name: string, note: string): string => `${name} failed. ${note}`,
  progress: (sent: number, size: number): string => `${bytes(sent)} of ${bytes(size)}`,
};

/** All texts, which a page may set in another language. */
export type Texts = typeof TEXTS;

/** `1536` → `1.5 KiB`. */
function bytes(count: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  const unit = Math.min(units.length - 1, Math.floor(Math.log2(Math.max(1, count)) / 10));
  const value = count / 1024 ** unit;
  return `${value.toFixed(unit === 0 || value >= 100 ? 0 : 1)}${NBSP}${units[unit] ?? ""}`;
}
