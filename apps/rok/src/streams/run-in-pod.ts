import { exitStatus, usageError } from "../exit-status.ts";
import type { Io } from "../io.ts";
import { applicationPath } from "../kubernetes/act-on-application.ts";
import type { Call } from "../leaf.ts";
import { oneLine } from "../output/terminal-text.ts";
import type { Session } from "../session.ts";
import { findPod } from "./find-pod.ts";
import type { PodAnswer } from "./pod-answer.ts";
import { untilUnread } from "./pour.ts";
import { commandProtocols, runCommand, type CommandStreams } from "./remote-command.ts";
import { connectServer, openSocket } from "./server-connection.ts";
import { streamsOf, writerTo, type StandardStreams } from "./standard-streams.ts";

/** `rok kube app exec` and `attach`. */

export interface CommandFlags {
  readonly pod?: string;
  readonly container?: string;
  readonly stdin?: boolean;
  readonly tty?: boolean;
  readonly cluster?: string;
}

/** The exit status is that of the command. */
export async function execCommand(call: Call<CommandFlags>): Promise<number> {
  const command = call.args.slice(1).filter((word) => word !== undefined);
  if (command.length === 0) throw usageError("expected a command behind --: exec NAME -- ls /tmp");
  return await connect(call, "exec", command);
}

export async function attachCommand(call: Call<CommandFlags>): Promise<number> {
  return await connect(call, "attach", []);
}

async function connect(
  { args, options, session }: Call<CommandFlags>,
  connection: "exec" | "attach",
  command: readonly string[],
): Promise<number> {
  const path = await applicationPath(session, args[0] ?? "");
  const { pod: target, cluster } = options;
  const { pod, count } = await findPod(session, { path, target, cluster });
  const container = options.container ?? pod.default_container;
  tellChoice(session, { pod, count, options, container });
  const streams = streamsOf(session.io);
  const terminal = options.tty === true ? usableTerminal(session, streams) : undefined;
  // Keys that nobody reads could not end it either.
  const hasInput = options.stdin === true || terminal !== undefined;
  const query = commandQuery(pod, container, command);
  if (hasInput) query.set("stdin", "true");
  if (terminal) query.set("tty", "true");
  const server = await connectServer(session);
  const url = `${path}/${connection}?${query.toString()}`;
  const socket = await openSocket(server, url, commandProtocols);
  if (socket.protocol !== "v5.channel.k8s.io" && hasInput && !terminal) {
    session.note("rok: this cluster cannot be told when the input ends");
  }
  terminal?.setRaw(true);
  try {
    const outcome = await untilUnread(session.io, () =>
      runCommand(socket, ownStreams(session.io, hasInput, terminal)),
    );
    return outcome?.exitCode ?? exitStatus.ok;
  } finally {
    terminal?.setRaw(false);
  }
}

/** What the server asks for a command, or for attaching without one. Pure. */
export function commandQuery(
  { name, cluster }: PodAnswer,
  container: string,
  command: readonly string[],
): URLSearchParams {
  const query = new URLSearchParams({ pod: name, cluster, container });
  for (const word of command) query.append("command", word);
  return query;
}

function ownStreams(
  io: Io,
  hasInput: boolean,
  terminal: StandardStreams["terminal"],
): CommandStreams {
  const streams = streamsOf(io);
  return {
    input: hasInput ? streams.input : undefined,
    out: writerTo(streams.output, io.stop),
    errors: writerTo(streams.errors, io.stop),
    signal: io.stop,
    onSize:
      terminal &&
      ((listener) => {
        listener(terminal.size());
        return terminal.onResize(() => listener(terminal.size()));
      }),
  };
}

/** As with kubectl, a script that asks for a terminal goes on without one. */
function usableTerminal(
  session: Session,
  { terminal }: StandardStreams,
): StandardStreams["terminal"] {
  if (!terminal) session.note("rok: -t: the input is no terminal; going on without one");
  return terminal;
}

/** Says where one is, when that was not said. */
function tellChoice(
  session: Session,
  {
    pod,
    count,
    options,
    container,
  }: {
    readonly pod: PodAnswer;
    readonly count: number;
    readonly options: CommandFlags;
    readonly container: string;
  },
): void {
  const { containers } = pod;
  const others = containers.filter(({ init }) => !init).length > 1;
  const isPodOpen = count > 1;
  const isContainerOpen = options.container === undefined && others;
  if (!isPodOpen && !isContainerOpen) return;
  const where = isContainerOpen ? `${pod.name}, container ${container}` : pod.name;
  const flags = [isPodOpen ? "--pod" : "", isContainerOpen ? "-c" : ""].filter(Boolean);
  session.note(oneLine(`rok: in Pod ${where} (${flags.join(" and ")} to choose another)`));
}
