/** Reading one version of all panels: they come in one answer, so that no two versions ever mix. */
import { get, getTagged } from '../lib/api.js';

/** @typedef {import('../../../../schemas/cockpit.ts').PanelDocument} PanelDocument */
/** @typedef {import('../../../../pipelines/cockpit.ts').CockpitRecord & { readonly figure: string }} CockpitRecord */
/**
 * @typedef {{
 *   readonly version: number,
 *   readonly asOf: string,
 *   readonly dataTime: string,
 *   readonly refreshedAt: string,
 *   readonly lateAfter: string,
 *   readonly months: { readonly current: string, readonly complete: string },
 *   readonly ratios: readonly import('../../../../schemas/cockpit.ts').FigureParts[],
 *   readonly snapshotId: string,
 *   readonly runId: string,
 *   readonly toolVersion: string,
 *   readonly freshness: {
 *     readonly ageHours: number,
 *     readonly isLate: boolean,
 *     readonly lastError: { readonly code: string, readonly runId: string, readonly startedAt: string } | null,
 *   },
 * }} Head
 */
/** @typedef {{ readonly index: Head, readonly panels: ReadonlyMap<string, PanelDocument>, readonly tag: string }} Cockpit */

const TRIES = 5;

/**
 * All panels of the version in force, unless the tag says that one has them already.
 * @param {string} [tag] of what one has
 * @returns {Promise<Cockpit | undefined>}
 */
export async function loadCockpit(tag) {
  for (let attempt = 1; attempt <= TRIES; attempt += 1) {
    const answer = await getTagged('/api/cockpit', tag);
    if (answer === undefined) return undefined;
    const { panels, ...index } = /** @type {Head & { panels: readonly PanelDocument[] }} */ (answer.content);
    // Whatever stands between: what is not of one version is read again, never shown.
    if (panels.some(({ version }) => version !== index.version)) continue;
    return { index, panels: new Map(panels.map((panel) => [panel.panel, panel])), tag: answer.tag };
  }
  throw new Error('暂时读不到同一版本的全部面板');
}

/**
 * Records behind a figure, names masked.
 * @param {{ version: number, figure: string, month: string | undefined, body: string | undefined, offset: number }} wanted
 */
export function loadRecords({ version, figure, month, body, offset }) {
  return /** @type {Promise<{ version: number, figures: string[], month: string, records: CockpitRecord[], hasMore: boolean }>} */ (
    get('/api/cockpit/records', { version, figure, month, body, offset })
  );
}

/**
 * The bureau's own map (GeoJSON), which then replaces the tiles.
 * @returns {Promise<unknown>} undefined where it has none
 */
export async function loadOwnMap() {
  const { map } = /** @type {{ map: unknown }} */ (await get('/api/cockpit/map'));
  return map ?? undefined;
}
