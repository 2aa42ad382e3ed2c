/** What panels draw from: the rows of one body and one month of one version. */

/** @typedef {import('../../../../schemas/cockpit.ts').AnyRow} AnyRow */
/**
 * @template {import('../../../../schemas/cockpit.ts').CockpitTable} T
 * @typedef {import('../../../../schemas/cockpit.ts').CockpitRow<T>} Row
 */
/** @typedef {{ readonly figure: string, readonly title: string, readonly month?: string | undefined, readonly body?: string | undefined, readonly value?: string | undefined, readonly unit?: string }} Drill */
/**
 * What a person chose; the same for all panels.
 * @typedef {{ body: string, isCurrent: boolean, mapFigure: string, tables: Set<string> }} Choice
 */

export const WHOLE = 'ALL';

/** The rows of one body and month, with what panels may ask of the page. */
export class View {
  /**
   * @param {import('./load.js').Cockpit} cockpit
   * @param {Choice} choice
   * @param {{ drill(wanted: Drill): void, choose(change: Partial<Choice>): void }} page
   */
  constructor(cockpit, choice, page) {
    this.cockpit = cockpit;
    this.choice = choice;
    this.page = page;
    const { current, complete } = cockpit.index.months;
    this.month = choice.isCurrent ? current : complete;
  }

  /** Whether the figures shown are of a month that goes on. */
  get isProvisional() {
    return this.choice.isCurrent;
  }

  /**
   * All rows of a table.
   * @template {import('../../../../schemas/cockpit.ts').CockpitTable} T
   * @param {string} panel
   * @param {T} table
   * @returns {readonly Row<T>[]}
   */
  all(panel, table) {
    const rows = this.cockpit.panels.get(panel)?.tables[table] ?? [];
    return /** @type {readonly Row<T>[]} */ (/** @type {unknown} */ (rows));
  }

  /**
   * The rows of the chosen body.
   * @template {import('../../../../schemas/cockpit.ts').CockpitTable} T
   * @param {string} panel
   * @param {T} table
   */
  own(panel, table) {
    return this.all(panel, table).filter((row) => row.org_code === this.choice.body);
  }

  /**
   * The rows of the chosen body and month.
   * @template {'key_figure' | 'sparkline' | 'dispute_type' | 'employer_group' | 'industry' | 'collective' | 'pre_application'} T
   * @param {string} panel
   * @param {T} table
   */
  ofMonth(panel, table) {
    return this.own(panel, table).filter((row) => row.month === this.month);
  }

  /** Bodies that have a row in the panels, in their order, without the whole. */
  get bodies() {
    return this.all('districts', 'body')
      .filter(({ org_code }) => org_code !== WHOLE)
      .toSorted((a, b) => a.position - b.position);
  }

  /** Whether the viewer sees the city: a district sees no row of the whole. */
  get hasWhole() {
    return this.all('districts', 'body').some(({ org_code }) => org_code === WHOLE);
  }

  /**
   * The figure's records, as a click on it asks for them.
   * @param {Drill} wanted
   */
  drill(wanted) {
    this.page.drill({ month: this.month, body: this.choice.body, ...wanted });
  }
}
