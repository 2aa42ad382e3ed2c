/** Looking at a source before it is read. */
import type { Problem, Source, ViewFigures } from './source.ts';

export interface SourceCheck {
  readonly kind: string;
  readonly asOf: string | null;
  readonly details: Readonly<Record<string, string>>;
  /** Without an error for a source that can be read. */
  readonly problems: readonly Problem[];
  /** Rows and ranges of dates per view; empty while there are errors. */
  readonly views: readonly ViewFigures[];
}

/** Hold a source against the contract and tell what it holds. Problems are returned, not thrown. */
export async function checkSource(source: Source, latelySeconds?: number): Promise<SourceCheck> {
  const problems = await source.check(latelySeconds);
  const { kind, details } = source.describe();
  const isReadable = problems.every(({ severity }) => severity !== 'error');
  const views = isReadable ? await source.figures() : [];
  return { kind, asOf: source.asOf ?? null, details, problems: [...problems, ...noBody(views)], views };
}

/** Without any body nothing can be counted: every run would refuse it. */
function noBody(views: readonly ViewFigures[]): Problem[] {
  if (views.every(({ view, rows }) => view !== 'ARB_ORG' || rows > 0)) return [];
  return [{ view: 'ARB_ORG', severity: 'error', message: 'ARB_ORG has no body', statements: [] }];
}
