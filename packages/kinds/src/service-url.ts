/** Why a text is not the address of a service that is asked over HTTP, or `undefined`. Pure. */
export function urlProblem(text: string): string | undefined {
  const url = URL.parse(text);
  if (!url || !/^https?:$/.test(url.protocol)) return "expected an http or https URL";
  // They would stand readable in the store and in every answer.
  if (url.username !== "" || url.password !== "") return "expected no credentials in the URL";
  if (url.search !== "" || url.hash !== "") return "expected a URL without a query or a fragment";
  return undefined;
}
