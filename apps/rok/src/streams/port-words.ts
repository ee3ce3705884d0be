import { usageError } from "../exit-status.ts";

/** One port here, and the one that it leads to. */
export interface PortPair {
  /** 0: any that is free. */
  readonly local: number;
  /** A number, or the name of a port of the container or the Service. */
  readonly remote: string;
}

export interface ForwardWords {
  /** What the ports are of; left out: any Pod. */
  readonly target: string | undefined;
  readonly ports: readonly PortPair[];
}

/**
 * `[TARGET] LOCAL:REMOTE…`: `8080:80`, `80` for the same port here, `:80` for any that is free, `8080:http` by name. A first word
 * that is neither a number nor has a colon is the target. Pure.
 */
export function readForwardWords(words: readonly string[]): ForwardWords {
  const [first = "", ...rest] = words;
  const hasTarget = !/^\d+$/.test(first) && !first.includes(":");
  const texts = hasTarget ? rest : words;
  if (texts.length === 0) throw usageError("expected ports: 8080:80, 80, or :80 for any port here");
  return { target: hasTarget ? first : undefined, ports: texts.map(readPort) };
}

function readPort(text: string): PortPair {
  const [, local, remote] = /^(?:(\d*):)?([a-zA-Z0-9][a-zA-Z0-9-]*)$/.exec(text) ?? [];
  const isNumber = /^\d+$/.test(remote ?? "");
  const pair = { local: Number(local ?? (isNumber ? remote : 0)), remote: remote ?? "" };
  const isRight = remote !== undefined && (!isNumber || isPort(Number(remote)));
  if (isRight && (pair.local === 0 || isPort(pair.local))) return pair;
  throw usageError(`expected ports such as 8080:80, found ${text}`);
}

function isPort(port: number): boolean {
  return Number.isInteger(port) && port > 0 && port < 65_536;
}
