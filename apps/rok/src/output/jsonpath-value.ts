import type { Condition, Operand, Path, Piece, Step } from "./jsonpath.ts";

/** What templates and paths of `jsonpath.ts` give for a value. What is not there gives nothing. Pure. */

type Entry = Readonly<Record<string, unknown>>;

/**
 * The text of a template: values of one pair of braces with a blank between them, texts as they
 * are, anything else in JSON. A list as a whole can also be named `.items`, as kubectl has it.
 */
export function renderTemplate(pieces: readonly Piece[], root: unknown): string {
  return render(pieces, root, root);
}

function render(pieces: readonly Piece[], root: unknown, current: unknown): string {
  return pieces.map((piece) => renderPiece(piece, root, current)).join("");
}

function renderPiece(piece: Piece, root: unknown, current: unknown): string {
  switch (piece.type) {
    case "text":
      return piece.text;
    case "paths":
      return piece.paths
        .map((part) =>
          "literal" in part ? part.literal : find(part, root, current).map(textOf).join(" "),
        )
        .join("");
    case "range":
      return elementsOf(find(piece.path, root, current))
        .map((element) => render(piece.body, root, element))
        .join("");
  }
}

/** `{range .items}` goes over the elements as `{range .items[*]}` does. */
function elementsOf(found: readonly unknown[]): readonly unknown[] {
  return found.length === 1 && Array.isArray(found[0]) ? (found[0] as unknown[]) : found;
}

/** Every value that the path leads to. */
export function find(path: Path, root: unknown, current: unknown = root): readonly unknown[] {
  let values: readonly unknown[] = [path.root === "$" ? root : current];
  for (const step of path.steps) {
    values = values.flatMap((value) => follow(step, value, root));
  }
  return values;
}

export function textOf(value: unknown): string {
  return typeof value === "string" ? value : (JSON.stringify(value) ?? "");
}

function follow(step: Step, value: unknown, root: unknown): readonly unknown[] {
  switch (step.type) {
    case "child":
      return step.names.flatMap((name) => childOf(value, name, root));
    case "index":
      return Array.isArray(value)
        ? step.indexes.flatMap((index) => {
            const at = index < 0 ? value.length + index : index;
            return at in value ? [value[at] as unknown] : [];
          })
        : [];
    case "slice":
      return Array.isArray(value) ? sliceOf(value, step) : [];
    case "all":
      return childrenOf(value);
    case "descend":
      return withDescendants(value);
    case "filter":
      return childrenOf(value).filter((child) => holds(step.condition, root, child));
  }
}

function childOf(value: unknown, name: string, root: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value === root && name === "items" ? [value] : [];
  return isEntry(value) && Object.hasOwn(value, name) ? [value[name]] : [];
}

function childrenOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value as unknown[];
  return isEntry(value) ? Object.values(value) : [];
}

function withDescendants(value: unknown): readonly unknown[] {
  const found: unknown[] = [];
  const open: unknown[] = [value];
  while (open.length > 0) {
    const next = open.pop();
    found.push(next);
    open.push(...childrenOf(next).toReversed());
  }
  return found;
}

function sliceOf(
  list: readonly unknown[],
  { from = 0, to = list.length, step = 1 }: Extract<Step, { readonly type: "slice" }>,
): readonly unknown[] {
  if (step < 1) return [];
  return list.slice(from, to).filter((_, index) => index % step === 0);
}

function holds({ left, operator, right }: Condition, root: unknown, current: unknown): boolean {
  const [one] = operandOf(left, root, current);
  if (operator === undefined) return one !== undefined;
  const [other] = right === undefined ? [] : operandOf(right, root, current);
  if (one === undefined) return false;
  switch (operator) {
    case "==":
      return isSame(one, other);
    case "!=":
      return !isSame(one, other);
    default: {
      const order = compare(one, other);
      if (order === undefined) return false;
      if (order === 0) return operator === "<=" || operator === ">=";
      return order < 0 ? operator.startsWith("<") : operator.startsWith(">");
    }
  }
}

function operandOf(operand: Operand, root: unknown, current: unknown): readonly unknown[] {
  return "literal" in operand ? [operand.literal] : find(operand, root, current);
}

function isSame(one: unknown, other: unknown): boolean {
  return one === other || (isEntry(one) && JSON.stringify(one) === JSON.stringify(other));
}

/** Below 0, 0 or above; `undefined` where there is no order. */
function compare(one: unknown, other: unknown): number | undefined {
  if (typeof one === "number" && typeof other === "number") return one - other;
  if (typeof one !== "string" || typeof other !== "string") return undefined;
  if (one === other) return 0;
  return one < other ? -1 : 1;
}

function isEntry(value: unknown): value is Entry {
  return typeof value === "object" && value !== null;
}
