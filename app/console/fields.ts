/** Parts of inputs and answers that several routes share; every text has an end. */
import { z } from 'zod';
import { bodyCode } from '../../pipelines/accounts.ts';

export { indicatorId } from '../../pipelines/figures.ts';

const whole = (most: number) =>
  z
    .string()
    .regex(/^\d{1,9}$/)
    .transform(Number)
    .pipe(z.int().max(most));
export const body = z.union([z.literal('ALL'), bodyCode]).meta({ description: 'A body, or ALL: the whole' });
/** Of records that name no known body the code is what they say. */
export const code = z.string().regex(/^[\p{L}\p{N}._-]{1,40}$/u);
export const period = z.string().regex(/^\d{4}(-(0[1-9]|1[0-2])|-Q[1-4]|-H[12])?$/);
export const month = z.string().regex(/^\d{4}-(0[1-9]|1[0-2])$/);
export const day = z.iso.date();
export const runId = z.string().regex(/^R\d{8}-\d{6}-[0-9a-f]{4}$/);
export const requestId = z.string().regex(/^Q[0-9a-f]{16}$/);
export const fileId = z.string().regex(/^[0-9a-f]{32}$/);
export const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
export const reason = z.string().trim().min(1).max(500);
export const title = z.string().trim().min(1).max(60);

/** A page of a list. */
export const paging = {
  limit: whole(1000).optional(),
  offset: whole(10_000_000).optional(),
};
export const upTo = (most: number) => whole(most).optional();
export const DEFAULT_LIMIT = 100;

/** An answer that is a list, with what else goes with it. */
export const text = z.string();
export const stamp = z.string();
export const nullableText = z.string().nullable();
export const anything = z.record(z.string(), z.unknown());

/** The rows of a page out of a stream, and whether there are more. */
export async function pageOf<T>(
  rows: AsyncIterable<T>,
  {
    limit = DEFAULT_LIMIT,
    offset = 0,
  }: { readonly limit?: number | undefined; readonly offset?: number | undefined },
): Promise<{ rows: T[]; hasMore: boolean }> {
  const page: T[] = [];
  let position = 0;
  for await (const row of rows) {
    position += 1;
    if (position <= offset) continue;
    if (page.length === limit) return { rows: page, hasMore: true };
    page.push(row);
  }
  return { rows: page, hasMore: false };
}
