import type { Clock } from "@octoplane/shared/clock";
import { limits } from "@octoplane/shared/limits";
import type { SimObject } from "../sim-object.ts";
import { ContainerFiles } from "./container-files.ts";

export interface LogLine {
  readonly index: number;
  /** RFC 3339 with nanoseconds, as container runtimes write it. */
  readonly time: string;
  readonly text: string;
}

interface Inside {
  readonly files: ContainerFiles;
  readonly lines: LogLine[];
  written: number;
}

/** What is inside the containers of one cluster: their files, and what their processes wrote. Made when it is first asked for. */
export class Containers {
  readonly #clock: Clock;
  /** By the Pod's uid, then by the container's name. */
  readonly #inside = new Map<string, Map<string, Inside>>();
  readonly #readers = new Set<(podUid: string, container: string) => void>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  files(pod: SimObject, container: string): ContainerFiles {
    return this.#of(pod, container).files;
  }

  /** The lines that its process has written, from a number on. */
  lines(pod: SimObject, container: string, from = 0): readonly LogLine[] {
    const { lines } = this.#of(pod, container);
    return lines.slice(Math.max(0, from - (lines[0]?.index ?? 0)));
  }

  /** A line that the container's process writes now. */
  write(pod: SimObject, container: string, text: string): void {
    const inside = this.#of(pod, container);
    const time = new Date(this.#clock.now()).toISOString().replace("Z", "000000Z");
    inside.lines.push({ index: inside.written, time, text });
    inside.written += 1;
    if (inside.lines.length > limits.simHistoryEventsMax) inside.lines.shift();
    for (const reader of this.#readers) reader(pod.metadata.uid, container);
  }

  /** Hears of every line; the returned function ends it. */
  listen(reader: (podUid: string, container: string) => void): () => void {
    this.#readers.add(reader);
    return () => void this.#readers.delete(reader);
  }

  /** The Pod has gone, with all that was inside. */
  forget(podUid: string): void {
    this.#inside.delete(podUid);
  }

  #of(pod: SimObject, container: string): Inside {
    const { uid, name } = pod.metadata;
    let containers = this.#inside.get(uid);
    if (!containers) this.#inside.set(uid, (containers = new Map()));
    let inside = containers.get(container);
    if (!inside) {
      inside = { files: new ContainerFiles(name), lines: [], written: 0 };
      containers.set(container, inside);
    }
    return inside;
  }
}
