// Formats numbers for people. A number and its unit stay on one line.

const NBSP = "\u00a0";
const UNITS = ["B", "KiB", "MiB", "GiB", "TiB"];

/** `1536` → `1.5 KiB`. Binary units, as the part sizes are. */
export function bytes(count: number): string {
  let value = count;
  let unit = 0;
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  const digits = unit === 0 || value >= 100 ? 0 : 1;
  return `${value.toFixed(digits)}${NBSP}${UNITS[unit] ?? "B"}`;
}

/** `3700` → `1 h 2 min`. Longer times are rounded more. */
export function duration(seconds: number): string {
  const whole = Math.max(1, Math.ceil(seconds));
  if (whole < 60) return `${whole}${NBSP}s`;
  const minutes = Math.round(whole / 60);
  if (minutes < 60) return `${minutes}${NBSP}min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return minutes % 60 ? `${hours}${NBSP}h${NBSP}${minutes % 60}${NBSP}min` : `${hours}${NBSP}h`;
  return `${Math.round(hours / 24)}${NBSP}days`;
}

/** Whole per cent; 100 only if everything is there. */
export function percent(part: number, whole: number): number {
  return whole === 0 ? 0 : Math.floor((part / whole) * 100);
}
