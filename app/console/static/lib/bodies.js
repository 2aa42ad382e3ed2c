/** Names of the arbitration bodies, from the cockpit's panel of districts. Before the first refresh codes stand alone. */
import { get } from './api.js';
import { shortName } from './words.js';

/**
 * @returns {Promise<{ readonly nameOf: (code: string | null) => string, readonly options: readonly (readonly [string, string])[] }>}
 */
export async function loadBodies() {
  /** @type {Map<string, string>} */
  const names = new Map();
  try {
    const { panel } = /** @type {{ panel: import('../../../../schemas/cockpit.ts').PanelDocument }} */ (
      await get('/api/cockpit/panels/districts')
    );
    for (const row of panel.tables['body'] ?? [])
      if (row['org_code'] !== 'ALL') names.set(String(row['org_code']), shortName(String(row['org_name'])));
  } catch {
    // Lists are complete without names.
  }
  return {
    nameOf: (code) => (code === null ? '—' : code === 'ALL' ? '全市' : (names.get(code) ?? code)),
    options: [...names],
  };
}
