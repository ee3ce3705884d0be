/** Namespaces that every cluster has; they are never made and never removed by us. */
export function isProtectedNamespace(name: string): boolean {
  return /^(?:default|kube-.*)$/.test(name);
}
