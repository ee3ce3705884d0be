/** The functions of a file by its text: enough to measure them, no parser. */
export interface FunctionSpan {
  readonly name: string;
  /** From 1. */
  readonly line: number;
  readonly length: number;
}

const start =
  /^(\s*)(?:export\s+)?(?:async\s+)?(?:function\*?\s+(\w+)|(?:(?:static|async|override|get|set|\*)\s+)*(#?\w+)\s*(?:<[^>]*>)?\([^;]*$)/;

/** Functions and methods that end with a closing brace at the depth at which they began (as the formatter has it). */
export function functionsOf(lines: readonly string[]): readonly FunctionSpan[] {
  const spans: FunctionSpan[] = [];
  for (const [index, line] of lines.entries()) {
    const match = start.exec(line);
    if (!match || /^\s*(?:if|for|while|switch|return|await|catch|else)\b/.test(line)) continue;
    const close = `${match[1]}}`;
    for (let end = index; end < lines.length; end += 1) {
      const text = lines[end]!;
      if (end > index && (text === close || text === `${close};` || text === `${close},`)) {
        spans.push({ name: match[2] ?? match[3] ?? "?", line: index + 1, length: end - index + 1 });
        break;
      }
      // A call or a declaration without a body ends at a line of the same depth that is no brace.
      if (
        end > index &&
        text !== "" &&
        !text.startsWith(`${match[1]} `) &&
        !text.startsWith(`${match[1]})`)
      )
        break;
    }
  }
  return spans;
}
