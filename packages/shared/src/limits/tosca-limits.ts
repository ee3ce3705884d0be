/** Bounds of TOSCA templates, of the archives they come in, and of fetching either. Each with its reason; `limits.ts` puts all together. */
export const toscaLimits = {
  /** Values and characters that one translation makes: more than fits into one commit. Stops properties that double each other. */
  toscaWorkMax: 4 * 1024 * 1024,
  /** Nodes of a template: an object each, and the largest applications have some hundreds. Each text of YAML takes its time. */
  toscaNodesMax: 2_000,
  /** Characters of a value that an error repeats. */
  toscaToldCharsMax: 80,
  /** Translations that are remembered of an application: one for each specification that it can be taken back to, and the present one. */
  translationsKeptMax: 11,

  /** Bytes of an archive: a template and its types are some hundred kB; scripts and images do not belong into one. */
  csarBytesMax: 8 * 1024 * 1024,
  /** Entries of an archive: the largest collections of types have some hundred files. */
  csarEntriesMax: 1_000,
  /** Bytes of everything in an archive, inflated. */
  csarInflatedBytesMax: 32 * 1024 * 1024,
  /** How many times its size an archive may become: YAML shrinks to a tenth, a bomb to a thousandth. */
  csarRatioMax: 100,
  /** Below this size nothing is a bomb, and a short text of blanks may shrink as much as one. */
  csarRatioFreeBytes: 1024 * 1024,

  /** One fetch of a template or an archive with all its redirects: a few megabytes over a slow line. */
  sourceFetchMs: 30_000,
  /** Redirects on the way to it: pages of releases take two. */
  sourceRedirectsMax: 5,
} as const;
