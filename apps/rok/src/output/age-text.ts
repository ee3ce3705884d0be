/** How long ago a moment was, in one or two units: `45s`, `12m`, `3h20m`, `5d`. Pure. */
export function ageText(time: string | null, nowMs: number): string {
  const then = Date.parse(time ?? "");
  if (Number.isNaN(then)) return "";
  const seconds = Math.max(0, Math.floor((nowMs - then) / 1_000));
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  const days = Math.floor(hours / 24);
  if (seconds < 120) return `${seconds}s`;
  if (minutes < 120) return `${minutes}m`;
  if (hours < 10) return `${hours}h${minutes % 60 === 0 ? "" : `${minutes % 60}m`}`;
  return hours < 48 ? `${hours}h` : `${days}d`;
}
